"""Times an iteration of FAISS's k-means at the sizes of KMeansBenchmark, on one thread.

python3 retrieval-bench/peers/faiss_kmeans.py [--shapes 200000x256x128,200000x1024x128]

The time of eleven iterations less that of one, over ten; the least of three rounds. Prints one JSON object: milliseconds an iteration.
"""

import argparse
import json
import time

from peer_settings import one_thread_at_its_best

one_thread_at_its_best()

import faiss

from numpy_faiss_kernels import vectors


def seconds(x, start, iterations):
    clustering = faiss.Clustering(x.shape[1], len(start))
    clustering.niter = iterations
    clustering.max_points_per_centroid = len(x)
    faiss.copy_array_to_vector(start.ravel(), clustering.centroids)
    begin = time.perf_counter()
    clustering.train(x, faiss.IndexFlatL2(x.shape[1]))
    return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shapes", default="200000x256x128,200000x1024x128")
    result = {"peer": "FAISS " + faiss.__version__}
    for shape in parser.parse_args().shapes.split(","):
        m, n, d = map(int, shape.split("x"))
        x, start = vectors(1, m, d), vectors(2, n, d)
        best = min((seconds(x, start, 11) - seconds(x, start, 1)) / 10 for _ in range(3))
        result[shape] = round(1000 * best, 1)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
