"""Where openMVG's pixels lie: its keypoints beside those of OpenCV's SIFT, whose first pixel has its center at (0, 0).

python3 openmvg_first_pixel.py IMAGES FEATURES [--within 1]

FEATURES holds a NAME.feat (x y scale angle a line) for each NAME.jpg of IMAGES. Each keypoint of openMVG goes with OpenCV's
nearest one (exact doubling) if that is within some pixels; printed are medians of openMVG's x and y less OpenCV's, in pixels.
Were the center of its first pixel at (0.5, 0.5), both would be 0.5.
"""

import argparse
import pathlib

import cv2
import numpy as np


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("images", type=pathlib.Path)
    parser.add_argument("features", type=pathlib.Path)
    parser.add_argument("--within", type=float, default=1.0)
    options = parser.parse_args()
    sift = cv2.SIFT_create(contrastThreshold=0.02, enable_precise_upscale=True)
    print("| photograph | pairs, of openMVG's keypoints | x | y | distance |\n|---|---|---|---|---|")
    for file in sorted(options.images.glob("*.jpg")):
        theirs = np.loadtxt(options.features / (file.stem + ".feat"), ndmin=2)[:, :2]
        found = sift.detect(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), None)
        places = np.array([keypoint.pt for keypoint in found])
        offsets = []
        for place in theirs:
            differences = place - places
            nearest = np.argmin((differences**2).sum(axis=1))
            offsets.append(differences[nearest])
        offsets = np.array(offsets)
        lengths = np.hypot(offsets[:, 0], offsets[:, 1])
        near = lengths < options.within
        x, y = np.median(offsets[near], axis=0)
        print(
            f"| {file.name} | {near.sum()} of {len(theirs)} | {x:.4f} | {y:.4f} | {np.median(lengths[near]):.3f} |"
        )


if __name__ == "__main__":
    main()
