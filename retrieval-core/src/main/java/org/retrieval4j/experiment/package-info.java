/**
 * Grids of pipelines over data sets: each stage is computed once and kept under the fingerprint of its inputs, and the
 * result is quality beside cost. Start at {@link org.retrieval4j.experiment.ExperimentRunner}.
 */
@NullMarked
package org.retrieval4j.experiment;

import org.jspecify.annotations.NullMarked;
