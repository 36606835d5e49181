/**
 * Maps of points that local features observe ({@link org.retrieval4j.localization.map.PointMap}): made of pictures with known
 * poses ({@link org.retrieval4j.localization.map.MapBuilder}) or of a model of COLMAP ({@link
 * org.retrieval4j.localization.map.ColmapMap}), extended ({@link org.retrieval4j.localization.map.MapExtension}), and refined
 * ({@link org.retrieval4j.localization.map.BundleAdjustment}).
 */
@NullMarked
package org.retrieval4j.localization.map;

import org.jspecify.annotations.NullMarked;
