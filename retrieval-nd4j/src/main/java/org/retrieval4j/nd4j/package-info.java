/**
 * What ND4J's native libraries compute. {@link org.retrieval4j.nd4j.BlasKernels} are kernels on its OpenBLAS, which also
 * brings LAPACK; {@link org.retrieval4j.nd4j.ArrayKernels} take batches of pictures as ND4J's arrays. {@link
 * org.retrieval4j.nd4j.NativeBlas} and {@link org.retrieval4j.nd4j.NativeArrays} are the only classes that touch pointers and make
 * arrays. {@link org.retrieval4j.nd4j.ArrayBackend}
 * and {@link org.retrieval4j.nd4j.Gpu} tell whether ND4J's arrays can be used here, before ND4J is touched.
 */
@NullMarked
package org.retrieval4j.nd4j;

import org.jspecify.annotations.NullMarked;
