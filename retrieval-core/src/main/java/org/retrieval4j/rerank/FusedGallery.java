package org.retrieval4j.rerank;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/**
 * Galleries of the same images by different descriptors, searched as one: late fusion. What stands on a gallery stands on
 * this one, too: verification sees the local features of the first member, and stages that compare vectors compare those
 * of all members, each of length 1, behind each other, if all are dense. Re-ranking of one descriptor's own list goes
 * before: a member may be a gallery with stages behind it.
 *
 * <pre>{@code
 * Gallery fused = new FusedGallery(
 *         List.of(new FusedGallery.Member("vlad", a, 1), new FusedGallery.Member("network", b, 1)), fusion);
 * fused.searchAll(List.of(FusedGallery.query(List.of(ofA, ofB))), SearchOptions.top(10));
 * }</pre>
 *
 * <p>A query costs a search in each member, of at least {@link Fusion#first} images. Thread-safe.
 */
public final class FusedGallery implements Gallery {
    private final List<Member> members;
    private final Fusion fusion;
    private final double[] weights;

    /**
     * A gallery.
     *
     * @param members at least one
     * @param fusion makes one list of theirs
     * @throws IOException if a gallery cannot be read
     * @throws IllegalArgumentException if the members have different images
     */
    public FusedGallery(List<Member> members, Fusion fusion) throws IOException {
        this.members = List.copyOf(members);
        this.fusion = requireNonNull(fusion, "fusion");
        this.weights = members.stream().mapToDouble(Member::weight).toArray();
        if (members.isEmpty()) {
            throw new IllegalArgumentException("there must be at least 1 gallery, got 0");
        }
        long[] first = this.members.get(0).gallery.ids();
        for (Member other : this.members) {
            long[] ids = other.gallery.ids();
            int different = Arrays.mismatch(first, ids);
            if (different >= 0) {
                boolean missing =
                        different == ids.length || different < first.length && first[different] < ids[different];
                throw new IllegalArgumentException("image " + (missing ? first[different] : ids[different]) + " is "
                        + (missing ? "not " : "") + "in \"" + other.name + "\" and " + (missing ? "" : "not ") + "in \""
                        + this.members.get(0).name + "\"; galleries of the same images are fused");
            }
        }
    }

    /**
     * A gallery that takes part.
     *
     * @param name of its descriptor, for people
     * @param gallery the images by it
     * @param weight of its list, above 0 and finite; what it does is the fusion's to say
     */
    public record Member(String name, Gallery gallery, double weight) {
        /** Checks the range. */
        public Member {
            requireNonNull(name, "name");
            requireNonNull(gallery, "gallery");
            if (!(weight > 0 && Double.isFinite(weight))) {
                throw new IllegalArgumentException("weight must be above 0 and finite, got " + weight);
            }
        }
    }

    /**
     * A query of what the members' pipelines gave.
     *
     * @param extractions one a member, in their order
     * @return local features of the first, which stages of all members see, and global descriptors of all; none if one has
     *     none
     */
    public static Extraction query(List<Extraction> extractions) {
        boolean whole =
                extractions.stream().allMatch(extraction -> extraction.global().isPresent());
        return new Extraction(
                extractions.get(0).features(),
                whole ? Optional.of(new GlobalDescriptor.Several(Gallery.descriptors(extractions))) : Optional.empty());
    }

    /**
     * The fusion.
     *
     * @return what was given
     */
    public Fusion fusion() {
        return fusion;
    }

    /**
     * Names of the members.
     *
     * @return in order
     */
    public List<String> names() {
        return members.stream().map(Member::name).toList();
    }

    /**
     * One member, for queries of this gallery: what each descriptor alone finds.
     *
     * @param number of the member, from 0
     * @return its gallery, which takes its part of a query
     */
    public Gallery member(int number) {
        return new GalleryStage(members.get(number).gallery) {
            @Override
            public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions options) throws IOException {
                return below.searchAll(parts(queries, number), options);
            }
        };
    }

    private List<Extraction> parts(List<Extraction> queries, int number) {
        List<Extraction> parts = new ArrayList<>();
        for (GlobalDescriptor descriptor : Gallery.descriptors(queries)) {
            if (!(descriptor instanceof GlobalDescriptor.Several several)
                    || several.parts().size() != members.size()) {
                throw new IllegalArgumentException("a query of fused galleries must have the descriptors of "
                        + members.size() + " pipelines, got " + descriptor);
            }
            parts.add(new Extraction(
                    queries.get(parts.size()).features(),
                    Optional.of(several.parts().get(number))));
        }
        return parts;
    }

    @Override
    public long[] ids() throws IOException {
        return members.get(0).gallery.ids();
    }

    @Override
    public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions options) throws IOException {
        int depth = Math.max(options.k(), fusion.first());
        SearchOptions wider = new SearchOptions(depth, Math.max(depth, options.candidates()), options.accept());
        List<List<SearchResult>> lists = new ArrayList<>();
        queries.forEach(query -> lists.add(new ArrayList<>()));
        for (int i = 0; i < members.size(); i++) {
            List<SearchResult> found = members.get(i).gallery.searchAll(parts(queries, i), wider);
            for (int q = 0; q < found.size(); q++) {
                lists.get(q).add(found.get(q));
            }
        }
        List<SearchResult> fused = new ArrayList<>();
        for (List<SearchResult> list : lists) {
            // so that more hits asked for do not change the first
            List<Hit> counted = fusion.fuse(list.stream().map(this::counted).toList(), weights)
                    .hits();
            List<Hit> all = counted.size() >= options.k()
                    ? counted
                    : fusion.fuse(list, weights).hits();
            fused.add(Reordered.reaching(Reordered.of(counted, all, options), options));
        }
        return fused;
    }

    private SearchResult counted(SearchResult list) {
        return new SearchResult(
                list.hits().subList(0, Math.min(fusion.first(), list.hits().size())));
    }

    /** The local features that the first member has. */
    @Override
    public Optional<ImageFeatures> features(long imageId) throws IOException {
        return members.get(0).gallery.features(imageId);
    }

    /** The descriptors of all members. */
    @Override
    public Optional<GlobalDescriptor> descriptor(long imageId) throws IOException {
        List<GlobalDescriptor> parts = new ArrayList<>();
        for (Member member : members) {
            Optional<GlobalDescriptor> part = member.gallery.descriptor(imageId);
            if (part.isEmpty()) {
                return Optional.empty();
            }
            parts.add(part.get());
        }
        return Optional.of(new GlobalDescriptor.Several(parts));
    }
}
