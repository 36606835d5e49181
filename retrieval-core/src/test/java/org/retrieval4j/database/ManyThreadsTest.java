package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.SearchOptions;

class ManyThreadsTest {
    @Test
    void searchWhileOneAddsRemovesFlushesAndCompacts(@TempDir Path folder) throws Exception {
        List<ImageSource> sources = Photos.write(folder.resolve("photos"), 8, 9);
        List<ImageSource> first = sources.subList(0, 18);
        ExecutorService threads = Executors.newFixedThreadPool(6);
        Store.Limits limits = new Store.Limits(0, 1, 1, 60_000);
        try (ImageDatabase database = ImageDatabase.create(
                folder.resolve("database"),
                TestComponents.options(),
                TestComponents.all(),
                BuildContext.defaults().withExecutor(threads),
                limits)) {
            IndexingOptions indexing =
                    IndexingOptions.defaults().withExecutor(threads).withWindow(4);
            database.addAll(first, Photos.reader(), indexing);
            Set<String> staying = new HashSet<>();
            first.forEach(source -> staying.add(source.name()));
            AtomicBoolean ended = new AtomicBoolean();
            AtomicInteger searches = new AtomicInteger();
            List<Future<?>> searchers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Extraction query = database.extract(Photos.view(i % 2, 4));
                String scene = i % 2 + "-";
                searchers.add(threads.submit(() -> {
                    while (!ended.get() || searches.get() < 8) {
                        Ranking ranking = database.search(query, SearchOptions.top(200), 9);
                        List<String> names = ranking.images().stream()
                                .map(image -> image.image().name())
                                .toList();
                        // what was there before and is not removed is always found, each once, the same scene first
                        assertThat(names).doesNotHaveDuplicates().containsAll(staying);
                        assertThat(names.subList(0, 9)).allMatch(name -> name.startsWith(scene));
                        long some = ranking.images().get(0).image().id();
                        assertThat(database.features(some)).isPresent();
                        searches.incrementAndGet();
                    }
                    return null;
                }));
            }
            for (int from = 18; from < sources.size(); from += 18) {
                List<ImageSource> part = sources.subList(from, from + 18);
                database.addAll(part, Photos.reader(), indexing);
                database.removeAll(
                        part.subList(0, 6).stream().map(ImageSource::name).toList());
                database.compact();
            }
            ended.set(true);
            for (Future<?> searcher : searchers) {
                searcher.get();
            }
            assertThat(database.size()).isEqualTo(72 - 18);
            assertThat(searches.get()).isGreaterThanOrEqualTo(8);
        } finally {
            threads.shutdownNow();
        }
    }
}
