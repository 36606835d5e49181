package org.retrieval4j.aggregation;

import java.util.ArrayList;
import java.util.List;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;

/** What the NetVLAD family shares: descriptors are assigned and summed together, then each picture is finished by itself. */
abstract class SoftAggregator extends DescriptorAggregator<SoftAssignment.Scratch> implements AssignableAggregator {
    private final SoftAssignment assignment;

    SoftAggregator(ComponentSpec spec, ComponentState state, SoftAssignment assignment) {
        super(spec, state, assignment.width());
        this.assignment = assignment;
    }

    /**
     * Makes the vector of one picture.
     *
     * @param sums from {@code at} the clusters' sums, and behind them those of squares; may be overwritten
     * @param at where they start
     * @param masses from {@code massesAt} the clusters' masses
     * @param massesAt where they start
     * @return the vector
     */
    abstract float[] finish(double[] sums, int at, double[] masses, int massesAt);

    @Override
    final SoftAssignment.Scratch scratch() {
        return new SoftAssignment.Scratch();
    }

    @Override
    final GlobalDescriptor encode(ImageFeatures image, SoftAssignment.Scratch scratch) {
        return encodeAll(List.of(image), scratch).get(0);
    }

    @Override
    final int rowsAtOnce() {
        return assignment.rowsAtOnce();
    }

    @Override
    final List<GlobalDescriptor> encodeAll(List<ImageFeatures> images, SoftAssignment.Scratch s) {
        assignment.sum(descriptors(images), s);
        List<GlobalDescriptor> results = new ArrayList<>(images.size());
        for (int i = 0; i < images.size(); i++) {
            results.add(
                    new GlobalDescriptor.Dense(finish(s.sums, assignment.sumsAt(i), s.masses, assignment.massesAt(i))));
        }
        return results;
    }

    @Override
    public final int clusters() {
        return assignment.clusters();
    }

    @Override
    public final GlobalDescriptor aggregate(FloatMatrix descriptors, int[] assignments) {
        Assignments.check(descriptors, width(), assignments, clusters());
        float[] weights = new float[Math.multiplyExact(assignments.length, clusters())];
        for (int i = 0; i < assignments.length; i++) {
            weights[i * clusters() + assignments[i]] = 1;
        }
        return aggregate(descriptors, FloatMatrix.of(assignments.length, clusters(), weights));
    }

    @Override
    public final GlobalDescriptor aggregate(FloatMatrix descriptors, FloatMatrix weights) {
        Assignments.check(descriptors, width(), weights, clusters());
        SoftAssignment.Scratch s = scratch();
        assignment.sum(descriptors, weights, s);
        return new GlobalDescriptor.Dense(finish(s.sums, 0, s.masses, 0));
    }

    @Override
    final void release() {
        assignment.close();
    }
}
