package org.retrieval4j.cli;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Image;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.ImageReader;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.cli.report.HitEntry;
import org.retrieval4j.cli.report.PictureSource;
import org.retrieval4j.cli.report.QueryEntry;
import org.retrieval4j.cli.report.Report;
import org.retrieval4j.cli.report.Verdict;
import org.retrieval4j.database.DatabaseInfo;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.database.RankedImage;
import org.retrieval4j.eval.GroundTruth;

/** Turns answers into a report: finds the pictures, the features and the verdicts. */
final class SearchReport implements AutoCloseable {
    private final ImageDatabase database;
    private final ImageReader reader;
    private final Origins origins;
    private final Optional<GroundTruth> truth;
    private final Matcher matcher;
    private final Report report;

    SearchReport(
            Path directory,
            ImageDatabase database,
            Components components,
            ImageReader reader,
            Optional<GroundTruth> truth)
            throws IOException {
        this.database = database;
        this.reader = reader;
        this.truth = truth;
        origins = Origins.of(directory);
        matcher = components.create(Matcher.class, database.options().matcher(), BuildContext.defaults());
        DatabaseInfo info = database.info();
        Map<String, String> made = new LinkedHashMap<>();
        info.components()
                .forEach(
                        component -> made.put(component.role(), component.spec().toString()));
        report = new Report(directory.toString(), info.images(), made);
    }

    void add(Searcher.Answer answer) throws IOException {
        Searcher.Query query = answer.query();
        String inDatabase = nameInDatabase(query);
        Optional<Set<String>> relevant = relevant(query.name(), inDatabase);
        if (answer instanceof Searcher.Failed failed) {
            report.add(new QueryEntry(
                    query.name(),
                    failed.reason(),
                    picture(query.name(), Optional.empty(), Optional.empty()),
                    Optional.empty(),
                    List.of(),
                    Map.of(),
                    relevant.map(Set::size),
                    true));
            return;
        }
        Searcher.Found found = (Searcher.Found) answer;
        Optional<ImageFeatures> features = found.extraction().local();
        List<HitEntry> hits = new ArrayList<>();
        for (RankedImage hit : found.ranking().images()) {
            hits.add(entry(hit, features, verdict(hit.image().name(), query.name(), inDatabase, relevant)));
        }
        report.add(new QueryEntry(
                query.name(),
                found.crop()
                        .map(crop -> "Searched for the part " + crop + " (x, y, width, height).")
                        .orElse(""),
                picture(inDatabase, Optional.of(Path.of(query.file())), found.crop()),
                features,
                hits,
                found.stageSeconds(),
                relevant.map(Set::size),
                false));
    }

    void write(Path file) throws IOException {
        report.write(file);
    }

    @Override
    public void close() {
        matcher.close();
    }

    private HitEntry entry(RankedImage hit, Optional<ImageFeatures> query, Verdict verdict) throws IOException {
        Optional<ImageFeatures> features = Optional.empty();
        Optional<Matches> matches = Optional.empty();
        if (hit.verification().isPresent() && query.isPresent()) {
            features = database.features(hit.image().id());
            if (features.isPresent()) {
                matches = Optional.of(matcher.match(query.get(), features.get()));
            }
        }
        String name = hit.image().name();
        return new HitEntry(hit, verdict, picture(name, origins.find(name), Optional.empty()), features, matches);
    }

    private PictureSource picture(String name, Optional<Path> file, Optional<Crop> crop) {
        PictureSource.Loader loader = () -> {
            Path path = file.orElseThrow(() -> new NoSuchFileException(name));
            Image image = Searcher.read(reader, path.toString(), crop);
            return image;
        };
        return new PictureSource(crop.map(part -> part + " ").orElse("") + name, loader);
    }

    // A query may be an image of the database under another text: ./a.jpg and a.jpg.
    private String nameInDatabase(Searcher.Query query) {
        if (database.image(query.name()).isPresent()) {
            return query.name();
        }
        try {
            String plain = Path.of(query.file()).normalize().toString().replace('\\', '/');
            return database.image(plain).isPresent() ? plain : query.name();
        } catch (InvalidPathException notAPath) {
            return query.name();
        }
    }

    private Optional<Set<String>> relevant(String name, String inDatabase) {
        return truth.flatMap(rows -> Optional.ofNullable(
                rows.relevant().getOrDefault(name, rows.relevant().get(inDatabase))));
    }

    private static Verdict verdict(String hit, String query, String inDatabase, Optional<Set<String>> relevant) {
        if (hit.equals(query) || hit.equals(inDatabase)) {
            return Verdict.QUERY;
        }
        return relevant.map(right -> right.contains(hit) ? Verdict.RIGHT : Verdict.WRONG)
                .orElse(Verdict.UNKNOWN);
    }
}
