"""Times FAISS's HNSW and IVF-PQ beside ours, in turn, on one thread, and writes a table.

python3 faiss_indexes.py hnsw --n 100000
python3 faiss_indexes.py ivf-pq --n 1000000 [--program "java --add-modules jdk.incubator.vector -jar retrieval.jar"]

Vectors are made up: 128 values, 200 clusters of uneven size, directions of uneven strength. Recall@10 is against exact
search. The best of all rounds counts. `--around CMD` is put before each run of either side.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

import numpy as np

D = 128
PROGRAM = "java --add-modules jdk.incubator.vector -Xmx6g -jar retrieval-cli/target/retrieval.jar"


def vectors(seed, rows):
    random = np.random.default_rng(seed)
    strength = 1 / np.sqrt(1 + 0.1 * np.arange(D))
    centers = np.random.default_rng(7).normal(size=(200, D)) * strength
    chosen = (200 * random.random(rows) ** 1.5).astype(int)
    noise = random.normal(size=(rows, D)).astype("f4") * (0.6 * strength).astype("f4")
    return centers[chosen].astype("f4") + noise


def faiss_side(kind, folder, settings, k, lists):
    """Runs in a process of its own."""
    import faiss

    faiss.omp_set_num_threads(1)
    base, queries, truth = (np.load(os.path.join(folder, name + ".npy")) for name in ("base", "queries", "truth"))
    start = time.perf_counter()
    if kind == "hnsw":
        index = faiss.IndexHNSWFlat(D, 16)
        index.hnsw.efConstruction = 200
    else:
        index = faiss.index_factory(D, f"IVF{lists},PQ16")
        index.cp.max_points_per_centroid = 256
        index.train(base)
    index.add(base)
    built = time.perf_counter() - start
    for setting in settings:
        if kind == "hnsw":
            index.hnsw.efSearch = setting
        else:
            index.nprobe = setting
        index.search(queries, k)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            _, found = index.search(queries, k)
            times.append(time.perf_counter() - start)
        recall = np.mean([len(set(a) & set(b)) for a, b in zip(found, truth[:, :k])]) / k
        print(json.dumps(dict(setting=setting, recall=recall, qps=len(queries) / np.median(times), build=built)))


def our_side(kind, folder, settings, k, lists, program, around):
    if kind == "hnsw":
        index = ["--index", "hnsw(m=16,ef-construction=200,ef-search=1)"]
        index += ["--candidates", ",".join(map(str, settings))]
    else:
        index = ["--index", f"ivf-pq(lists={lists},subquantizers=16,refine=0)"]
        index += ["--sweep", "probes=" + ",".join(map(str, settings))]
    command = around + program + ["bench", "knn", "--metric", "l2", "-k", str(k), "--threads", "1", "--json"]
    for option, name in (("--base", "base"), ("--queries", "queries"), ("--truth", "truth")):
        command += [option, os.path.join(folder, name + ".npy")]
    lines = subprocess.run(command + index, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    for setting, line in zip(settings, map(json.loads, lines)):
        yield dict(setting=setting, recall=line["recall"], qps=line["queriesPerSecond"], build=line["buildSeconds"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["hnsw", "ivf-pq"])
    parser.add_argument("--n", type=int, default=100000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--settings", help="ef or probes, separated by commas")
    parser.add_argument("--lists", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--around", default="")
    parser.add_argument("--folder", help="where vectors are kept; a temporary folder without it")
    parser.add_argument("--faiss-only", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    settings = arguments.settings or ("10,16,24,32,48,64" if arguments.kind == "hnsw" else "16")
    settings = [int(setting) for setting in settings.split(",")]
    folder = arguments.folder or tempfile.mkdtemp()
    k = 10
    if arguments.faiss_only:
        faiss_side(arguments.kind, folder, settings, k, arguments.lists)
        return
    if not os.path.exists(os.path.join(folder, "truth.npy")):
        import faiss

        os.makedirs(folder, exist_ok=True)
        base, queries = vectors(1, arguments.n), vectors(2, arguments.queries)
        exact = faiss.IndexFlatL2(D)
        exact.add(base)
        np.save(os.path.join(folder, "base.npy"), base)
        np.save(os.path.join(folder, "queries.npy"), queries)
        np.save(os.path.join(folder, "truth.npy"), exact.search(queries, k)[1])
        del exact, base
    around = shlex.split(arguments.around)
    results = {"FAISS": {}, "retrieval4j": {}}
    for _ in range(arguments.rounds):
        again = around + [sys.executable, __file__, arguments.kind, "--faiss-only", "--folder", folder]
        again += ["--settings", ",".join(map(str, settings)), "--lists", str(arguments.lists)]
        lines = subprocess.run(again, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        ours = our_side(arguments.kind, folder, settings, k, arguments.lists, shlex.split(arguments.program), around)
        for side, rows in (("FAISS", map(json.loads, lines)), ("retrieval4j", ours)):
            for row in rows:
                best = results[side].setdefault(row["setting"], row)
                best["qps"] = max(best["qps"], row["qps"])
                best["build"] = min(best["build"], row["build"])
    name = "ef" if arguments.kind == "hnsw" else "probes"
    print(f"| {name} | FAISS recall@10 | FAISS queries/s | build, s | our recall@10 | our queries/s | build, s | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for setting in settings:
        a, b = results["FAISS"][setting], results["retrieval4j"][setting]
        print(
            f"| {setting} | {a['recall']:.4f} | {a['qps']:.0f} | {a['build']:.1f}"
            f" | {b['recall']:.4f} | {b['qps']:.0f} | {b['build']:.1f} | {b['qps'] / a['qps']:.2f} |"
        )


if __name__ == "__main__":
    main()
