/** Aggregators, indexes, matching, image database and evaluation in pure Java. */
module org.retrieval4j.core {
    requires transitive org.retrieval4j.api;
    requires java.desktop;
    requires jdk.management;
    requires org.slf4j;
    requires commons.math3;
    requires static jdk.incubator.vector;
    requires static transitive org.jspecify;

    exports org.retrieval4j.aggregation;
    exports org.retrieval4j.database;
    exports org.retrieval4j.eval;
    exports org.retrieval4j.experiment;
    exports org.retrieval4j.extraction;
    exports org.retrieval4j.image;
    exports org.retrieval4j.index;
    exports org.retrieval4j.kernel;
    exports org.retrieval4j.learning;
    exports org.retrieval4j.matching;
    exports org.retrieval4j.rerank;
    exports org.retrieval4j.storage;
    exports org.retrieval4j.transform;

    uses org.retrieval4j.kernel.Kernels;

    provides org.retrieval4j.spi.ComponentProvider with
            org.retrieval4j.aggregation.ActnetStyleAggregator.Provider,
            org.retrieval4j.aggregation.AsmkAggregator.Provider,
            org.retrieval4j.aggregation.BowAggregator.Provider,
            org.retrieval4j.aggregation.CrowAggregator.Provider,
            org.retrieval4j.aggregation.FisherAggregator.Provider,
            org.retrieval4j.aggregation.GemAggregator.Provider,
            org.retrieval4j.aggregation.HammingEmbeddingAggregator.Provider,
            org.retrieval4j.aggregation.MacAggregator.Provider,
            org.retrieval4j.aggregation.MultiVladAggregator.Provider,
            org.retrieval4j.aggregation.MultiVocabularyVladAggregator.Provider,
            org.retrieval4j.aggregation.NetDbowAggregator.Provider,
            org.retrieval4j.aggregation.NetFvAggregator.Provider,
            org.retrieval4j.aggregation.NetRvladAggregator.Provider,
            org.retrieval4j.aggregation.NetVladAggregator.Provider,
            org.retrieval4j.aggregation.RmacAggregator.Provider,
            org.retrieval4j.aggregation.SecondOrderAttentionAggregator.Provider,
            org.retrieval4j.aggregation.SpocAggregator.Provider,
            org.retrieval4j.aggregation.VladAggregator.Provider,
            org.retrieval4j.extraction.MultiCropExtractor.Provider,
            org.retrieval4j.extraction.MultiScaleExtractor.Provider,
            org.retrieval4j.index.AsmkIndex.Provider,
            org.retrieval4j.index.BinaryIndex.Provider,
            org.retrieval4j.index.FlatIndex.Provider,
            org.retrieval4j.index.HammingEmbeddingIndex.Provider,
            org.retrieval4j.index.HnswIndex.Provider,
            org.retrieval4j.index.InvertedIndex.Provider,
            org.retrieval4j.index.IvfFlatIndex.Provider,
            org.retrieval4j.index.IvfPqIndex.Provider,
            org.retrieval4j.matching.MutualNearestNeighborMatcher.Provider,
            org.retrieval4j.rerank.DatabaseAugmentation.Provider,
            org.retrieval4j.rerank.Diffusion.Provider,
            org.retrieval4j.rerank.DiscriminativeExpansion.Provider,
            org.retrieval4j.rerank.KReciprocal.Provider,
            org.retrieval4j.rerank.QueryAdaptiveFusion.Provider,
            org.retrieval4j.rerank.QueryExpansion.Provider,
            org.retrieval4j.rerank.ReciprocalRankFusion.Provider,
            org.retrieval4j.rerank.ScoreFusion.Provider,
            org.retrieval4j.rerank.SpatialVerification.Provider,
            org.retrieval4j.rerank.VerifiedPairs.Provider,
            org.retrieval4j.storage.FileAggregator.Provider,
            org.retrieval4j.transform.ContextGatingTransform.Provider,
            org.retrieval4j.transform.FullyConnectedTransform.Provider,
            org.retrieval4j.transform.L2Transform.Provider,
            org.retrieval4j.transform.LearnedWhitenTransform.Provider,
            org.retrieval4j.transform.PcaTransform.Provider,
            org.retrieval4j.transform.PcaWhitenTransform.Provider,
            org.retrieval4j.transform.PowerTransform.Provider;
    provides org.retrieval4j.spi.ImageDecoder with
            org.retrieval4j.image.ImageIoDecoder,
            org.retrieval4j.image.PnmDecoder;
}
