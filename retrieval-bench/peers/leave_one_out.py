"""Poses of photographs, each in a map of the others: retrieval4j beside OpenCV's SIFT with COLMAP's points; prints a table.

python3 leave_one_out.py --model DIR --images DIR --jar retrieval.jar [--localizer sfm] [--no-peer]

DIR of the model has COLMAP's cameras.txt and images.txt: poses and cameras are taken from there, points are not. The peer: SIFT
of OpenCV (1600 px, 4,000 keypoints, contrast 0.02, RootSIFT), pairs of the 20 nearest cameras, ratio 0.8 and mutual, verified
and triangulated by COLMAP with the given poses (program colmap, as Debian has it); a query's matches with every picture (ratio
0.75), AP3P in RANSAC within 6 px, refined on the inliers. A photograph without a pose counts as infinitely far.
"""

import argparse
import json
import pathlib
import sqlite3
import subprocess
import tempfile

import cv2
import numpy as np

from opencv_pnp import error as pose_error
from opencv_pnp import rotation

MODELS = {"SIMPLE_PINHOLE": 0, "PINHOLE": 1, "SIMPLE_RADIAL": 2, "RADIAL": 3, "OPENCV": 4, "FULL_OPENCV": 6}


def entries(file):
    return [line.split() for line in file.read_text().splitlines() if line.strip() and line[0] != "#"]


def numbers(pose):
    values = np.array([float(value) for value in pose])
    return rotation(values[:4]), values[4:]


def read_model(folder):
    """Poses as seven texts and cameras as texts, of each picture."""
    cameras = {fields[0]: fields[1:] for fields in entries(folder / "cameras.txt")}
    lines = [line for line in (folder / "images.txt").read_text().splitlines() if not line.startswith("#")]
    poses, of = {}, {}
    for line in lines[::2]:
        fields = line.split()
        if fields:
            name = fields[9]
            poses[name], of[name] = fields[1:8], cameras[fields[8]]
    return poses, of


class Peer:
    def __init__(self, images):
        self.images, self.known = images, {}

    def features(self, name):
        if name not in self.known:
            gray = cv2.imread(str(self.images / name), cv2.IMREAD_GRAYSCALE)
            height, width = gray.shape
            scale = min(1, 1600 / max(gray.shape))
            if scale < 1:
                gray = cv2.resize(gray, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
            sift = cv2.SIFT_create(nfeatures=4000, contrastThreshold=0.02)
            keypoints, descriptors = sift.detectAndCompute(gray, None)
            places = np.array([k.pt for k in keypoints]).reshape(-1, 2) + 0.5
            descriptors = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-9))
            self.known[name] = places * (width / gray.shape[1], height / gray.shape[0]), descriptors
        return self.known[name]

    @staticmethod
    def match(a, b, ratio):
        if len(a) < 2 or len(b) < 2:
            return np.zeros((0, 2), int)
        alike = a @ b.T
        two = np.argpartition(-alike, 1, axis=1)[:, :2]
        values = np.take_along_axis(alike, two, 1)
        best = np.take_along_axis(two, values.argmax(1)[:, None], 1)[:, 0]
        far = np.sqrt(np.maximum(2 - 2 * np.sort(values, axis=1), 0))
        right = (far[:, 1] < ratio * far[:, 0]) & (alike.argmax(0)[best] == np.arange(len(a)))
        rows = np.nonzero(right)[0]
        return np.column_stack((rows, best[rows]))

    def triangulate(self, poses, cameras, work):
        """COLMAP's points, and of each picture its keypoints that observe them."""
        (work / "in").mkdir(parents=True)
        (work / "out").mkdir()
        database = work / "database.db"
        log = open(work / "log.txt", "a")

        def colmap(*arguments):
            subprocess.run(["colmap", *map(str, arguments)], check=True, stdout=log, stderr=subprocess.STDOUT)

        colmap("database_creator", "--database_path", database)
        names = sorted(poses)
        with sqlite3.connect(database) as connection:
            for i, name in enumerate(names, 1):
                camera = cameras[name]
                parameters = np.array([float(value) for value in camera[3:]])
                connection.execute(
                    "insert into cameras values(?,?,?,?,?,1)",
                    (i, MODELS[camera[0]], int(camera[1]), int(camera[2]), parameters.tobytes()),
                )
                pose = [float(value) for value in poses[name]]
                connection.execute("insert into images values(?,?,?,?,?,?,?,?,?,?)", (i, name, i, *pose))
                places = self.features(name)[0].astype(np.float32)
                connection.execute("insert into keypoints values(?,?,?,?)", (i, len(places), 2, places.tobytes()))
        (work / "in/cameras.txt").write_text("".join(f"{i} {' '.join(cameras[n])}\n" for i, n in enumerate(names, 1)))
        (work / "in/images.txt").write_text(
            "".join(f"{i} {' '.join(poses[n])} {i} {n}\n\n" for i, n in enumerate(names, 1))
        )
        (work / "in/points3D.txt").write_text("")
        turned = {n: numbers(poses[n]) for n in names}
        centers = {n: -r.T @ t for n, (r, t) in turned.items()}
        pairs = set()
        for a in names:
            alike = [b for b in names if b != a and turned[a][0][2] @ turned[b][0][2] > 0]
            alike.sort(key=lambda b: np.linalg.norm(centers[a] - centers[b]))
            pairs |= {tuple(sorted((a, b))) for b in alike[:20]}
        with open(work / "matches.txt", "w") as file:
            for a, b in sorted(pairs):
                found = self.match(self.features(a)[1], self.features(b)[1], 0.8)
                if len(found) >= 8:
                    file.write(f"{a} {b}\n" + "".join(f"{i} {j}\n" for i, j in found) + "\n")
        colmap("matches_importer", "--database_path", database, "--match_list_path", work / "matches.txt",
               "--match_type", "raw", "--SiftMatching.use_gpu", "0")  # fmt: skip
        colmap("point_triangulator", "--database_path", database, "--image_path", self.images,
               "--input_path", work / "in", "--output_path", work / "out")  # fmt: skip
        colmap("model_converter", "--input_path", work / "out", "--output_path", work / "out", "--output_type", "TXT")
        points = {f[0]: np.array([float(v) for v in f[1:4]]) for f in entries(work / "out/points3D.txt")}
        lines = [line for line in (work / "out/images.txt").read_text().splitlines() if not line.startswith("#")]
        observed = {}
        for head, body in zip(lines[::2], lines[1::2]):
            ids = body.split()[2::3]
            observed[head.split()[9]] = [(k, point) for k, point in enumerate(ids) if point != "-1"]
        return points, observed

    def localize(self, name, camera, points, observed):
        places, descriptors = self.features(name)
        pairs = set()
        for other, seen in observed.items():
            if len(seen) >= 5:
                rows = [k for k, _ in seen]
                for a, b in self.match(descriptors, self.features(other)[1][rows], 0.75):
                    pairs.add((int(a), seen[b][1]))
        if len(pairs) < 4:
            return None
        pairs = sorted(pairs)
        world = np.array([points[point] for _, point in pairs])
        pixels = np.array([places[k] for k, _ in pairs])
        values = [float(value) for value in camera[3:]]
        single = camera[0] in ("SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL")
        fx, fy, cx, cy = (values[0], *values[:3]) if single else values[:4]
        lens = {"SIMPLE_RADIAL": values[3:4] + [0, 0, 0], "RADIAL": values[3:5] + [0, 0]}.get(camera[0], values[4:])
        k = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
        distortion = np.array(lens) if any(lens) else None
        cv2.setRNGSeed(1)
        found, r, t, inliers = cv2.solvePnPRansac(world, pixels, k, distortion, iterationsCount=20000,
                                                  reprojectionError=6.0, confidence=0.9999,
                                                  flags=cv2.SOLVEPNP_AP3P)  # fmt: skip
        if not found or inliers is None or len(inliers) < 4:
            return None
        rows = inliers[:, 0]
        r, t = cv2.solvePnPRefineLM(world[rows], pixels[rows], k, distortion, r, t)
        return cv2.Rodrigues(r)[0], t[:, 0]


def ours(jar, images, work, name, poses, cameras, localizer):
    work.mkdir(parents=True)
    others = [n for n in sorted(poses) if n != name]
    (work / "poses.txt").write_text("".join(f"{n} {' '.join(poses[n])}\n" for n in others))
    (work / "cameras.txt").write_text("".join(f"{n} {' '.join(cameras[n])}\n" for n in others))
    (work / "queries.txt").write_text(f"{name} {' '.join(cameras[name])}\n")
    run = ["java", "-jar", jar]
    subprocess.run(
        run + ["map", "build", "--images", images, "--poses", work / "poses.txt", "--cameras", work / "cameras.txt",
               "--output", work / "map"], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # fmt: skip
    line = subprocess.run(
        run + ["localize", "--map", work / "map", "--queries", work / "queries.txt", "--images", images,
               "--output", work / "found.txt", "--localizer", localizer, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.splitlines()[-1]  # fmt: skip
    answer = json.loads(line)
    return numbers([answer[k] for k in ("qw", "qx", "qy", "qz", "tx", "ty", "tz")]) if "qw" in answer else None


def error(found, true):
    angle, distance = (180.0, np.inf) if found is None else pose_error(*found, *true)
    return distance, angle


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--jar", type=pathlib.Path, required=True)
    parser.add_argument("--localizer", default="sfm")
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    poses, cameras = read_model(options.model)
    peer = Peer(options.images)
    errors = {"retrieval4j": [], **({} if options.no_peer else {"OpenCV, COLMAP": []})}
    print("| photograph | " + " | ".join(f"{name}: position, degrees" for name in errors) + " |")
    print("|---" * (1 + len(errors)) + "|")
    for name in sorted(poses):
        with tempfile.TemporaryDirectory() as temporary:
            work = pathlib.Path(temporary)
            true = numbers(poses[name])
            found = ours(options.jar, options.images, work / "ours", name, poses, cameras, options.localizer)
            errors["retrieval4j"].append(error(found, true))
            if not options.no_peer:
                others = {n: p for n, p in poses.items() if n != name}
                points, observed = peer.triangulate(others, cameras, work / "peer")
                found = peer.localize(name, cameras[name], points, observed)
                errors["OpenCV, COLMAP"].append(error(found, true))
        print(f"| {name} | " + " | ".join(f"{e[-1][0]:.5f}, {e[-1][1]:.4f}" for e in errors.values()) + " |", flush=True)
    for title, of in (("median", np.median), ("worst", np.max)):
        row = [of(np.array(e), axis=0) for e in errors.values()]
        print(f"| {title} | " + " | ".join(f"{p:.5f}, {d:.4f}" for p, d in row) + " |")


if __name__ == "__main__":
    main()
