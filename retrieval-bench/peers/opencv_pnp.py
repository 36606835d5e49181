"""Camera poses among outliers: retrieval4j beside OpenCV on problems made up here; prints a table.

python3 opencv_pnp.py [--problems 200] [--sizes 100,1000] [--outliers 0,30,50,70,90] [--timed 10]

Problems are those of the reference whose times of PoseLib are known: f = 800, 1024 x 768, depths 2 to 40, noise of 1 px,
outliers anywhere in the picture. Errors are medians over all problems, divided by those of least squares on the right
correspondences. A failure is no pose, or one more than 2 degrees or 1 unit away. Times are medians, one thread, in
processor time for OpenCV; "PoseLib" is OpenCV's AP3P time here multiplied by the ratio of PoseLib (100 iterations at least) to
the same function of OpenCV 4.6, both measured on the reference's machine.
"""

import argparse
import pathlib
import subprocess
import tempfile
import time

import cv2
import numpy as np

BENCH = pathlib.Path(__file__).resolve().parent.parent
CAMERA = np.array([[800.0, 0, 512], [0, 800, 384], [0, 0, 1]])
# PoseLib a69263d with at least 100 iterations, and OpenCV 4.6, milliseconds on one machine
REFERENCE = {
    (0, 100): (0.51, 0.20), (0, 1000): (5.31, 0.41), (0, 5000): (21.07, 2.06),
    (30, 100): (0.45, 0.64), (30, 1000): (2.92, 1.91), (30, 5000): (19.44, 6.78),
    (50, 100): (0.46, 3.39), (50, 1000): (3.56, 7.56), (50, 5000): (21.35, 22.51),
    (70, 100): (1.14, 18.98), (70, 1000): (7.53, 46.34), (70, 5000): (37.38, 186.10),
    (90, 100): (32.15, 168.13), (90, 1000): (152.06, 410.71), (90, 5000): (708.10, 1480.04),
}  # fmt: skip
USAC = {"USAC": cv2.USAC_DEFAULT, "USAC accurate": cv2.USAC_ACCURATE, "USAC MAGSAC": cv2.USAC_MAGSAC}


def rotation(q):
    w, x, y, z = q / np.linalg.norm(q)
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip


def problem(random, n, outliers):
    pixels = random.uniform((0, 0), (1024, 768), (n, 2))
    depths = random.uniform(2, 40, n)
    seen = np.column_stack(((pixels - (512, 384)) / 800, np.ones(n))) * depths[:, None]
    r, t = rotation(random.normal(size=4)), random.normal(scale=10, size=3)
    right = np.ones(n, bool)
    right[random.permutation(n)[: round(n * outliers)]] = False
    noisy = pixels + random.normal(size=(n, 2))
    noisy[~right] = random.uniform((0, 0), (1024, 768), (np.count_nonzero(~right), 2))
    return (seen - t) @ r, noisy, right, r, t


def error(r, t, true_r, true_t):
    # 2 asin of half the chord: exact for small angles
    angle = 2 * np.degrees(np.arcsin(min(1, np.linalg.norm(r - true_r) / np.sqrt(8))))
    return angle, np.linalg.norm(r.T @ t - true_r.T @ true_t)


def opencv(points, pixels, flags):
    start = time.process_time()
    try:
        found, vector, t, _ = cv2.solvePnPRansac(
            points, pixels, CAMERA, None, iterationsCount=10000 if flags == cv2.SOLVEPNP_AP3P else 100000,
            reprojectionError=4, confidence=0.9999, flags=flags)  # fmt: skip
    except cv2.error:
        found = False
    seconds = time.process_time() - start
    return (cv2.Rodrigues(vector)[0], t.ravel()) if found else None, seconds


def ours(points, pixels):
    with tempfile.TemporaryDirectory() as folder:
        x, u, result = (str(pathlib.Path(folder) / name) for name in ("X.npy", "u.npy", "result.npy"))
        np.save(x, points)
        np.save(u, pixels)
        path = f"{BENCH / 'target/benchmarks.jar'}:{BENCH / 'target/lib'}/*"
        camera = "PINHOLE 1024 768 800 800 512 384"
        subprocess.run(["java", "-cp", path, "org.retrieval4j.bench.PoseProblems", x, u, camera, result], check=True)
        return np.load(result)


def failed(pose, truth):
    return pose is None or error(*pose, *truth)[0] > 2 or error(*pose, *truth)[1] > 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--sizes", default="100,1000")
    parser.add_argument("--outliers", default="0,30,50,70,90")
    parser.add_argument("--timed", type=int, default=10, help="problems that OpenCV's AP3P is timed on")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"OpenCV {cv2.__version__}; failures of {options.problems}; rotation / position error in those of least squares")
    print("| outliers | n | failures ours | " + " | ".join(USAC) + " | ours only | error ours | "
          + " | ".join(USAC) + " | ms ours | USAC | AP3P | PoseLib | ours / PoseLib |")  # fmt: skip
    print("|---" * (9 + 2 * len(USAC)) + "|---|---|")
    for size in map(int, options.sizes.split(",")):
        for percent in map(int, options.outliers.split(",")):
            random = np.random.default_rng([options.seed, size, percent])
            problems = [problem(random, size, percent / 100) for _ in range(options.problems)]
            results = ours(np.stack([p[0] for p in problems]), np.stack([p[1] for p in problems]))
            poses = {"ours": [(rotation(r[1:5]), r[5:8]) if r[0] else None for r in results]}
            seconds = {"ours": results[:, 9]}
            for name, flags in USAC.items():
                runs = [opencv(p[0], p[1], flags) for p in problems]
                poses[name], seconds[name] = zip(*runs)
            seconds["AP3P"] = [opencv(p[0], p[1], cv2.SOLVEPNP_AP3P)[1] for p in problems[: options.timed]]
            best = []
            for points, pixels, right, r, t in problems:
                vector, moved = cv2.solvePnPRefineLM(
                    points[right], pixels[right], CAMERA, None, cv2.Rodrigues(r)[0], t.copy().reshape(3, 1))
                best.append(error(cv2.Rodrigues(vector)[0], moved.ravel(), r, t))
            best = np.median(best, axis=0)
            fails = {name: [failed(p, q[3:]) for p, q in zip(found, problems)] for name, found in poses.items()}
            only = sum(o and not any(fails[name][i] for name in USAC) for i, o in enumerate(fails["ours"]))
            ratios = {}
            for name, found in poses.items():
                errors = [error(*p, *q[3:]) if p is not None else (180, np.inf) for p, q in zip(found, problems)]
                ratios[name] = "%.3f / %.3f" % tuple(np.median(errors, axis=0) / best)
            ms = {name: 1000 * np.median(values) for name, values in seconds.items()}
            poselib, old = REFERENCE.get((percent, size), (np.nan, np.nan))
            poselib *= ms["AP3P"] / old
            names = ["ours", *USAC]
            print(f"| {percent} % | {size} | " + " | ".join(str(sum(fails[name])) for name in names) + f" | {only} | "
                  + " | ".join(ratios[name] for name in names) + " | "
                  + " | ".join("%.2f" % ms[name] for name in ("ours", "USAC", "AP3P"))
                  + f" | {poselib:.2f} | {ms['ours'] / poselib:.2f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
