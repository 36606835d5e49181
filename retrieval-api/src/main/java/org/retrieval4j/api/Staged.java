package org.retrieval4j.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A component followed by stages: what a spec with {@code |} makes. */
abstract class Staged<C extends Component, S extends Component> implements Component {
    final C base;
    final List<S> stages;
    private final ComponentSpec spec;
    private final ComponentState state;
    private final Fingerprint fingerprint;

    private Staged(C base, List<S> stages) {
        this.base = base;
        this.stages = List.copyOf(stages);
        List<ComponentSpec.Part> parts = new ArrayList<>(base.spec().parts());
        ComponentState all = ComponentState.EMPTY.with(prefix(0), base.state());
        Fingerprint.Builder identity =
                Fingerprint.builder().add(base.fingerprint().hex());
        for (int i = 0; i < stages.size(); i++) {
            parts.addAll(stages.get(i).spec().parts());
            all = all.with(prefix(i + 1), stages.get(i).state());
            identity.add(stages.get(i).fingerprint().hex());
        }
        this.spec = new ComponentSpec(parts);
        this.state = all;
        this.fingerprint = identity.build();
    }

    /** Prefix of a part's names in the state of the whole. */
    static String prefix(int part) {
        return part + "/";
    }

    private static List<GlobalDescriptor> transformed(List<GlobalDescriptor> descriptors, List<Transform> stages) {
        List<GlobalDescriptor> current = descriptors;
        for (Transform stage : stages) {
            current = stage.applyAll(current);
        }
        return current;
    }

    @Override
    public ComponentSpec spec() {
        return spec;
    }

    @Override
    public ComponentState state() {
        return state;
    }

    @Override
    public Fingerprint fingerprint() {
        return fingerprint;
    }

    @Override
    public void close() {
        base.close();
        stages.forEach(Component::close);
    }

    static final class OfAggregator extends Staged<Aggregator, Transform> implements Aggregator {
        OfAggregator(Aggregator base, List<Transform> stages) {
            super(base, stages);
        }

        @Override
        public List<GlobalDescriptor> aggregateAll(List<ImageFeatures> images) {
            return transformed(base.aggregateAll(images), stages);
        }

        @Override
        public List<GlobalDescriptor> aggregateQueries(List<ImageFeatures> images) {
            return transformed(base.aggregateQueries(images), stages);
        }
    }

    static final class OfExtractor extends Staged<Extractor, Transform> implements Extractor {
        OfExtractor(Extractor base, List<Transform> stages) {
            super(base, stages);
            if (!base.outputs().contains(Extraction.GLOBAL)) {
                throw new IllegalArgumentException(base.spec()
                        + " gives no global vector that a stage could transform; its outputs: " + base.outputs());
            }
        }

        @Override
        public Set<String> outputs() {
            return base.outputs();
        }

        @Override
        public List<Extraction> extractAll(List<Image> images) {
            List<Extraction> extractions = base.extractAll(images);
            List<GlobalDescriptor> globals = new ArrayList<>();
            for (Extraction extraction : extractions) {
                globals.add(extraction.global().orElseThrow());
            }
            List<GlobalDescriptor> changed = transformed(globals, stages);
            List<Extraction> all = new ArrayList<>();
            for (int i = 0; i < changed.size(); i++) {
                all.add(new Extraction(extractions.get(i).features(), Optional.of(changed.get(i))));
            }
            return all;
        }
    }

    static final class OfReranker extends Staged<Reranker, Reranker> implements Reranker {
        OfReranker(Reranker base, List<Reranker> stages) {
            super(base, stages);
        }

        @Override
        public Gallery over(Gallery below) throws IOException {
            Gallery gallery = base.over(below);
            for (Reranker stage : stages) {
                gallery = stage.over(gallery);
            }
            return gallery;
        }
    }
}
