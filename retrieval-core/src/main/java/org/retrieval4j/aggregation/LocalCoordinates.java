package org.retrieval4j.aggregation;

import java.util.Arrays;
import org.retrieval4j.api.BuildContext;
import org.retrieval4j.api.FloatMatrix;
import org.retrieval4j.kernel.Kernels;
import org.retrieval4j.learning.SymmetricEigen;

/**
 * The local coordinate systems of VLAD: for each cluster the eigenvectors of the second moments of its residuals in the
 * sample, not centered, largest first.
 *
 * <p>Delhumeau, Gosselin, Jégou, Pérez: Revisiting the VLAD image representation. ACM MM 2013, section 3.2.
 */
final class LocalCoordinates {
    private static final double FLOOR = 1e-12;

    private LocalCoordinates() {}

    /** Bases of all clusters below each other, (k·d) x d, directions in columns. O(n·d² + k·d³). */
    static FloatMatrix learn(
            FloatMatrix sample,
            FloatMatrix codebook,
            FloatMatrix centers,
            boolean normalized,
            Kernels kernels,
            BuildContext context) {
        int k = codebook.rows();
        int d = codebook.columns();
        int[] ids = new int[sample.rows()];
        try (Kernels.Operand operand = kernels.prepare(codebook)) {
            kernels.assign(sample, operand, ids);
        }
        float[] bases = new float[Math.multiplyExact(Math.multiplyExact(k, d), d)];
        double[][] moments = new double[d][d];
        double[] residual = new double[d];
        for (int cluster = 0; cluster < k; cluster++) {
            context.checkInterrupted();
            for (double[] row : moments) {
                Arrays.fill(row, 0);
            }
            for (int i = 0; i < ids.length; i++) {
                if (ids[i] == cluster && residual(sample, i, centers, cluster, normalized, residual)) {
                    addOuterProduct(moments, residual);
                }
            }
            SymmetricEigen eigen = SymmetricEigen.of(moments, context);
            for (int column = 0; column < d; column++) {
                double[] direction = eigen.vector(column);
                for (int row = 0; row < d; row++) {
                    bases[(cluster * d + row) * d + column] = (float) direction[row];
                }
            }
            context.progress().progress("local coordinates", cluster + 1, k);
        }
        return FloatMatrix.of(k * d, d, bases);
    }

    private static boolean residual(
            FloatMatrix sample, int row, FloatMatrix centers, int cluster, boolean normalized, double[] residual) {
        double square = 0;
        for (int j = 0; j < residual.length; j++) {
            residual[j] = (double) sample.get(row, j) - centers.get(cluster, j);
            square += residual[j] * residual[j];
        }
        if (!normalized) {
            return true;
        }
        double norm = Math.sqrt(square);
        if (norm < FLOOR) {
            return false;
        }
        for (int j = 0; j < residual.length; j++) {
            residual[j] /= norm;
        }
        return true;
    }

    private static void addOuterProduct(double[][] moments, double[] r) {
        for (int i = 0; i < r.length; i++) {
            double[] row = moments[i];
            double factor = r[i];
            for (int j = 0; j < row.length; j++) {
                row[j] += factor * r[j];
            }
        }
    }
}
