package org.retrieval4j.database;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.Gallery;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;

/**
 * Databases of the same pictures, each by a pipeline of its own, joined by the names of the images: what late fusion
 * searches in. They must hold the same names.
 */
public final class JoinedDatabases {
    private JoinedDatabases() {}

    /**
     * The images of each database under the ids that they have in the first.
     *
     * @param databases at least one, by what they are called in messages, in order; they stay the caller's to close
     * @return one gallery a database, in order, of the images that it has now
     * @throws IOException if a database cannot be read
     * @throws IllegalArgumentException if an image is in one database and not in another
     */
    public static List<Gallery> galleries(Map<String, ImageDatabase> databases) throws IOException {
        List<Gallery> galleries = new ArrayList<>();
        String firstName = "";
        Map<String, Long> first = new HashMap<>();
        for (Map.Entry<String, ImageDatabase> entry : databases.entrySet()) {
            Gallery own = entry.getValue().gallery();
            Map<String, Long> named = named(entry.getValue(), own);
            if (galleries.isEmpty()) {
                firstName = entry.getKey();
                first = named;
                galleries.add(own);
                continue;
            }
            requireIn(first, firstName, named, entry.getKey());
            requireIn(named, entry.getKey(), first, firstName);
            Map<Long, Long> shared = new HashMap<>();
            Map<Long, Long> back = new HashMap<>();
            for (Map.Entry<String, Long> image : named.entrySet()) {
                long id = first.getOrDefault(image.getKey(), -1L);
                shared.put(image.getValue(), id);
                back.put(id, image.getValue());
            }
            galleries.add(new Renamed(own, shared, back));
        }
        return galleries;
    }

    private static Map<String, Long> named(ImageDatabase database, Gallery gallery) throws IOException {
        Map<String, Long> named = new HashMap<>();
        for (long id : gallery.ids()) {
            database.image(id).ifPresent(image -> named.put(image.name(), id));
        }
        return named;
    }

    private static void requireIn(Map<String, Long> images, String in, Map<String, Long> others, String notIn) {
        List<String> missing = images.keySet().stream()
                .filter(name -> !others.containsKey(name))
                .sorted()
                .toList();
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("\"" + missing.get(0) + "\""
                    + (missing.size() == 1 ? " is" : " and " + (missing.size() - 1) + " more images are") + " in " + in
                    + " and not in " + notIn + "; databases of the same pictures are fused");
        }
    }

    /** A gallery whose images have other ids. */
    private static final class Renamed implements Gallery {
        private final Gallery own;
        private final Map<Long, Long> shared;
        private final Map<Long, Long> back;

        Renamed(Gallery own, Map<Long, Long> shared, Map<Long, Long> back) {
            this.own = own;
            this.shared = shared;
            this.back = back;
        }

        @Override
        public long[] ids() {
            long[] ids = shared.values().stream().mapToLong(Long::longValue).toArray();
            Arrays.sort(ids);
            return ids;
        }

        @Override
        public List<SearchResult> searchAll(List<Extraction> queries, SearchOptions options) throws IOException {
            // images that came since have no id here
            SearchOptions renamed = options.withFilter(id -> {
                Long other = shared.get(id);
                return other != null && options.accept().test(other);
            });
            List<SearchResult> results = new ArrayList<>();
            for (SearchResult found : own.searchAll(queries, renamed)) {
                results.add(new SearchResult(found.hits().stream()
                        .map(hit -> new Hit(shared.getOrDefault(hit.imageId(), -1L), hit.score()))
                        .toList()));
            }
            return results;
        }

        @Override
        public Optional<ImageFeatures> features(long imageId) throws IOException {
            Long id = back.get(imageId);
            return id == null ? Optional.empty() : own.features(id);
        }

        @Override
        public Optional<GlobalDescriptor> descriptor(long imageId) throws IOException {
            Long id = back.get(imageId);
            return id == null ? Optional.empty() : own.descriptor(id);
        }
    }
}
