/**
 * How cameras project: COLMAP's models behind one {@link org.retrieval4j.localization.camera.Camera}. Focal lengths and
 * principal point are the same for all; what a model adds is a lens.
 */
@NullMarked
package org.retrieval4j.localization.camera;

import org.jspecify.annotations.NullMarked;
