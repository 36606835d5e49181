/**
 * What ND4J's native libraries compute. {@link org.retrieval4j.nd4j.BlasKernels} are kernels on its OpenBLAS;
 * {@link org.retrieval4j.nd4j.NativeBlas} is the only class that touches pointers.
 */
@NullMarked
package org.retrieval4j.nd4j;

import org.jspecify.annotations.NullMarked;
