package org.retrieval4j.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.retrieval4j.aggregation.AsmkAggregator;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Extraction;
import org.retrieval4j.api.GlobalDescriptor.Words;
import org.retrieval4j.api.SearchOptions;
import org.retrieval4j.index.AsmkIndex;

/** Visual words the whole way: learned, logged, indexed, searched for and opened again. */
class WordsDatabaseTest {
    private static final Components COMPONENTS = Components.of(List.of(
            new TestComponents.CellsProvider(),
            new TestComponents.NearestProvider(),
            new TestComponents.ShiftProvider(),
            new AsmkAggregator.Provider(),
            new AsmkIndex.Provider()));

    @Test
    void queriesCountToMoreWordsThanStoredImages(@TempDir Path folder) throws IOException {
        List<ImageSource> sources = Photos.write(folder.resolve("photos"), 4, 2);
        DatabaseOptions options = TestComponents.options()
                .withAggregator(Optional.of(ComponentSpec.parse("asmk(words=400,query-assignments=4)")))
                .withIndex(ComponentSpec.parse("asmk(idf=true)"));
        Path directory = folder.resolve("database");
        List<RankedImage> ranking;
        try (ImageDatabase database = ImageDatabase.create(directory, options, COMPONENTS, BuildContext.defaults())) {
            database.addAll(sources, Photos.reader(), IndexingOptions.defaults());
            Extraction query = database.extract(Photos.view(1, 1));
            ranking = database.search(query, SearchOptions.top(8), 0).images();
            assertThat(ranking).hasSize(8);
            Words asked = (Words) query.global().orElseThrow();
            long best = ranking.get(0).image().id();
            Words stored = (Words) database.descriptor(best).orElseThrow();
            assertThat(ranking.get(0).image().name()).contains("1-1");
            assertThat(asked.words()).contains(stored.words()).hasSizeGreaterThan(stored.words().length);
        }
        try (ImageDatabase database = ImageDatabase.openForReading(directory, COMPONENTS, BuildContext.defaults())) {
            Extraction query = database.extract(Photos.view(1, 1));
            assertThat(database.search(query, SearchOptions.top(8), 0).images()).isEqualTo(ranking);
            database.verify();
        }
    }
}
