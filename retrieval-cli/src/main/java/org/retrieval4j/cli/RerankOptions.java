package org.retrieval4j.cli;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.Gallery;
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

    /** The stages behind a database, which the caller closes; null if none were given. */
    @Nullable
    Reranking open(Components components, ImageDatabase database, Workers workers, Progress progress)
            throws IOException {
        return rerank == null ? null : open(components, database.gallery(), workers, progress);
    }

    /** The stages behind what is searched; none if none were given. */
    Reranking open(Components components, Gallery gallery, Workers workers, Progress progress) throws IOException {
        if (rerank == null) {
            return Reranking.of(gallery);
        }
        ComponentSpec spec = PipelineOptions.spec(components, "--rerank", Reranker.class, rerank);
        BuildContext context =
                BuildContext.defaults().withExecutor(workers.executor()).withProgress(progress);
        try {
            return Reranking.open(gallery, spec, components, context);
        } catch (IllegalArgumentException refused) {
            throw new CommandException("--rerank: " + refused.getMessage(), refused);
        }
    }
}
