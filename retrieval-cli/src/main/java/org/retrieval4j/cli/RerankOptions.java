package org.retrieval4j.cli;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Reranker;
import org.retrieval4j.database.ImageDatabase;
import org.retrieval4j.rerank.Reranking;
import picocli.CommandLine.Option;

/** The stages between the index and verification. */
final class RerankOptions {
    @Option(
            names = "--rerank",
            paramLabel = "SPEC",
            description = "Stages of re-ranking, for example \"qe(k=10) | diffusion\"; --verify comes after them.")
    private @Nullable String rerank;

    /** The stages as they were typed; empty if there are none. */
    String text() {
        return rerank == null ? "" : rerank;
    }

    boolean isGiven() {
        return rerank != null;
    }

    /** The stages behind a database, which the caller closes; null if there are none. */
    @Nullable
    Reranking open(Components components, ImageDatabase database, Workers workers, Progress progress)
            throws IOException {
        if (rerank == null) {
            return null;
        }
        ComponentSpec spec = PipelineOptions.spec(components, "--rerank", Reranker.class, rerank);
        BuildContext context =
                BuildContext.defaults().withExecutor(workers.executor()).withProgress(progress);
        try {
            return Reranking.open(database.gallery(), spec, components, context);
        } catch (IllegalArgumentException refused) {
            throw new CommandException("--rerank: " + refused.getMessage(), refused);
        }
    }
}
