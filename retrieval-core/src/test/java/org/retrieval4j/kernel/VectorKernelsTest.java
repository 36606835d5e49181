package org.retrieval4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.retrieval4j.api.FloatMatrix;

class VectorKernelsTest extends KernelsContract {
    @Override
    protected Kernels kernels() {
        Kernels vector = new VectorKernels();
        assumeTrue(vector.unavailable().isEmpty(), () -> vector.unavailable().orElse(""));
        return vector;
    }

    @Test
    void aProductHasTheSameBitsInEveryBatch() {
        Random random = new Random(5);
        FloatMatrix x = KernelsContract.gaussian(random, 37, 150);
        FloatMatrix y = KernelsContract.gaussian(random, 700, 150);
        Kernels.Operand prepared = kernels().prepare(y);
        float[] all = new float[37 * 700];
        kernels().products(x, prepared, all);
        float[] some = new float[700];
        int different = 0;
        for (int i = 0; i < 37; i++) {
            kernels().products(x.rows(i, i + 1), prepared, some);
            for (int j = 0; j < 700; j++) {
                different += some[j] == all[i * 700 + j] ? 0 : 1;
            }
        }
        assertThat(different).isZero();
    }
}
