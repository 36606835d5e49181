"""Times VLAD and Fisher vectors in numpy, as two matrix products each, at the sizes of VladBenchmark.

python3 numpy_aggregation.py [--rounds N]

Run it with OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1. Prints one JSON object: median milliseconds a picture.
"""

import argparse
import json
import statistics
import time

import numpy as np

from numpy_faiss_kernels import vectors


def vlad(x, codebook, half_norms):
    scores = x @ codebook.T
    scores -= half_norms
    assignment = np.zeros((len(codebook), len(x)), "f")
    assignment[scores.argmax(1), np.arange(len(x))] = 1
    v = assignment @ x
    v -= assignment.sum(1)[:, None] * codebook
    v /= np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
    return v / np.linalg.norm(v)


def fisher(x, weights, means, variances):
    inverse = 1 / variances
    constants = np.log(weights) - 0.5 * (np.log(variances).sum(1) + (means * means * inverse).sum(1))
    logs = x @ (means * inverse).T - 0.5 * ((x * x) @ inverse.T) + constants
    logs -= logs.max(1, keepdims=True)
    p = np.exp(logs)
    p /= p.sum(1, keepdims=True)
    zero, first, second = p.sum(0)[:, None], p.T @ x, p.T @ (x * x)
    u = (first - zero * means) * np.sqrt(inverse) / np.sqrt(weights)[:, None]
    v = ((second - 2 * means * first + zero * means * means) * inverse - zero) / np.sqrt(2 * weights)[:, None]
    return np.concatenate([u, v]) / len(x)


def median(rounds, call):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    result = {"peer": "numpy " + np.__version__}
    for clusters in (64, 256):
        x, codebook = vectors(1, 1000, 128), vectors(2, clusters, 128)
        half_norms = 0.5 * (codebook * codebook).sum(1)
        result[f"vlad 1000x128, {clusters}"] = median(rounds, lambda: vlad(x, codebook, half_norms))
    x, means = vectors(1, 1000, 64), vectors(2, 64, 64)
    variances, weights = np.full((64, 64), 0.004, "f"), np.full(64, 1 / 64, "f")
    result["fisher 1000x64, 64"] = median(rounds, lambda: fisher(x, weights, means, variances))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
