package org.retrieval4j.aggregation;

/** Posteriors, EM and Fisher vectors in plain double loops, straight from the formulas. */
final class FisherOracle {
    final int k;
    final int d;
    double[] weights;
    double[] means;
    double[] variances;

    FisherOracle(double[] weights, double[] means, double[] variances) {
        this.k = weights.length;
        this.d = means.length / k;
        this.weights = weights.clone();
        this.means = means.clone();
        this.variances = variances.clone();
    }

    /** Writes n x k posteriors, returns the log-likelihood of all. */
    double posteriors(double[] x, double smallestWeight, double[] posteriors) {
        double all = 0;
        for (int i = 0; i < x.length / d; i++) {
            double[] logs = new double[k];
            double largest = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < k; c++) {
                logs[c] = weights[c] < smallestWeight ? Double.NEGATIVE_INFINITY : Math.log(weights[c]);
                for (int j = 0; j < d; j++) {
                    double difference = x[i * d + j] - means[c * d + j];
                    logs[c] -= 0.5
                            * (Math.log(2 * Math.PI * variances[c * d + j])
                                    + difference * difference / variances[c * d + j]);
                }
                largest = Math.max(largest, logs[c]);
            }
            double sum = 0;
            for (int c = 0; c < k; c++) {
                posteriors[i * k + c] = Math.exp(logs[c] - largest);
                sum += posteriors[i * k + c];
            }
            for (int c = 0; c < k; c++) {
                posteriors[i * k + c] /= sum;
            }
            all += largest + Math.log(sum);
        }
        return all;
    }

    void maximize(double[] x, double[] posteriors) {
        int n = x.length / d;
        for (int c = 0; c < k; c++) {
            double total = 0;
            for (int i = 0; i < n; i++) {
                total += posteriors[i * k + c];
            }
            weights[c] = total / n;
            for (int j = 0; j < d; j++) {
                double mean = 0;
                for (int i = 0; i < n; i++) {
                    mean += posteriors[i * k + c] * x[i * d + j] / total;
                }
                double variance = 0;
                for (int i = 0; i < n; i++) {
                    double difference = x[i * d + j] - mean;
                    variance += posteriors[i * k + c] * difference * difference / total;
                }
                means[c * d + j] = mean;
                variances[c * d + j] = variance;
            }
        }
    }

    double[] encode(double[] x, int flags) {
        int n = x.length / d;
        double[] posteriors = new double[n * k];
        posteriors(x, 1e-6, posteriors);
        double[] v = new double[2 * k * d];
        for (int i = 0; i < n; i++) {
            int best = 0;
            for (int c = 1; c < k; c++) {
                best = posteriors[i * k + c] > posteriors[i * k + best] ? c : best;
            }
            for (int c = 0; c < k; c++) {
                double posterior = (flags & 4) == 0 ? posteriors[i * k + c] : (c == best ? 1 : 0);
                if (posterior < 1e-6 || weights[c] < 1e-6) {
                    continue;
                }
                for (int j = 0; j < d; j++) {
                    double z = (x[i * d + j] - means[c * d + j]) / Math.sqrt(variances[c * d + j]);
                    v[c * d + j] += posterior * z / (n * Math.sqrt(weights[c]));
                    v[(k + c) * d + j] += posterior * (z * z - 1) / (n * Math.sqrt(2 * weights[c]));
                }
            }
        }
        double square = 0;
        for (int i = 0; i < v.length; i++) {
            v[i] = (flags & 1) == 0 ? v[i] : Math.signum(v[i]) * Math.sqrt(Math.abs(v[i]));
            square += v[i] * v[i];
        }
        for (int i = 0; i < v.length && (flags & 2) != 0; i++) {
            v[i] /= Math.max(1e-12, Math.sqrt(square));
        }
        return v;
    }
}
