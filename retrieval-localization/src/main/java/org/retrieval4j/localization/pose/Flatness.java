package org.retrieval4j.localization.pose;

import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;

/** Whether points lie near a plane. */
final class Flatness {
    private Flatness() {}

    /**
     * Fits a plane.
     *
     * @param points three numbers each
     * @param rows which of them
     * @param center receives their middle
     * @param normal receives the plane's normal
     * @param flat largest ratio of the standard deviation across the plane to the smaller one in it
     * @return true if they are that flat
     */
    static boolean of(double[] points, int[] rows, double[] center, double[] normal, double flat) {
        for (int row : rows) {
            for (int i = 0; i < 3; i++) {
                center[i] += points[3 * row + i] / rows.length;
            }
        }
        double[][] scatter = new double[3][3];
        for (int row : rows) {
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    scatter[i][j] += (points[3 * row + i] - center[i]) * (points[3 * row + j] - center[j]);
                }
            }
        }
        EigenDecomposition eigen = new EigenDecomposition(new Array2DRowRealMatrix(scatter, false));
        System.arraycopy(eigen.getEigenvector(2).toArray(), 0, normal, 0, 3);
        return Math.max(0, eigen.getRealEigenvalue(2)) <= flat * flat * eigen.getRealEigenvalue(1);
    }
}
