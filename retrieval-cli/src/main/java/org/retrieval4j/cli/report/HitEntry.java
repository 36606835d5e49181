package org.retrieval4j.cli.report;

import java.util.Optional;
import org.retrieval4j.api.ImageFeatures;
import org.retrieval4j.api.Matches;
import org.retrieval4j.database.RankedImage;

/**
 * One hit of a query.
 *
 * @param image image, score, proof
 * @param verdict right or wrong
 * @param picture its picture
 * @param features its local features, if a proof is to be drawn
 * @param matches all pairs that the verifier saw, if it was asked
 */
public record HitEntry(
        RankedImage image,
        Verdict verdict,
        PictureSource picture,
        Optional<ImageFeatures> features,
        Optional<Matches> matches) {}
