package org.retrieval4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.retrieval4j.api.FloatMatrix;

class ScalarKernelsTest extends KernelsContract {
    @Override
    protected Kernels kernels() {
        return new ScalarKernels();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 37, 700})
    void aProductHasTheSameBitsInEveryBatch(int n) {
        Random random = new Random(5);
        FloatMatrix x = KernelsContract.gaussian(random, 37, 150);
        FloatMatrix y = KernelsContract.gaussian(random, n, 150);
        Kernels.Operand prepared = kernels().prepare(y);
        float[] all = new float[37 * n];
        kernels().products(x, prepared, all);
        float[] some = new float[n];
        int different = 0;
        for (int i = 0; i < 37; i++) {
            kernels().products(x.rows(i, i + 1), prepared, some);
            for (int j = 0; j < n; j++) {
                different += some[j] == all[i * n + j] ? 0 : 1;
            }
        }
        assertThat(different).isZero();
    }

    @Test
    void theQuickExponentialIsRightToTwoUnitsInTheLastPlace() {
        double worst = 0;
        for (float x = 0; x > -87; x -= 0.00137f) {
            double exact = Math.exp(x);
            worst = Math.max(worst, Math.abs(SoftSums.exp(x) - exact) / Math.ulp((float) exact));
        }
        assertThat(worst).isLessThan(2);
        assertThat(SoftSums.exp(0)).isEqualTo(1);
        assertThat(SoftSums.exp(-88)).isZero();
        assertThat(SoftSums.exp(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(SoftSums.exp(Float.NaN)).isNaN();
    }
}
