/** Reconstructions of openMVG, OpenSfM and kapture, read as models of COLMAP. */
@NullMarked
package org.retrieval4j.localization.reconstruction;

import org.jspecify.annotations.NullMarked;
