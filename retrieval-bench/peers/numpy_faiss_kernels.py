"""Times numpy's products and, where installed, FAISS's assignment at the shapes of the Java benchmarks.

python3 numpy_faiss_kernels.py [--rounds N]

Run it with OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1. Prints one JSON object.
"""

import argparse
import json
import time

import numpy as np

try:
    import faiss
except ImportError:
    faiss = None

PRODUCTS = ["1x100000x128", "100x10000x512", "1000x64x128", "2000x2000x128"]
ASSIGN = ["100x64x128", "2000x64x128", "2000x256x128", "2000x1024x128"]


def vectors(seed, rows, columns):
    centers = np.abs(np.random.default_rng(7).standard_normal((200, columns))).astype("f")
    random = np.random.default_rng(seed)
    values = centers[random.integers(0, 200, rows)] + np.abs(random.standard_normal((rows, columns))).astype("f")
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def best(rounds, call):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    result = {"peer": "numpy " + np.__version__, "threads": 1, "products_ms": {}, "assign_ms": {}}
    for shape in PRODUCTS:
        m, n, d = map(int, shape.split("x"))
        x, y = vectors(1, m, d), vectors(2, n, d)
        out = np.empty((m, n), "f")
        result["products_ms"][shape] = best(arguments.rounds, lambda: np.dot(x, y.T, out=out))
    if faiss is not None:
        faiss.omp_set_num_threads(1)
        result["peer"] += ", FAISS " + faiss.__version__
        for shape in ASSIGN:
            m, n, d = map(int, shape.split("x"))
            x = vectors(1, m, d)
            index = faiss.IndexFlatL2(d)
            index.add(vectors(2, n, d))
            result["assign_ms"][shape] = best(arguments.rounds, lambda: index.search(x, 1))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
