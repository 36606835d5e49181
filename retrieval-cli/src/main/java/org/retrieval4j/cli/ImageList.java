package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.retrieval4j.database.ImageFolder;
import org.retrieval4j.database.ImageSource;
import org.retrieval4j.eval.NameRows;

/** Lists of images: a folder's pictures by name, or a file of CSV with a row for each. */
final class ImageList {
    private ImageList() {}

    /**
     * A row.
     *
     * @param line its number in the file; 0 for a picture of a folder
     * @param name of the image
     * @param fields what stands behind the name
     */
    record Row(int line, String name, List<String> fields) {}

    /** Reads a list, in order. */
    static List<Row> read(Path list) throws IOException {
        List<Row> rows = new ArrayList<>();
        if (Files.isDirectory(list)) {
            ImageFolder folder = ImageFolder.read("", list);
            for (ImageSource picture : folder.pictures()) {
                rows.add(new Row(0, list.relativize(picture.file()).toString(), List.of()));
            }
        } else {
            NameRows.read(list, (line, fields) -> {
                boolean header = rows.isEmpty()
                        && (fields.get(0).toLowerCase(Locale.ROOT).matches("name|image|id|query|filename"));
                if (!header) {
                    rows.add(new Row(line, fields.get(0), fields.subList(1, fields.size())));
                }
            });
        }
        if (rows.isEmpty()) {
            throw new CommandException(list + " has no images");
        }
        return rows;
    }

    /** What is wrong with a row. */
    static IOException wrong(Path list, Row row, String what) {
        return row.line == 0 ? new IOException(list + ": " + what) : NameRows.wrong(list, row.line, what);
    }

    /** The names of rows, none twice. */
    static Names names(Path list, List<Row> rows) throws IOException {
        Set<String> seen = new HashSet<>();
        for (Row row : rows) {
            if (!seen.add(row.name)) {
                throw wrong(list, row, "the name \"" + row.name + "\" stands twice");
            }
        }
        return new Names(rows.stream().map(Row::name).toList());
    }

    /** The number at the end of a name, without folders and ending. */
    static long number(Path list, Row row) throws IOException {
        String digits = Names.bare(row.name).replaceFirst("^.*?([0-9]{1,18})$", "$1");
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException noNumber) {
            throw wrong(list, row, "the name must end with a number, got \"" + row.name + "\"");
        }
    }
}
