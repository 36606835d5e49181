"""Makes a hard set for verification: real views of the same things, each made worse in its own way, among distractors.

python3 hard_set.py IMAGES LOCALIZATION OUTPUT [--graf JAR] [--seed N]

IMAGES holds landmarks/, chair/, lund/ and pixabay/, LOCALIZATION the folders buddha/, berlin/ and maupertuis-openmvg/
with images/; JAR is org.openimaj:test-resources, for graf. Writes OUTPUT/images and OUTPUT/truth.csv, rows of
"query,relevant,relevant,…" for `retrieval evaluate ranking`, and OUTPUT/relevant.csv, the same by names in images/ for
`retrieval experiment`.

Every real view gives one picture: a part of it, shrunk, turned, foreshortened, in other light, partly hidden behind a
piece of an unrelated photograph, blurred, noisy, compressed. Two pictures of one thing are always made of two real views,
so the change of viewpoint, depth and light between those is in every right pair. Pieces that hide something are used once
each and come from photographs that are no distractors. The rest of pixabay, several parts of each, are the distractors.
"""

import argparse
import csv
import os
import zipfile

import cv2
import numpy as np

SIDE = 1024  # longer side of a view before it is made worse
PARTS = 4  # distractors made of one photograph
OCCLUDER_EVERY = 5  # one photograph of pixabay in so many is cut up to hide things
GRAF = "org/openimaj/image/feature/validator/graf/img%d.ppm"


def read(data):
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)  # turned upright by EXIF
    scale = SIDE / max(image.shape)
    return image if scale >= 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def load(path):
    with open(path, "rb") as file:
        return read(file.read())


def views(images, localization, jar):
    """Lists of real views that show one thing."""
    groups = {}
    for name in sorted(os.listdir(images + "/landmarks")):
        if name.endswith(".jpg"):
            groups.setdefault(name[: -len("_01.jpg")], []).append(load(images + "/landmarks/" + name))
    groups["chair"] = [load(images + "/chair/image%03d.jpg" % i) for i in range(7)]
    for first in (1, 12, 23):  # parts of the walk that lie 60 m and more from each other
        groups["lund%02d" % first] = [load(images + "/lund/%02d.jpg" % i) for i in range(first, first + 5)]
    for name in ("buddha", "berlin", "maupertuis-openmvg"):
        folder = localization + "/" + name + "/images/"
        groups[name] = [load(folder + file) for file in sorted(os.listdir(folder))]
    if jar:
        with zipfile.ZipFile(jar) as archive:
            groups["graf"] = [read(archive.read(GRAF % i)) for i in range(1, 7)]
    return groups


def part(image, rng, smallest, largest):
    height, width = image.shape[:2]
    share = rng.uniform(smallest, largest)
    h, w = int(height * share), int(width * share)
    y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    return image[y : y + h, x : x + w]


def foreshorten(image, rng):
    """As if the camera had stood elsewhere before a wall: turned about all three axes."""
    height, width = image.shape[:2]
    focal = 1.2 * max(height, width)
    yaw, pitch, roll = np.radians(rng.uniform((-30, -15, -10), (30, 15, 10)))
    turn = np.eye(3)
    for axis, angle in ((1, yaw), (0, pitch), (2, roll)):
        turn = cv2.Rodrigues(np.eye(3)[axis] * angle)[0] @ turn
    camera = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    wall = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 0.0]])
    h = camera @ (turn @ wall + np.array([[0, 0, 0], [0, 0, 0], [0, 0, focal]]))
    corners = cv2.perspectiveTransform(np.float64([[[0, 0], [width, 0], [width, height], [0, height]]]), h)[0]
    low, high = corners.min(0), corners.max(0)
    scale = min(1, max(height, width) / (high - low).max())
    shift = np.array([[scale, 0, -scale * low[0]], [0, scale, -scale * low[1]], [0, 0, 1]])
    size = tuple(np.ceil(scale * (high - low)).astype(int).tolist())
    return cv2.warpPerspective(image, shift @ h, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)


def relight(image, rng):
    """Another exposure, another color of light, a shade from one side."""
    height, width = image.shape[:2]
    values = (image / 255.0) ** rng.uniform(0.6, 1.7) * rng.uniform(0.75, 1.0, 3)
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.6)
    y, x = np.mgrid[0:height, 0:width]
    along = np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5)
    values *= (1 - depth * (along + 0.5).clip(0, 1))[..., None]
    return (255 * values).clip(0, 255).astype(np.uint8)


def hide(image, piece, rng):
    height, width = image.shape[:2]
    h, w = int(height * rng.uniform(0.2, 0.5)), int(width * rng.uniform(0.2, 0.5))
    y, x = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
    image[y : y + h, x : x + w] = cv2.resize(piece, (w, h), interpolation=cv2.INTER_AREA)
    return image


def resize(image, longer):
    scale = longer / max(image.shape)
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def finish(image, rng):
    """Blur, noise and compression; returns a file's bytes."""
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.1))
    image = (image + rng.normal(0, rng.uniform(0, 6), image.shape)).clip(0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 75))])[1].tobytes()


def pieces(photographs, rng):
    """Every piece of a grid of 3 x 3, in random order."""
    cut = []
    for image in photographs:
        h, w = image.shape[0] // 3, image.shape[1] // 3
        cut += [image[i * h : (i + 1) * h, j * w : (j + 1) * w] for i in range(3) for j in range(3)]
    return [cut[i] for i in rng.permutation(len(cut))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("images")
    parser.add_argument("localization")
    parser.add_argument("output")
    parser.add_argument("--graf", default="")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    folder = arguments.output + "/images/"
    os.makedirs(folder)
    unrelated = sorted(f for f in os.listdir(arguments.images + "/pixabay") if f.endswith(".jpg"))
    photographs = [load(arguments.images + "/pixabay/" + file) for file in unrelated]
    hiding = pieces(photographs[::OCCLUDER_EVERY], rng)
    names = {}
    for group, images in sorted(views(arguments.images, arguments.localization, arguments.graf).items()):
        for i, image in enumerate(images):
            image = resize(part(image, rng, 0.6, 0.95), rng.uniform(400, 900))
            image = relight(foreshorten(image, rng), rng)
            name = "%s_%02d.jpg" % (group, i)
            with open(folder + name, "wb") as file:
                file.write(finish(hide(image, hiding.pop(), rng), rng))
            names.setdefault(group, []).append(name)
    distractors = [f for i, f in enumerate(photographs) if i % OCCLUDER_EVERY]
    for i, image in enumerate(distractors):
        for j in range(PARTS):
            made = relight(foreshorten(resize(part(image, rng, 0.4, 0.9), rng.uniform(320, 1024)), rng), rng)
            with open(folder + "other_%02d_%d.jpg" % (i, j), "wb") as file:
                file.write(finish(made, rng))
    for table, start in (("truth.csv", folder), ("relevant.csv", "")):
        with open(arguments.output + "/" + table, "w", newline="") as file:
            rows = csv.writer(file)
            for group in names.values():
                for name in group:
                    rows.writerow([start + name] + [start + other for other in group if other != name])
    print("%d queries, %d pictures" % (sum(map(len, names.values())), len(os.listdir(folder))))


if __name__ == "__main__":
    main()
