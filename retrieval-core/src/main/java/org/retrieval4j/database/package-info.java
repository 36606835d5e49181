/**
 * A folder of photographs as a database that is searched.
 *
 * <p>Start at {@link org.retrieval4j.database.ImageDatabase}: {@code create} or {@code open} a directory, {@code addAll}
 * picture files, {@code extract} a query once, {@code search} with it. {@link
 * org.retrieval4j.database.DatabaseOptions} names the two pipelines by their specs: the retrieval pipeline (extractor,
 * aggregator, index) that ranks, and the verification pipeline (local features, matcher, verifier) that checks the
 * first of the ranked list by geometry.
 */
@NullMarked
package org.retrieval4j.database;

import org.jspecify.annotations.NullMarked;
