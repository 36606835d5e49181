package org.retrieval4j.cli.report;

import java.util.BitSet;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;
import org.retrieval4j.api.Model;
import org.retrieval4j.api.Orientation;
import org.retrieval4j.api.Verification;

/**
 * The proof of a hit over the two pictures, as SVG paths. Pictures stand upright side by side, both {@link #HEIGHT} units
 * high; keypoints come in stored pixels.
 */
final class PairDrawing {
    /** Height of every picture in the drawing's units. */
    static final int HEIGHT = 360;

    /** Space between the pictures. */
    static final int GAP = 12;

    /** Inlier lines are drawn in this many colors, by their height in the query, so that the eye can follow them. */
    static final int COLORS = 6;

    private static final int BYTES_A_LINE = 44;

    private final ImageFeatures query;
    private final ImageFeatures reference;
    private final double offset;

    /**
     * A drawing of two pictures.
     *
     * @param query local features of the picture on the left
     * @param reference local features of the picture on the right
     */
    PairDrawing(ImageFeatures query, ImageFeatures reference) {
        this.query = query;
        this.reference = reference;
        this.offset = width(query.width(), query.height(), query.orientation()) + GAP;
    }

    /** Width of a picture in the drawing's units. */
    static int width(int width, int height, Orientation orientation) {
        return Math.max(
                1,
                Math.round((float) HEIGHT
                        * orientation.uprightWidth(width, height)
                        / orientation.uprightHeight(width, height)));
    }

    /**
     * Lines and points of the matches, and the query's frame as the model sees it.
     *
     * @param proof what was verified
     * @param rejected all pairs that the verifier saw; those that are no inliers are drawn faintly
     * @param bytes how long the text may be, roughly
     */
    String paths(Verification proof, Matches rejected, int bytes) {
        Matches inliers = proof.inliers();
        StringBuilder svg = new StringBuilder();
        int lines = Math.max(4, bytes / BYTES_A_LINE);
        svg.append(rejectedLines(rejected, inliers, lines / 4));
        svg.append(inlierLines(inliers, lines - lines / 4));
        svg.append(frame(proof.model()));
        return svg.toString();
    }

    private String rejectedLines(Matches all, Matches inliers, int limit) {
        BitSet inlierQueries = new BitSet();
        for (int index : inliers.queryIndices()) {
            inlierQueries.set(index);
        }
        StringBuilder path = new StringBuilder();
        for (int i = 0, drawn = 0; i < all.size() && drawn < limit; i++) {
            if (!inlierQueries.get(all.queryIndices()[i])) {
                line(path, all.queryIndices()[i], all.referenceIndices()[i]);
                drawn++;
            }
        }
        return path.isEmpty() ? "" : "<path class=\"out\" d=\"" + path + "\"/>";
    }

    private String inlierLines(Matches inliers, int limit) {
        StringBuilder[] lines = new StringBuilder[COLORS];
        StringBuilder points = new StringBuilder();
        // evenly over the list, which is ordered by score: the best alone often lie in one corner
        int drawn = Math.min(limit, inliers.size());
        for (int i = 0; i < drawn; i++) {
            int match = (int) ((long) i * inliers.size() / drawn);
            int q = inliers.queryIndices()[match];
            int r = inliers.referenceIndices()[match];
            int color = Math.min(COLORS - 1, Math.max(0, (int) (COLORS * y(query, q) / HEIGHT)));
            if (lines[color] == null) {
                lines[color] = new StringBuilder();
            }
            line(lines[color], q, r);
            point(points, x(query, q), y(query, q));
            point(points, offset + x(reference, r), y(reference, r));
        }
        StringBuilder svg = new StringBuilder();
        for (int color = 0; color < COLORS; color++) {
            if (lines[color] != null) {
                svg.append("<path class=\"in c")
                        .append(color)
                        .append("\" d=\"")
                        .append(lines[color])
                        .append("\"/>");
            }
        }
        return points.isEmpty()
                ? ""
                : svg.append("<path class=\"pt\" d=\"" + points + "\"/>").toString();
    }

    // Where the model puts the query's frame in the other picture; a fundamental matrix maps no points.
    private String frame(Model model) {
        if (model.kind().equals("fundamental")) {
            return "";
        }
        Orientation turned = query.orientation();
        double uprightWidth = turned.uprightWidth(query.width(), query.height());
        double uprightHeight = turned.uprightHeight(query.width(), query.height());
        double[] h = model.matrix();
        StringBuilder points = new StringBuilder();
        for (int corner = 0; corner < 4; corner++) {
            double u = corner == 1 || corner == 2 ? uprightWidth : 0;
            double v = corner >= 2 ? uprightHeight : 0;
            double x = turned.storedX(u, v, query.width(), query.height());
            double y = turned.storedY(u, v, query.width(), query.height());
            double w = h[6] * x + h[7] * y + h[8];
            double mappedX = (h[0] * x + h[1] * y + h[2]) / w;
            double mappedY = (h[3] * x + h[4] * y + h[5]) / w;
            double reach = 8.0 * Math.max(reference.width(), reference.height());
            if (!(w * h[8] > 0) || !(Math.abs(mappedX) < reach) || !(Math.abs(mappedY) < reach)) {
                return ""; // a corner beyond the horizon
            }
            points.append(corner == 0 ? "M" : "L")
                    .append(Math.round(x(reference, mappedX, mappedY)))
                    .append(' ')
                    .append(Math.round(y(reference, mappedX, mappedY)));
        }
        // an inner svg cuts off what lies outside the picture
        int width = width(reference.width(), reference.height(), reference.orientation());
        return "<svg x=\"" + Math.round(offset) + "\" width=\"" + width + "\" height=\"" + HEIGHT
                + "\"><path class=\"frame\" d=\"" + points + "Z\"/></svg>";
    }

    private void line(StringBuilder path, int queryIndex, int referenceIndex) {
        path.append('M')
                .append(Math.round(x(query, queryIndex)))
                .append(' ')
                .append(Math.round(y(query, queryIndex)))
                .append('L')
                .append(Math.round(offset + x(reference, referenceIndex)))
                .append(' ')
                .append(Math.round(y(reference, referenceIndex)));
    }

    private static void point(StringBuilder path, double x, double y) {
        path.append('M').append(Math.round(x)).append(' ').append(Math.round(y)).append("h0");
    }

    private static double x(ImageFeatures features, int index) {
        return x(features, features.keypoints().x(index), features.keypoints().y(index));
    }

    private static double y(ImageFeatures features, int index) {
        return y(features, features.keypoints().x(index), features.keypoints().y(index));
    }

    private static double x(ImageFeatures features, double x, double y) {
        return scale(features) * features.orientation().uprightX(x, y, features.width(), features.height());
    }

    private static double y(ImageFeatures features, double x, double y) {
        return scale(features) * features.orientation().uprightY(x, y, features.width(), features.height());
    }

    private static double scale(ImageFeatures features) {
        return (double) HEIGHT / features.orientation().uprightHeight(features.width(), features.height());
    }
}
