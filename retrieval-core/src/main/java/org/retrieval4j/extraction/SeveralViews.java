package org.retrieval4j.extraction;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.retrieval4j.api.Aggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.ComponentState;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Extractor;
import org.retrieval4j.api.Fingerprint;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;

/** What multi-scale and multi-crop share: another extractor sees several views of a picture, and one extraction is made. */
abstract class SeveralViews implements Extractor {
    private static final String EXTRACTOR = "extractor/";
    private static final String AGGREGATOR = "aggregator/";

    private final Parts parts;
    private final ComponentSpec spec;
    private final ComponentState state;
    private final Fingerprint fingerprint;
    private final Set<String> outputs;
    private final UnitedFeatures features;
    private final UnitedVectors vectors;

    /** The components that look at each view. */
    record Parts(Extractor extractor, Optional<Aggregator> aggregator) {
        /** Makes them. */
        static Parts create(
                ComponentSpec extractor, Optional<ComponentSpec> aggregator, BuildContext context, Components from) {
            Extractor made = from.create(Extractor.class, extractor, context);
            try {
                return checked(made, aggregator.map(spec -> from.create(Aggregator.class, spec, context)));
            } catch (RuntimeException | Error e) {
                made.close();
                throw e;
            }
        }

        /** Opens them again. */
        static Parts open(
                ComponentSpec extractor,
                Optional<ComponentSpec> aggregator,
                ComponentState state,
                BuildContext context,
                Components from)
                throws IOException {
            Extractor opened = from.open(Extractor.class, extractor, state.part(EXTRACTOR), context);
            try {
                Optional<Aggregator> other = aggregator.isEmpty()
                        ? Optional.empty()
                        : Optional.of(from.open(Aggregator.class, aggregator.get(), state.part(AGGREGATOR), context));
                return checked(opened, other);
            } catch (IOException | RuntimeException | Error e) {
                opened.close();
                throw e;
            }
        }

        private static Parts checked(Extractor extractor, Optional<Aggregator> aggregator) {
            Set<String> outputs = extractor.outputs();
            if (aggregator.isPresent() && !outputs.contains(Extraction.MAP) && !outputs.contains(Extraction.LOCAL)) {
                aggregator.get().close();
                throw new IllegalArgumentException("the extractor " + extractor.spec()
                        + " gives nothing that an aggregator takes; its outputs: " + outputs);
            }
            return new Parts(extractor, aggregator);
        }

        ComponentSpec extractorSpec() {
            return extractor.spec();
        }

        Optional<ComponentSpec> aggregatorSpec() {
            return aggregator.map(Aggregator::spec);
        }
    }

    SeveralViews(ComponentSpec spec, Parts parts, Combine combine, double power, Optional<Integer> maxKeypoints) {
        this.parts = parts;
        this.spec = spec;
        ComponentState all = ComponentState.EMPTY.with(EXTRACTOR, parts.extractor.state());
        Fingerprint.Builder identity = Fingerprint.builder()
                .add(spec.toString())
                .add(parts.extractor.fingerprint().hex());
        Set<String> names = new TreeSet<>(parts.extractor.outputs());
        if (parts.aggregator.isPresent()) {
            all = all.with(AGGREGATOR, parts.aggregator.get().state());
            identity.add(parts.aggregator.get().fingerprint().hex());
            names.add(Extraction.GLOBAL);
            names.remove(Extraction.MAP); // it is aggregated already
        }
        this.state = all;
        this.fingerprint = identity.build();
        this.outputs = java.util.Collections.unmodifiableSet(names);
        this.features = new UnitedFeatures(maxKeypoints, this::counts);
        this.vectors = new UnitedVectors(spec.first().name(), combine, power);
    }

    /** What is looked at in a picture of this upright size; at least one view. */
    abstract List<View> views(int width, int height);

    /** Tells whether what a view shows at a place of the upright picture counts; where views overlap, not all need. */
    boolean counts(List<View> views, View view, double x, double y) {
        return true;
    }

    @Override
    public final Set<String> outputs() {
        return outputs;
    }

    /** What one view gave. */
    private record Seen(View view, Extraction extraction) {}

    @Override
    public final List<Extraction> extractAll(List<Image> images) {
        List<Image> uprights = new ArrayList<>();
        List<List<View>> views = new ArrayList<>();
        List<List<Seen>> seen = new ArrayList<>();
        int most = 0;
        for (Image image : images) {
            Image upright = requireNonNull(image, "image").upright();
            uprights.add(upright);
            views.add(views(upright.width(), upright.height()));
            seen.add(new ArrayList<>());
            most = Math.max(most, views.get(views.size() - 1).size());
        }
        // the same view of all pictures together: a network takes pictures of one size as a batch
        for (int number = 0; number < most; number++) {
            List<Image> batch = new ArrayList<>();
            List<Integer> of = new ArrayList<>();
            for (int i = 0; i < images.size(); i++) {
                if (number < views.get(i).size()) {
                    View view = views.get(i).get(number);
                    Image upright = uprights.get(i);
                    // a picture that is seen as it is keeps its orientation: plain extraction to the last bit
                    batch.add(view.isWhole(upright.width(), upright.height()) ? images.get(i) : view.of(upright));
                    of.add(i);
                }
            }
            List<Extraction> extractions = described(parts.extractor.extractAll(batch));
            for (int j = 0; j < of.size(); j++) {
                seen.get(of.get(j)).add(new Seen(views.get(of.get(j)).get(number), extractions.get(j)));
            }
        }
        List<Extraction> united = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            united.add(united(images.get(i), seen.get(i)));
        }
        return united;
    }

    /** With the aggregator's vectors in the place of the extractor's, if there is one. */
    private List<Extraction> described(List<Extraction> extractions) {
        if (parts.aggregator.isEmpty()) {
            return extractions;
        }
        List<ImageFeatures> toAggregate = extractions.stream()
                .map(extraction -> extraction.toAggregate().orElseThrow())
                .toList();
        List<GlobalDescriptor> made = parts.aggregator.get().aggregateAll(toAggregate);
        List<Extraction> all = new ArrayList<>();
        for (int i = 0; i < made.size(); i++) {
            Map<String, ImageFeatures> others =
                    new LinkedHashMap<>(extractions.get(i).features());
            others.remove(Extraction.MAP);
            all.add(new Extraction(others, Optional.of(made.get(i))));
        }
        return all;
    }

    private Extraction united(Image image, List<Seen> seen) {
        List<View> views = seen.stream().map(Seen::view).toList();
        Map<String, ImageFeatures> all = new LinkedHashMap<>();
        for (String name : seen.get(0).extraction.features().keySet()) {
            List<ImageFeatures> sets = seen.stream()
                    .map(one -> requireNonNull(one.extraction.features().get(name), name))
                    .toList();
            all.put(name, features.of(image, views, sets, name.equals(Extraction.LOCAL)));
        }
        if (!outputs.contains(Extraction.GLOBAL)) {
            return new Extraction(all, Optional.empty());
        }
        List<GlobalDescriptor> globals =
                seen.stream().map(one -> one.extraction.global().orElseThrow()).toList();
        return new Extraction(all, Optional.of(vectors.of(globals)));
    }

    @Override
    public final ComponentSpec spec() {
        return spec;
    }

    @Override
    public final ComponentState state() {
        return state;
    }

    @Override
    public final Fingerprint fingerprint() {
        return fingerprint;
    }

    @Override
    public final void close() {
        parts.extractor.close();
        parts.aggregator.ifPresent(Aggregator::close);
    }
}
