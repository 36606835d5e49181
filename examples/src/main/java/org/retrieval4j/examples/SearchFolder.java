package org.retrieval4j.examples;

import java.io.IOException;
import java.nio.file.Path;
import org.retrieval4j.api.*;
import org.retrieval4j.database.*;

/** Indexes a folder of photographs and searches it: {@code SearchFolder DATABASE FOLDER PHOTOGRAPH}. */
public final class SearchFolder {
    private SearchFolder() {}

    public static void main(String[] arguments) throws IOException {
        Path directory = Path.of(arguments[0]);
        Path photographs = Path.of(arguments[1]);
        Path photograph = Path.of(arguments[2]);
        // README starts
        ImageReader reader = ImageReader.load(ImageLimits.defaults());
        DatabaseOptions options = DatabaseOptions.defaults();
        try (var database = ImageDatabase.create(directory, options, Components.load(), BuildContext.defaults())) {
            database.addAll(ImageSource.folder(photographs), reader, IndexingOptions.defaults());
            Extraction query = database.extract(reader.read(photograph));
            Ranking ranking = database.search(query, SearchOptions.top(10), 10);
            for (RankedImage hit : ranking.images()) {
                System.out.println(hit.image().name() + " " + hit.score() + " " + hit.inliers());
            }
        }
        // README ends
    }
}
