/**
 * The hot loops that every algorithm shares, behind one seam. An algorithm is written once over {@link
 * org.retrieval4j.kernel.Kernels}; scalar kernels are always there, others are found by ServiceLoader.
 */
@NullMarked
package org.retrieval4j.kernel;

import org.jspecify.annotations.NullMarked;
