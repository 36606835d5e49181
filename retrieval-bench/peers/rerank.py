"""k-reciprocal re-ranking and diffusion: retrieval4j beside numpy and scipy, on one thread; prints a table.

python3 rerank.py --jar retrieval-cli/target/retrieval.jar [--images 10000] [--queries 100] [--dimension 512] [--rounds 3]

Vectors are made up: clusters of twenty, of length 1. numpy does what the published script does (all distances, sorted
lists, dense encodings, a loop over items); scipy solves (I - 0.99 S) f = y by conjugate gradients for each query. Both must
find the same first ten images as retrieval4j for at least 99 of 100 places. Times of retrieval4j are those of `retrieval knn`
(searchSeconds; buildSeconds of diffusion is its graph), processes alternate, medians of the rounds.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402
import scipy.sparse as sparse  # noqa: E402
import scipy.sparse.linalg as linalg  # noqa: E402


def vectors(images, queries, dimension):
    random = np.random.default_rng(1)
    centers = random.standard_normal((images // 20, dimension))
    def around(count):
        rows = centers[random.integers(0, len(centers), count)] + 1.1 * random.standard_normal((count, dimension))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return around(images), around(queries)


def reciprocal(queries, images, k1=20, k2=6, weight=0.3):
    x = np.vstack([queries, images])
    n, q = len(x), len(queries)
    distances = np.maximum(0, 2 - 2 * (x @ x.T))
    distances /= distances.max(axis=0)
    distances = distances.T
    ranks = np.argsort(distances, axis=1)[:, : k1 + 1].astype(np.int32)
    half = int(np.around(k1 / 2)) + 1
    codes = np.zeros_like(distances)

    def mutual(i, k):
        forward = ranks[i, :k]
        return forward[(ranks[forward, :k] == i).any(axis=1)]

    for i in range(n):
        base = mutual(i, k1 + 1)
        members = base
        for candidate in base:
            others = mutual(candidate, half)
            if len(np.intersect1d(others, base)) > 2 / 3 * len(others):
                members = np.append(members, others)
        members = np.unique(members)
        weights = np.exp(-distances[i, members])
        codes[i, members] = weights / weights.sum()
    original = distances[:q]
    averaged = np.empty_like(codes)
    for i in range(n):
        averaged[i] = codes[ranks[i, :k2]].mean(axis=0)
    codes = averaged
    lists = [np.nonzero(codes[:, i])[0] for i in range(n)]
    jaccard = np.empty_like(original)
    for i in range(q):
        common = np.zeros(n, dtype=np.float32)
        for j in np.nonzero(codes[i])[0]:
            common[lists[j]] += np.minimum(codes[i, j], codes[lists[j], j])
        jaccard[i] = 1 - common / (2 - common)
    return ((1 - weight) * jaccard + weight * original)[:, q:]


def graph(images, kd=50, gamma=3):
    n = len(images)
    rows, columns, values = [], [], []
    for start in range(0, n, 1000):
        similar = images[start : start + 1000] @ images.T
        nearest = np.argpartition(-similar, kd, axis=1)[:, :kd]
        rows.append(np.repeat(np.arange(start, start + len(similar)), kd))
        columns.append(nearest.ravel())
        values.append(np.take_along_axis(similar, nearest, axis=1).ravel())
    rows, columns, values = map(np.concatenate, (rows, columns, values))
    keep = (rows != columns) & (values > 0)
    a = sparse.csr_matrix((values[keep].astype(np.float64) ** gamma, (rows[keep], columns[keep])), shape=(n, n))
    a = a.minimum(a.T).tocsr()
    degree = sparse.diags(1 / np.sqrt(np.asarray(a.sum(axis=1)).ravel() + 1e-12))
    return sparse.eye(n, format="csr") - 0.99 * (degree @ a @ degree).tocsr()


def diffuse(system, queries, images, kq=10, gamma=3):
    similar = queries @ images.T
    results = []
    for row in similar:
        y = np.zeros(len(images))
        first = np.argpartition(-row, kq)[:kq]
        y[first] = np.maximum(row[first], 0).astype(np.float64) ** gamma
        results.append(linalg.cg(system, y, rtol=1e-6, atol=0)[0])
    return np.array(results)


def retrieval(arguments, folder, stage):
    command = ["java", "-jar", arguments.jar, "knn", "--index", "flat(metric=cosine) | " + stage, "--base",
               str(folder / "x.npy"), "--queries", str(folder / "q.npy"), "-k", "10", "--threads", "1", "--repeat", "1",
               "--output-ids", str(folder / "i.npy"), "--output-scores", str(folder / "s.npy"), "--json"]  # fmt: skip
    line = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return line["buildSeconds"], line["searchSeconds"], np.load(folder / "i.npy")


def agreement(scores, ids):
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    return np.mean([len(set(a) & set(b)) / 10 for a, b in zip(expected, ids)])


def timed(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jar", required=True, type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("--images", type=int, default=10000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    images, queries = vectors(arguments.images, arguments.queries, arguments.dimension)
    times = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        np.save(folder / "x.npy", images)
        np.save(folder / "q.npy", queries)
        for _ in range(arguments.rounds):
            seconds, distances = timed(lambda: reciprocal(queries, images))
            times.setdefault("k-reciprocal, numpy", []).append(seconds)
            _, seconds, ids = retrieval(arguments, folder, "k-reciprocal(first=0)")
            times.setdefault("k-reciprocal, retrieval4j", []).append(seconds)
            same = agreement(-distances, ids)
            assert same > 0.99, same
            seconds, system = timed(lambda: graph(images))
            times.setdefault("graph, numpy", []).append(seconds)
            seconds, flows = timed(lambda: diffuse(system, queries, images))
            times.setdefault("diffusion, scipy", []).append(seconds)
            build, seconds, ids = retrieval(arguments, folder, "diffusion")
            times.setdefault("graph, retrieval4j", []).append(build)
            times.setdefault("diffusion, retrieval4j", []).append(seconds)
            same = agreement(flows, ids)
            assert same > 0.99, same
    medians = {name: statistics.median(values) for name, values in times.items()}
    print("| | retrieval4j, s | peer, s | ratio |\n|---|---|---|---|")
    for what, peer in (("k-reciprocal", "numpy"), ("graph", "numpy"), ("diffusion", "scipy")):
        ours, theirs = medians[f"{what}, retrieval4j"], medians[f"{what}, {peer}"]
        print(f"| {what} | {ours:.3f} | {theirs:.3f} ({peer}) | {ours / theirs:.2f} |")


if __name__ == "__main__":
    main()
