package org.retrieval4j.learning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.kernel.ScalarKernels;
import org.retrieval4j.storage.CorruptFileException;

/** Trainings that are ended go on and give what they would have given. */
class CheckpointTest {
    private final Kernels kernels = new ScalarKernels();
    private final FloatMatrix sample = sample(3000);
    private final KMeans.Options options = new KMeans.Options(60, 12, 5);
    private final Checkpoint checkpoint;

    CheckpointTest(@TempDir Path folder) {
        this.checkpoint = new Checkpoint(folder.resolve("training.r4j"), 2);
    }

    private static FloatMatrix sample(int n) {
        Random random = new Random(3);
        float[] values = new float[n * 6];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FloatMatrix.of(n, 6, values);
    }

    /** Ends the process, as far as the training can tell, when it tells of so many iterations or groups. */
    private static BuildContext endingAfter(String stage, int done) {
        return BuildContext.defaults().withProgress((told, now, total) -> {
            if (told.equals(stage) && now == done) {
                throw new Killed();
            }
        });
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 8})
    void kMeansGoesOnWhereItWasEnded(int iterations) throws IOException {
        KMeans.Result expected = KMeans.train(sample, options, kernels, BuildContext.defaults());
        assertThat(expected.inertia()).hasSize(12);
        assertThatThrownBy(() -> KMeans.train(sample, options, kernels, endingAfter("k-means", iterations), checkpoint))
                .isInstanceOf(Killed.class);
        assertThat(checkpoint.file()).exists();
        int[] told = new int[1];
        BuildContext counting = BuildContext.defaults().withProgress((stage, now, total) -> told[0]++);
        assertThat(KMeans.train(sample, options, kernels, counting, checkpoint)).isEqualTo(expected);
        int saved = (iterations - 1) / 2 * 2; // the one that was told of last was not saved yet
        assertThat(told[0]).as("iterations done again").isEqualTo(12 - saved);
        assertThat(checkpoint.file()).doesNotExist();
    }

    @Test
    void aFolderHasAFileForEachTraining(@TempDir Path folder) throws IOException {
        Checkpoint both = new Checkpoint(folder, 1);
        KMeans.Options other = new KMeans.Options(50, 12, 5);
        for (KMeans.Options each : List.of(options, other)) {
            assertThatThrownBy(() -> KMeans.train(sample, each, kernels, endingAfter("k-means", 3), both))
                    .isInstanceOf(Killed.class);
        }
        assertThat(folder).isDirectoryContaining("glob:**/training-*.r4j");
        for (KMeans.Options each : List.of(options, other)) {
            assertThat(KMeans.train(sample, each, kernels, BuildContext.defaults(), both))
                    .isEqualTo(KMeans.train(sample, each, kernels, BuildContext.defaults()));
        }
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 7})
    void hierarchicalKMeansGoesOnWhereItWasEnded(int groups) throws IOException {
        FloatMatrix expected = HierarchicalKMeans.train(sample, options, kernels, BuildContext.defaults());
        BuildContext ending = endingAfter("hierarchical k-means", groups);
        assertThatThrownBy(() -> HierarchicalKMeans.train(sample, options, kernels, ending, checkpoint))
                .isInstanceOf(Killed.class);
        int[] told = new int[1];
        BuildContext counting = BuildContext.defaults().withProgress((stage, now, total) -> told[0]++);
        assertThat(HierarchicalKMeans.train(sample, options, kernels, counting, checkpoint))
                .isEqualTo(expected);
        assertThat(told[0]).as("groups done again").isEqualTo(8 - (groups - 1) / 2 * 2);
        assertThat(checkpoint.file()).doesNotExist();
    }

    @Test
    void withoutAnEndTheResultIsTheSame() throws IOException {
        assertThat(KMeans.train(sample, options, kernels, BuildContext.defaults(), checkpoint))
                .isEqualTo(KMeans.train(sample, options, kernels, BuildContext.defaults()));
        assertThat(HierarchicalKMeans.train(sample, options, kernels, BuildContext.defaults(), checkpoint))
                .isEqualTo(HierarchicalKMeans.train(sample, options, kernels, BuildContext.defaults()));
    }

    @Test
    void anotherTrainingIsRefused() {
        assertThatThrownBy(() -> KMeans.train(sample, options, kernels, endingAfter("k-means", 3), checkpoint))
                .isInstanceOf(Killed.class);
        BuildContext context = BuildContext.defaults();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KMeans.train(sample, new KMeans.Options(60, 12, 6), kernels, context, checkpoint))
                .withMessageContaining("another training")
                .withMessageContaining(checkpoint.file().toString());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KMeans.train(sample(2999), options, kernels, context, checkpoint))
                .withMessageContaining("another training");
        assertThatThrownBy(() -> HierarchicalKMeans.train(sample, options, kernels, context, checkpoint))
                .isInstanceOf(CorruptFileException.class)
                .hasMessageContaining("training-k-means");
        assertThat(checkpoint.file()).exists();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Checkpoint(checkpoint.file(), 0))
                .withMessageContaining("at least 1, got 0");
    }

    @Test
    void damageIsTold() throws IOException {
        assertThatThrownBy(() -> KMeans.train(sample, options, kernels, endingAfter("k-means", 5), checkpoint))
                .isInstanceOf(Killed.class);
        byte[] bytes = Files.readAllBytes(checkpoint.file());
        bytes[bytes.length / 2] ^= 4;
        Files.write(checkpoint.file(), bytes);
        assertThatThrownBy(() -> KMeans.train(sample, options, kernels, BuildContext.defaults(), checkpoint))
                .isInstanceOf(CorruptFileException.class);
    }

    @Test
    void aSampleIsNoLargerThanAnArray() {
        for (int d : new int[] {1, 128, 1 << 20}) {
            long most = TrainingSample.most(d);
            assertThat(most * d).isLessThanOrEqualTo(Integer.MAX_VALUE - 8L).isGreaterThan(Integer.MAX_VALUE - 8L - d);
        }
    }
}
