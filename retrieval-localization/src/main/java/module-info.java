/** Geometric verification and visual localization. */
module org.retrieval4j.localization {
    requires transitive org.retrieval4j.api;
    requires org.retrieval4j.core;
    requires commons.math3;
    requires java.sql;
    requires static io.jhdf;
    requires static transitive org.jspecify;

    exports org.retrieval4j.localization.camera;
    exports org.retrieval4j.localization.colmap;
    exports org.retrieval4j.localization.dataset;
    exports org.retrieval4j.localization.geometry;
    exports org.retrieval4j.localization.hloc;
    exports org.retrieval4j.localization.localizer;
    exports org.retrieval4j.localization.map;
    exports org.retrieval4j.localization.pose;
    exports org.retrieval4j.localization.reconstruction;

    provides org.retrieval4j.spi.ComponentProvider with
            org.retrieval4j.localization.geometry.AffineVerifier.Provider,
            org.retrieval4j.localization.geometry.FundamentalVerifier.Provider,
            org.retrieval4j.localization.geometry.HomographyVerifier.Provider,
            org.retrieval4j.localization.geometry.SimilarityVerifier.Provider,
            org.retrieval4j.localization.localizer.FallbackLocalizer.Provider,
            org.retrieval4j.localization.localizer.PoseApproximationLocalizer.Provider,
            org.retrieval4j.localization.localizer.RelativePoseLocalizer.Provider,
            org.retrieval4j.localization.localizer.SfmLocalizer.Provider,
            org.retrieval4j.localization.pose.PoseEstimator.Provider;
}
