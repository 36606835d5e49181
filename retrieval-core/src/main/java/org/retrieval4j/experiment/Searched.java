package org.retrieval4j.experiment;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Component;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FeatureSource;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.index.IndexMemory;
import org.retrieval4j.rerank.FusedGallery;
import org.retrieval4j.rerank.Fusion;
import org.retrieval4j.rerank.IndexGallery;
import org.retrieval4j.rerank.Proofs;
import org.retrieval4j.rerank.SpatialVerification;

/** Indexes and stages of one combination, open while it is searched. */
final class Searched implements AutoCloseable {
    private final Components components;
    private final BuildContext context;
    private final Deque<Component> opened = new ArrayDeque<>();
    private final List<Index> indexes = new ArrayList<>();
    private final Optional<KnownProofs> known;

    /** Where proofs of a matcher and a verifier are. */
    interface KnownProofs {
        Proofs of(SpatialVerification.Options verification) throws IOException;
    }

    Searched(Components components, BuildContext context, Optional<KnownProofs> known) {
        this.components = components;
        this.context = context;
        this.known = known;
    }

    /** An index of the images, whose ids are their rows in the first member. */
    Gallery index(Described described, Described first, ComponentSpec spec) {
        Map<String, Integer> rows = first.rows();
        int n = described.images.size();
        long[] ids = new long[n];
        int[] rowOf = new int[n];
        for (int i = 0; i < n; i++) {
            String name = described.images.get(i).name();
            Integer row = rows.get(name);
            if (row == null || n != rows.size()) {
                throw new IllegalArgumentException("\"" + name + "\" or another picture could be read for one of the"
                        + " combinations only, so that their lists cannot be fused");
            }
            ids[i] = row;
            rowOf[row] = i;
        }
        Index index = components.create(Index.class, spec, context.withDescriptors(described.descriptors));
        opened.push(index);
        indexes.add(index);
        index.putAll(ids, described.descriptors);
        return new IndexGallery(index, new FeatureSource() {
            @Override
            public Optional<ImageFeatures> features(long imageId) throws IOException {
                return described.database.features(
                        described.images.get(rowOf[(int) imageId]).id());
            }

            @Override
            public Optional<GlobalDescriptor> descriptor(long imageId) {
                return Optional.of(described.descriptors.get(rowOf[(int) imageId]));
            }
        });
    }

    /** Stages behind a gallery. */
    Gallery behind(Gallery gallery, Optional<ComponentSpec> stages) throws IOException {
        if (stages.isEmpty()) {
            return gallery;
        }
        Gallery behind = gallery;
        for (ComponentSpec.Part part : stages.get().parts()) {
            Reranker stage = components.create(Reranker.class, new ComponentSpec(List.of(part)), context);
            opened.push(stage);
            if (stage instanceof SpatialVerification verification && known.isPresent()) {
                stage = verification.knowing(known.get().of(verification.options()));
            }
            behind = stage.over(behind);
        }
        return behind;
    }

    /** Galleries as one. */
    Gallery fused(List<Gallery> galleries, Grid.Fused fused) throws IOException {
        Fusion fusion = components.create(Fusion.class, fused.by(), context);
        opened.push(fusion);
        List<FusedGallery.Member> members = new ArrayList<>();
        for (int i = 0; i < galleries.size(); i++) {
            members.add(new FusedGallery.Member(
                    "combination " + (i + 1), galleries.get(i), fused.weights().get(i)));
        }
        return new FusedGallery(members, fusion);
    }

    /** Memory of all indexes. */
    long bytes() {
        return indexes.stream().mapToLong(IndexMemory::used).sum();
    }

    @Override
    public void close() {
        opened.forEach(Component::close);
    }
}
