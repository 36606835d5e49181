package org.retrieval4j.localization.localizer;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Keypoints;
import org.retrieval4j.api.Matcher;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.localization.map.PointMap;
import org.retrieval4j.localization.pose.Pose;
import org.retrieval4j.localization.pose.PoseEstimate;
import org.retrieval4j.localization.pose.PoseEstimator;
import org.retrieval4j.localization.pose.Status;
import org.retrieval4j.spi.ComponentProvider;

/**
 * Hierarchical localization (Sarlin, Cadena, Siegwart and Dymczyk, From coarse to fine, CVPR 2019): retrieved pictures that
 * see common points form a place; the query is matched with the keypoints of a place that observe points, and its pose
 * estimated from these. The pose says where the place's other points appear, and those that are found there make it exact: so
 * the best ranked pictures are matched first, and the others only if the pose has few inliers yet.
 *
 * <p>Thread-safe; the same query gives the same bits on any number of threads unless it has a deadline.
 */
public final class SfmLocalizer implements Localizer {
    private static final String NAME = "sfm";

    /** Pictures of a place that are matched before a pose is tried. */
    private static final int GROUP = 4;

    /** A pose with as many inliers needs no more pictures matched: it tells where their points are. */
    private static final int ENOUGH = 100;

    /** Samples for a pose while there are more pictures to match. */
    private static final int QUICK_ITERATIONS = 1000;

    private final Options options;
    private final PoseEstimator estimator;
    private final PoseEstimator quick;
    private final Optional<Matcher> matcher;

    /** Which place answers. */
    public enum Rule {
        /** The one with most inliers, of all places (as hloc has it). */
        MOST_INLIERS,
        /** The first, largest place with a pose (HF-Net's rule): faster, and fooled by look-alikes. */
        FIRST_SUCCESS
    }

    /**
     * Parameters.
     *
     * @param rule which place answers
     * @param guided rounds of looking again where the pose says that points are, 0 to 10. More: more inliers and exacter
     *     poses, some milliseconds each; 0: all pictures of a place are matched, and nothing is held against a pose
     * @param radius how far from there in pixels in the first round, half as far in later ones, above 0. Larger: rough first
     *     poses are mended, look-alikes are taken
     * @param maxMissed of what speaks for and against a pose (points found where it says, regions where too few are), the part
     *     that may speak against, 0 to 1. Smaller: fewer look-alike places accepted, more right ones lost where something
     *     stands in the way; 1 accepts all
     * @param estimator how poses are estimated
     * @param matcher what pairs features; the map's own if empty
     */
    public record Options(
            Rule rule,
            int guided,
            double radius,
            double maxMissed,
            ComponentSpec estimator,
            Optional<ComponentSpec> matcher) {
        /** Checks the ranges. */
        public Options {
            requireNonNull(rule, "rule");
            requireNonNull(estimator, "estimator");
            requireNonNull(matcher, "matcher");
            if (guided < 0 || guided > 10) {
                throw new IllegalArgumentException("guided must be from 0 to 10, got " + guided);
            }
            if (!(radius > 0) || Double.isInfinite(radius)) {
                throw new IllegalArgumentException("radius must be above 0 and finite, got " + radius);
            }
            if (!(maxMissed >= 0 && maxMissed <= 1)) {
                throw new IllegalArgumentException("maxMissed must be from 0 to 1, got " + maxMissed);
            }
        }

        /**
         * Good for photographs of 1 to 3 megapixels.
         *
         * @return most inliers, 2 rounds within 8 and 4 px, 0.66 against, an estimator of error 8 px, 8 inliers, significance
         *     6, the map's matcher
         */
        public static Options defaults() {
            return new Options(
                    Rule.MOST_INLIERS,
                    2,
                    8,
                    0.66,
                    ComponentSpec.parse("ransac(max-error=8,min-inliers=8,min-significance=6)"),
                    Optional.empty());
        }

        /**
         * With another estimator.
         *
         * @param spec how poses are estimated
         * @return the changed options
         */
        public Options withEstimator(ComponentSpec spec) {
            return new Options(rule, guided, radius, maxMissed, spec, matcher);
        }

        /**
         * With another rule.
         *
         * @param value which place answers
         * @return the changed options
         */
        public Options withRule(Rule value) {
            return new Options(value, guided, radius, maxMissed, estimator, matcher);
        }

        /**
         * With another way of looking again.
         *
         * @param rounds how often, 0 to 10
         * @param pixels how far
         * @return the changed options
         */
        public Options withGuided(int rounds, double pixels) {
            return new Options(rule, rounds, pixels, maxMissed, estimator, matcher);
        }

        /**
         * With another bound on what may be missing.
         *
         * @param part 0 to 1
         * @return the changed options
         */
        public Options withMaxMissed(double part) {
            return new Options(rule, guided, radius, part, estimator, matcher);
        }
    }

    /** Makes {@code sfm(…)}. */
    public static final class Provider extends ComponentProvider<Localizer, Options> {
        /** For ServiceLoader. */
        public Provider() {
            super(Localizer.class, NAME, Options.defaults());
        }

        @Override
        public Localizer create(Options options, BuildContext context) {
            throw new IllegalStateException("made of other components");
        }

        @Override
        public Localizer create(Options options, BuildContext context, Components components) {
            return new SfmLocalizer(options, components, context);
        }
    }

    /**
     * Makes a localizer.
     *
     * @param options its parameters
     * @param components where estimator and matcher come from
     * @param context what these are made with
     */
    public SfmLocalizer(Options options, Components components, BuildContext context) {
        this.options = requireNonNull(options, "options");
        estimator = components.create(PoseEstimator.class, options.estimator(), context);
        PoseEstimator.Options patient = estimator.options();
        quick = new PoseEstimator(patient.withIterations(
                Math.min(patient.minIterations(), QUICK_ITERATIONS),
                Math.min(patient.maxIterations(), QUICK_ITERATIONS)));
        matcher = options.matcher().map(spec -> components.create(Matcher.class, spec, context));
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    @Override
    public Localization localize(LocalizationMap map, Query query) throws IOException {
        Stages stages = new Stages();
        List<Integer> retrieved = map.images(query.ranked());
        List<List<Integer>> places = places(map.points(), retrieved);
        stages.end("places");
        Optional<Localization> best = Optional.empty();
        for (List<Integer> place : places) {
            if (best.isPresent() && query.deadline().isOver()) {
                break;
            }
            Localization found = localizeIn(map, query, place, stages);
            boolean better = best.isEmpty()
                    || inliers(found) > inliers(best.get())
                    || best.get().pose().isEmpty() && found.pose().isPresent();
            if (better) {
                best = Optional.of(found);
            }
            if (options.rule() == Rule.FIRST_SUCCESS && found.pose().isPresent()) {
                break;
            }
        }
        if (best.isEmpty()) {
            return Localization.failed(Status.NOTHING_RETRIEVED, query.camera(), List.of(), stages.seconds(), NAME);
        }
        Localization answer = best.get();
        if (answer.pose().isEmpty()
                && answer.status() != Status.CONTRADICTED
                && query.deadline().isOver()) {
            return Localization.failed(Status.OUT_OF_TIME, query.camera(), answer.images(), stages.seconds(), NAME);
        }
        return new Localization(
                answer.estimate(), answer.points(), answer.pixels(), answer.images(), stages.seconds(), NAME);
    }

    private static int inliers(Localization found) {
        return found.estimate().inliers().length;
    }

    /** Connected components of pictures that see common points, the largest first, then the best ranked; best ranked first. */
    private static List<List<Integer>> places(PointMap map, List<Integer> retrieved) {
        int n = retrieved.size();
        int[][] observed = new int[n][];
        int count = 0;
        for (int i = 0; i < n; i++) {
            observed[i] = map.observed(retrieved.get(i));
            count += observed[i].length;
        }
        long[] seen = new long[count]; // point in the upper half, rank of the picture in the lower
        for (int i = 0, at = 0; i < n; i++) {
            for (int point : observed[i]) {
                seen[at++] = (long) point << 32 | i;
            }
        }
        Arrays.sort(seen);
        int[] leader = new int[n]; // the best ranked of those that are connected so far, or one that is nearer to it
        for (int i = 0; i < n; i++) {
            leader[i] = i;
        }
        for (int k = 1; k < count; k++) {
            if (seen[k] >> 32 == seen[k - 1] >> 32) {
                int a = leader(leader, (int) seen[k]);
                int b = leader(leader, (int) seen[k - 1]);
                leader[Math.max(a, b)] = Math.min(a, b);
            }
        }
        Map<Integer, List<Integer>> byLeader = new LinkedHashMap<>();
        for (int i = 0; i < n; i++) {
            byLeader.computeIfAbsent(leader(leader, i), key -> new ArrayList<>())
                    .add(retrieved.get(i));
        }
        List<List<Integer>> places = new ArrayList<>(byLeader.values());
        places.sort((a, b) -> Integer.compare(b.size(), a.size())); // stable
        return places;
    }

    private static int leader(int[] leader, int i) {
        int at = i;
        while (leader[at] != at) {
            at = leader[at];
        }
        return at;
    }

    private Localization localizeIn(LocalizationMap map, Query query, List<Integer> place, Stages stages)
            throws IOException {
        Map<Integer, ImageFeatures> stored = new LinkedHashMap<>();
        for (int image : place) {
            if (query.deadline().isOver()) {
                break;
            }
            stored.put(image, map.featuresOf(image));
        }
        List<Integer> images = List.copyOf(stored.keySet());
        stages.end("features");
        Map<Long, Float> pairs = new LinkedHashMap<>(); // keypoint and point → best score
        int matched = 0;
        boolean mayStop = options.guided() > 0;
        while (true) {
            Pairs first = Pairs.of(map.points(), query, Set.of());
            PoseEstimate estimate = PoseEstimate.of(Status.TOO_FEW_CORRESPONDENCES, query.camera());
            boolean enough = false;
            while (matched < images.size() && !enough && !query.deadline().isOver()) {
                int to = Math.min(images.size(), matched + GROUP);
                match(map, query, stored, images.subList(matched, to), pairs);
                matched = to;
                stages.end("matching");
                if (mayStop && matched < images.size() && pairs.size() >= ENOUGH) {
                    first = Pairs.of(map.points(), query, pairs.keySet());
                    estimate = quick.estimate(query.camera(), first.world, first.pixels, qualities(pairs));
                    enough = estimate.inliers().length >= ENOUGH;
                    stages.end("estimation");
                }
            }
            if (!enough) {
                first = Pairs.of(map.points(), query, pairs.keySet());
                estimate = estimator.estimate(query.camera(), first.world, first.pixels, qualities(pairs));
                stages.end("estimation");
            }
            Seen seen = lookAgain(map, query, stored, new Seen(estimate, first, 0));
            if (options.guided() > 0) {
                stages.end("guided");
            }
            boolean contradicted = seen.missed > options.maxMissed();
            if (contradicted && matched < images.size() && !query.deadline().isOver()) {
                mayStop = false; // the best ranked pictures alone may tell too little of what a match looks like
                continue;
            }
            return new Localization(
                    contradicted ? PoseEstimate.of(Status.CONTRADICTED, query.camera()) : seen.estimate,
                    seen.pairs.world,
                    seen.pairs.pixels,
                    images,
                    Map.of(),
                    NAME);
        }
    }

    /**
     * A pose and what it was found by.
     *
     * @param estimate the pose
     * @param pairs of the query and the map
     * @param missed of what speaks for and against the pose, the part against
     */
    private record Seen(PoseEstimate estimate, Pairs pairs, double missed) {}

    /** Makes a pose exact by what is found where it says that points are. */
    private Seen lookAgain(LocalizationMap map, Query query, Map<Integer, ImageFeatures> stored, Seen first) {
        Seen seen = first;
        for (int round = 0; round < options.guided() && seen.estimate.pose().isPresent(); round++) {
            Pose pose = seen.estimate.pose().orElseThrow();
            GuidedMatching looking = new GuidedMatching(
                    map,
                    query.features(),
                    seen.estimate.camera(),
                    pose,
                    round == 0 ? options.radius() : options.radius() / 2);
            stored.forEach(looking::look);
            Map<Integer, Integer> inliers = new HashMap<>();
            for (int row : seen.estimate.inliers()) {
                inliers.put(seen.pairs.points[row], seen.pairs.keypoints[row]);
            }
            GuidedMatching.Found found = looking.find(inliers);
            Pairs more = union(map.points(), query, found, seen.pairs, seen.estimate.inliers());
            PoseEstimate refined = estimator.refine(seen.estimate.camera(), more.world, more.pixels, pose);
            if (refined.pose().isEmpty() || refined.inliers().length < seen.estimate.inliers().length) {
                return new Seen(seen.estimate, seen.pairs, found.missed()); // the first pairs are the better evidence
            }
            seen = new Seen(refined.withScore(seen.estimate.score()), more, found.missed());
        }
        return seen;
    }

    /** Pairs found, and of those that led to the pose the ones whose keypoint and point are in none of them. */
    private static Pairs union(PointMap map, Query query, GuidedMatching.Found found, Pairs known, int[] inliers) {
        int[] keypoints = Arrays.copyOf(found.keypoints(), found.keypoints().length + inliers.length);
        int[] points = Arrays.copyOf(found.points(), keypoints.length);
        int n = found.keypoints().length;
        Set<Integer> takenKeypoints = new HashSet<>();
        Set<Integer> takenPoints = new HashSet<>();
        for (int i = 0; i < n; i++) {
            takenKeypoints.add(keypoints[i]);
            takenPoints.add(points[i]);
        }
        for (int row : inliers) {
            if (!takenKeypoints.contains(known.keypoints[row]) && !takenPoints.contains(known.points[row])) {
                keypoints[n] = known.keypoints[row];
                points[n++] = known.points[row];
            }
        }
        return Pairs.of(map, query, Arrays.copyOf(keypoints, n), Arrays.copyOf(points, n));
    }

    private static double[] qualities(Map<Long, Float> pairs) {
        double[] qualities = new double[pairs.size()];
        int at = 0;
        for (float score : pairs.values()) {
            qualities[at++] = score;
        }
        return qualities;
    }

    /** Pairs the query with the keypoints of some pictures that observe points. */
    private void match(
            LocalizationMap map,
            Query query,
            Map<Integer, ImageFeatures> stored,
            List<Integer> images,
            Map<Long, Float> pairs) {
        List<ImageFeatures> observing = new ArrayList<>();
        for (int image : images) {
            ImageFeatures features = requireNonNull(stored.get(image), "features");
            observing.add(select(features, map.points().keypoints(image)));
        }
        List<Matches> found = matcher.orElse(map.matcher()).matchAll(query.features(), observing);
        for (int i = 0; i < found.size(); i++) {
            int[] observed = map.points().observed(images.get(i));
            Matches matches = found.get(i);
            for (int k = 0; k < matches.size(); k++) {
                long pair = (long) matches.queryIndices()[k] << 32 | observed[matches.referenceIndices()[k]];
                pairs.merge(pair, matches.scores()[k], Math::max);
            }
        }
    }

    /** Keypoints of the query and the points that they may show. */
    private record Pairs(int[] keypoints, int[] points, double[] world, double[] pixels) {
        static Pairs of(PointMap map, Query query, Set<Long> pairs) {
            int[] keypoints = new int[pairs.size()];
            int[] points = new int[pairs.size()];
            int at = 0;
            for (long pair : pairs) {
                keypoints[at] = (int) (pair >> 32);
                points[at++] = (int) pair;
            }
            return of(map, query, keypoints, points);
        }

        static Pairs of(PointMap map, Query query, int[] keypoints, int[] points) {
            FloatMatrix seen = query.features().keypoints().values();
            double[] world = new double[3 * points.length];
            double[] pixels = new double[2 * points.length];
            for (int k = 0; k < points.length; k++) {
                for (int i = 0; i < 3; i++) {
                    world[3 * k + i] = map.coordinate(points[k], i);
                }
                pixels[2 * k] = seen.get(keypoints[k], 0);
                pixels[2 * k + 1] = seen.get(keypoints[k], 1);
            }
            return new Pairs(keypoints, points, world, pixels);
        }
    }

    /** Rows of features. */
    private static ImageFeatures select(ImageFeatures all, int[] rows) {
        int width = all.descriptors().columns();
        float[] keypoints = new float[5 * rows.length];
        float[] descriptors = new float[width * rows.length];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(all.keypoints().values().row(rows[i]), 0, keypoints, 5 * i, 5);
            System.arraycopy(all.descriptors().row(rows[i]), 0, descriptors, width * i, width);
        }
        return new ImageFeatures(
                all.width(),
                all.height(),
                new Keypoints(FloatMatrix.of(rows.length, 5, keypoints)),
                FloatMatrix.of(rows.length, width, descriptors));
    }

    @Override
    public void close() {
        estimator.close();
        matcher.ifPresent(Matcher::close);
    }
}
