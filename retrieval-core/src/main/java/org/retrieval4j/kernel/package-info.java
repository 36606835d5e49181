/**
 * The hot loops that every algorithm shares, behind one seam. An algorithm is written once over
 * {@link org.retrieval4j.kernel.Kernels} and gets them by {@code KernelCatalog.of(context)};
 * {@link org.retrieval4j.kernel.ScalarKernels} are always there, others are found by ServiceLoader. Which kernels
 * compute changes speed and the last bits of a product, never an id.
 */
@NullMarked
package org.retrieval4j.kernel;

import org.jspecify.annotations.NullMarked;
