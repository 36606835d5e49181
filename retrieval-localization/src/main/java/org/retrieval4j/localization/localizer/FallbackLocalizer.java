package org.retrieval4j.localization.localizer;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.ComponentSpec;
import org.retrieval4j.api.Components;
import org.retrieval4j.api.OptionsText;
import org.retrieval4j.spi.ComponentProvider;

/**
 * Asks one localizer, and another one if it finds no pose. Chains of more are fallbacks of fallbacks. {@link
 * Localization#localizer()} tells who answered: that of the first if both fail.
 *
 * <p>Thread-safe.
 */
public final class FallbackLocalizer implements Localizer {
    private static final String NAME = "fallback";

    private final Options options;
    private final Localizer first;
    private final Localizer then;

    /**
     * Parameters.
     *
     * @param first who is asked first
     * @param then who is asked if that finds no pose
     */
    public record Options(ComponentSpec first, ComponentSpec then) {
        /** Checks that nothing is missing. */
        public Options {
            requireNonNull(first, "first");
            requireNonNull(then, "then");
        }

        /**
         * Points, then essential matrices: what either finds is checked. Poses of what looks alike are not, so that a chain
         * asks them only if it is told to.
         *
         * @return {@code sfm}, then {@code relative-pose}
         */
        public static Options defaults() {
            return new Options(ComponentSpec.parse("sfm"), ComponentSpec.parse("relative-pose"));
        }
    }

    /** Makes {@code fallback(first=…,then=…)}. */
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
            return new FallbackLocalizer(options, components, context);
        }
    }

    /**
     * Makes the chain.
     *
     * @param options its parts
     * @param components where they come from
     * @param context what they are made with
     */
    public FallbackLocalizer(Options options, Components components, BuildContext context) {
        this.options = requireNonNull(options, "options");
        first = components.create(Localizer.class, options.first(), context);
        then = components.create(Localizer.class, options.then(), context);
    }

    @Override
    public ComponentSpec spec() {
        return ComponentSpec.of(OptionsText.format(NAME, options));
    }

    @Override
    public Localization localize(LocalizationMap map, Query query) throws IOException {
        Localization found = first.localize(map, query);
        if (found.pose().isPresent() || query.deadline().isOver()) {
            return found;
        }
        Localization other = then.localize(map, query);
        Localization answer = other.pose().isPresent() ? other : found;
        Map<String, Double> seconds = new LinkedHashMap<>(found.stageSeconds());
        other.stageSeconds().forEach((stage, time) -> seconds.merge(stage, time, Double::sum));
        return new Localization(
                answer.estimate(), answer.points(), answer.pixels(), answer.images(), seconds, answer.localizer());
    }

    @Override
    public void close() {
        first.close();
        then.close();
    }
}
