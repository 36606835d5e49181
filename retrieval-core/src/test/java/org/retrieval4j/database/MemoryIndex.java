package org.retrieval4j.database;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.GlobalDescriptor;
import org.retrieval4j.api.Hit;
import org.retrieval4j.api.Index;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.api.SearchResult;
import org.retrieval4j.spi.ComponentProvider;

/** An index that forgets everything when it is closed: a database must fill it again. */
public final class MemoryIndex implements Index {
    private final ComponentSpec spec;
    private final Map<Long, GlobalDescriptor> content = new ConcurrentSkipListMap<>();

    private MemoryIndex(ComponentSpec spec) {
        this.spec = spec;
    }

    /** Provides {@code memory}. */
    public static final class Provider extends ComponentProvider<Index, TestComponents.NoOptions> {
        /** For tests. */
        public Provider() {
            super(Index.class, "memory", new TestComponents.NoOptions());
        }

        @Override
        public Index create(TestComponents.NoOptions options, BuildContext context) {
            return new MemoryIndex(specOf(options));
        }
    }

    @Override
    public ComponentSpec spec() {
        return spec;
    }

    @Override
    public boolean accepts(Class<? extends GlobalDescriptor> kind) {
        return kind == GlobalDescriptor.Dense.class;
    }

    @Override
    public long size() {
        return content.size();
    }

    @Override
    public long[] ids() {
        return content.keySet().stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public void putAll(long[] ids, List<? extends GlobalDescriptor> descriptors) {
        for (int i = 0; i < ids.length; i++) {
            content.put(ids[i], descriptors.get(i));
        }
    }

    @Override
    public int removeAll(long[] ids) {
        int removed = 0;
        for (long id : ids) {
            removed += content.remove(id) == null ? 0 : 1;
        }
        return removed;
    }

    @Override
    public List<SearchResult> searchAll(List<? extends GlobalDescriptor> queries, SearchOptions options) {
        List<SearchResult> results = new ArrayList<>();
        for (GlobalDescriptor query : queries) {
            List<Hit> hits = new ArrayList<>();
            content.forEach((id, descriptor) -> {
                if (options.accept().test(id)) {
                    hits.add(new Hit(id, score(query, descriptor)));
                }
            });
            hits.sort(Comparator.comparingDouble(Hit::score).reversed().thenComparingLong(Hit::imageId));
            results.add(new SearchResult(hits.subList(0, Math.min(options.k(), hits.size()))));
        }
        return results;
    }

    private static float score(GlobalDescriptor a, GlobalDescriptor b) {
        float[] x = ((GlobalDescriptor.Dense) a).values();
        float[] y = ((GlobalDescriptor.Dense) b).values();
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (x[i] - y[i]) * (double) (x[i] - y[i]);
        }
        return (float) -sum;
    }

    @Override
    public void flush() {}

    @Override
    public void compact() {}
}
