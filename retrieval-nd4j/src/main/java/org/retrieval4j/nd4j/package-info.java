/**
 * What ND4J's native libraries compute. {@link org.retrieval4j.nd4j.BlasKernels} are kernels on its OpenBLAS;
 * {@link org.retrieval4j.nd4j.NativeBlas} is the only class that touches pointers. {@link org.retrieval4j.nd4j.ArrayBackend}
 * and {@link org.retrieval4j.nd4j.Gpu} tell whether ND4J's arrays can be used here, before ND4J is touched.
 */
@NullMarked
package org.retrieval4j.nd4j;

import org.jspecify.annotations.NullMarked;
