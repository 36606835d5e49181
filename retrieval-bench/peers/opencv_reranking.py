"""Reorders ranked lists by OpenCV: SIFT, brute-force matcher, fundamental matrix by MAGSAC; prints mean average precision.

python3 opencv_reranking.py RANKED.jsonl TRUTH.csv [--verify N …] [--ratio R] [--error PIXELS]

RANKED.jsonl is the output of `retrieval search --json -k M` with M the size of the database. As there, the first N of a
list are verified, the query being one of them; pairs with an accepted model come first, by number of inliers, the rest
follow unchanged; the query is left out of its own list.
"""

import argparse
import csv
import json

import cv2
import numpy as np

MIN_INLIERS = 15  # random matches agree with some matrix by a dozen


def features(path):
    image = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    scale = 1024 / max(image.shape)
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    keypoints, descriptors = cv2.SIFT_create(2000).detectAndCompute(image, None)
    if descriptors is None:
        descriptors = np.zeros((0, 128), np.float32)
    descriptors = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-9))
    return np.array([k.pt for k in keypoints], np.float32).reshape(-1, 2), descriptors


def inliers(query, candidate, ratio, error):
    if len(query[0]) < 8 or len(candidate[0]) < 8:
        return 0
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(query[1], candidate[1], k=2)
    kept = [m for m, n in pairs if m.distance < ratio * n.distance]
    if len(kept) < 8:
        return 0
    first = query[0][[m.queryIdx for m in kept]]
    second = candidate[0][[m.trainIdx for m in kept]]
    try:
        mask = cv2.findFundamentalMat(first, second, cv2.USAC_MAGSAC, error, 0.999, 2000)[1]
    except cv2.error:  # thrown for a few pairs without any model
        return 0
    return 0 if mask is None else int(mask.sum())


def average_precision(ranked, relevant):
    hits = [place for place, name in enumerate(ranked, 1) if name in relevant]
    return sum(i / place for i, place in enumerate(hits, 1)) / len(relevant)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ranked")
    parser.add_argument("truth")
    parser.add_argument("--verify", type=int, nargs="+", default=[0, 20, 50])
    parser.add_argument("--ratio", type=float, default=0.8)
    parser.add_argument("--error", type=float, default=2.0)
    arguments = parser.parse_args()
    with open(arguments.truth, newline="") as file:
        truth = {row[0]: set(row[1:]) for row in csv.reader(file)}
    with open(arguments.ranked) as file:
        ranked = {line["query"]: [hit["image"] for hit in line["hits"]] for line in map(json.loads, file)}
    known = {}
    precision = {n: [] for n in arguments.verify}
    for query, relevant in truth.items():
        names = ranked[query]
        found = {}
        for name in names[: max(arguments.verify)]:
            if name != query:
                for file in (query, name):
                    if file not in known:
                        known[file] = features(file)
                found[name] = inliers(known[query], known[name], arguments.ratio, arguments.error)
        for n in arguments.verify:
            good = [name for name in names[:n] if found.get(name, 0) >= MIN_INLIERS]
            good.sort(key=lambda name: -found[name])
            order = good + [name for name in names if name not in set(good)]
            precision[n].append(average_precision([name for name in order if name != query], relevant))
    print(json.dumps({"verify %d" % n: round(float(np.mean(v)), 4) for n, v in precision.items()}))


if __name__ == "__main__":
    main()
