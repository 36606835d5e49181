"""Times exact search of `retrieval knn` and of FAISS's flat indexes in turn and writes a Markdown table.

python3 retrieval-bench/peers/faiss_knn.py [--shapes 100000x512,1000000x128] [--queries 1,100] [--rounds 3]
    [--java "java -jar retrieval-cli/target/retrieval.jar"] [--metric ip]

One thread each. The peer is the fastest of IndexFlatL2 and IndexFlatIP, each with FAISS's default and with
`distance_compute_blas_threshold` 20: by default FAISS 1.15 multiplies without BLAS up to some hundred queries, ten times
slower. A round is FAISS, then Java without and with the
vector module; each time is a median of searches after a warm-up, the ratio is FAISS's time over ours, its median over the
rounds is stated and its range.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import tempfile
import time

from peer_settings import one_thread_at_its_best

one_thread_at_its_best()

import faiss
import numpy as np

from numpy_faiss_kernels import vectors

MODULE = ["--add-modules", "jdk.incubator.vector"]


def faiss_seconds(base, queries, k):
    best = float("inf")
    default = faiss.cvar.distance_compute_blas_threshold
    for make in (faiss.IndexFlatL2, faiss.IndexFlatIP):
        index = make(base.shape[1])
        index.add(base)
        for threshold in (default, 20):
            faiss.cvar.distance_compute_blas_threshold = threshold
            times, start = [], time.perf_counter()
            while len(times) < 4 or time.perf_counter() - start < 1:
                begin = time.perf_counter()
                index.search(queries, k)
                times.append(time.perf_counter() - begin)
            best = min(best, statistics.median(times[1:]))
    faiss.cvar.distance_compute_blas_threshold = default
    return best


def java_answer(java, flags, folder, metric, k):
    command = shlex.split(java)
    command = command[:1] + flags + command[1:]
    command += ["knn", "--metric", metric, "--base", folder + "/base.npy", "--queries", folder + "/queries.npy"]
    command += ["-k", str(k), "--output-ids", folder + "/ids.npy", "--output-scores", folder + "/scores.npy"]
    command += ["--threads", "1", "--repeat", "5", "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shapes", default="100000x512,1000000x128,100000x2048")
    parser.add_argument("--queries", default="1,100,1000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--metric", default="ip")
    parser.add_argument("--java", default="java -jar retrieval-cli/target/retrieval.jar")
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    print("| n x d | queries | FAISS " + faiss.__version__ + " ms | kernel | ours ms | FAISS / ours (range) |")
    print("|---|---|---|---|---|---|")
    for shape in options.shapes.split(","):
        n, d = map(int, shape.split("x"))
        base = vectors(1, n, d)
        with tempfile.TemporaryDirectory() as folder:
            np.save(folder + "/base.npy", base)
            for q in map(int, options.queries.split(",")):
                queries = vectors(2, q, d)
                np.save(folder + "/queries.npy", queries)
                peer, ours, ratios = [], {}, {}
                for _ in range(options.rounds):
                    peer.append(faiss_seconds(base, queries, 100))
                    for flags in ([], MODULE):
                        answer = java_answer(options.java, flags, folder, options.metric, 100)
                        name = answer["kernel"]
                        ours.setdefault(name, []).append(answer["searchSeconds"])
                        ratios.setdefault(name, []).append(peer[-1] / answer["searchSeconds"])
                for name, times in ours.items():
                    ratio = ratios[name]
                    print(
                        f"| {shape} | {q} | {1000 * statistics.median(peer):.1f} | {name} "
                        f"| {1000 * statistics.median(times):.1f} "
                        f"| {statistics.median(ratio):.2f} ({min(ratio):.2f}–{max(ratio):.2f}) |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
