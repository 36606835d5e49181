/**
 * How fast the hot parts are, by JMH: {@link org.retrieval4j.bench.ProductsBenchmark} and
 * {@link org.retrieval4j.bench.AssignBenchmark} for the kernels, then what is made of them: aggregation, matching,
 * verification, indexing. Quality is measured elsewhere. Peers in other languages run beside them in
 * {@code retrieval-bench/peers}.
 */
@NullMarked
package org.retrieval4j.bench;

import org.jspecify.annotations.NullMarked;
