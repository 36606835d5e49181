"""Times an OpenCV loop that decodes pictures and computes SIFT with the settings of `sift`, and does nothing else.

python3 opencv_indexing.py IMAGES [--threads N] [--rounds N]

Two loops are timed, one with the threads inside OpenCV and one with a picture a thread; the faster counts. Prints one
JSON object.
"""

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import cv2


def features(path):
    image = cv2.imread(path, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        return 0
    scale = 1024 / max(image.shape)
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    sift = cv2.SIFT_create(nfeatures=2000, contrastThreshold=0.04, enable_precise_upscale=True)
    return len(sift.detectAndCompute(image, None)[0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("images")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    files = [os.path.join(arguments.images, name) for name in sorted(os.listdir(arguments.images))]
    inside, beside, found = [], [], 0
    for _ in range(arguments.rounds):
        cv2.setNumThreads(arguments.threads)
        start = time.perf_counter()
        found = sum(features(file) for file in files)
        inside.append(time.perf_counter() - start)
        if arguments.threads > 1:
            cv2.setNumThreads(1)
            with ThreadPoolExecutor(arguments.threads) as pool:
                start = time.perf_counter()
                found = sum(pool.map(features, files))
                beside.append(time.perf_counter() - start)
    print(
        json.dumps(
            {
                "peer": "OpenCV " + cv2.__version__ + " decode + SIFT",
                "threads": arguments.threads,
                "images": len(files),
                "features": found,
                "indexing_ms": 1000 * min(inside + beside),
            }
        )
    )


if __name__ == "__main__":
    main()
