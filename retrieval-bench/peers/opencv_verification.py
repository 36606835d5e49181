"""Times OpenCV's verification of a query's candidates: brute-force matcher, ratio test, fundamental matrix by MAGSAC.

python3 opencv_verification.py FEATURES [--rounds N]

FEATURES is a folder written by org.retrieval4j.bench.PhotographFeatures. Prints one JSON object.
"""

import argparse
import glob
import json
import time

import cv2
import numpy as np


def load(prefix):
    return np.load(prefix + "-points.npy"), np.load(prefix + "-descriptors.npy")


def pairs(matcher, query, candidate):
    kept = [m for m, n in matcher.knnMatch(query, candidate, k=2) if m.distance < 0.8 * n.distance]
    return np.array([(m.queryIdx, m.trainIdx) for m in kept], dtype=int).reshape(-1, 2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("features")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    query = load(arguments.features + "/query")
    candidates = [load(f[: -len("-points.npy")]) for f in sorted(glob.glob(arguments.features + "/candidate-*-points.npy"))]
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    matching, whole, inliers = [], [], []
    for _ in range(arguments.rounds):
        inliers = []
        start = time.perf_counter()
        spent = 0.0
        for points, descriptors in candidates:
            before = time.perf_counter()
            found = pairs(matcher, query[1], descriptors)
            spent += time.perf_counter() - before
            mask = None
            if len(found) >= 8:
                _, mask = cv2.findFundamentalMat(
                    query[0][found[:, 0]], points[found[:, 1]], cv2.USAC_MAGSAC, 2.0, 0.999, 2000
                )
            inliers.append(0 if mask is None else int(mask.sum()))
        whole.append(1000 * (time.perf_counter() - start))
        matching.append(1000 * spent)
    print(
        json.dumps(
            {
                "peer": "OpenCV " + cv2.__version__ + " BFMatcher + USAC_MAGSAC",
                "threads": 1,
                "candidates": len(candidates),
                "features": int(np.mean([len(c[0]) for c in candidates])),
                "matching_ms": min(matching),
                "verification_ms": min(whole),
                "inliers": inliers,
            }
        )
    )


if __name__ == "__main__":
    main()
