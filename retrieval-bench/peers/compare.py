"""Runs the Java benchmarks and their peers in turn, several rounds, and writes one Markdown table.

python3 retrieval-bench/peers/compare.py [--images FOLDER] [--threads N] [--rounds N] [--only PART] [--output FILE.md]

Run it in the root of the project after `mvn package -DskipTests`. FOLDER holds pictures for indexing, of which the
first 21 serve verification; without it, graf and a few photographs from Maven do. A peer whose Python module is missing
is left out. Of each time the least of all rounds counts: other work on the machine only adds to it.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(os.path.dirname(HERE), "target")
JAR = os.path.join(TARGET, "benchmarks.jar")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PHOTOGRAPHS = (".ppm", "photo.JPG", "bird.png", "signtext.jpg", "aestheticode.jpg")


def run(command, environment=None):
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **(environment or {})}
    ).stdout


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return (done.stdout + done.stderr).splitlines()[0]


def peer(script, *arguments):
    done = subprocess.run(
        [sys.executable, os.path.join(HERE, script), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **ONE_THREAD},
    )
    if done.returncode != 0:
        print(script + " left out: " + done.stderr.strip().splitlines()[-1], file=sys.stderr)
        return None
    return json.loads(done.stdout)


def java(benchmark, scratch, *parameters):
    output = os.path.join(scratch, "jmh.json")
    command = ["java", "-jar", JAR, benchmark, "-rf", "json", "-rff", output]
    for parameter in parameters:
        command += ["-p", parameter]
    run(command)
    with open(output, encoding="utf-8") as file:
        return json.load(file)


def least(entry):
    return min(value for fork in entry["primaryMetric"]["rawData"] for value in fork)


class Table:
    """The least time of each row over all rounds."""

    def __init__(self):
        self.rows = {}

    def add(self, what, who, milliseconds):
        times = self.rows.setdefault(what, {})
        times[who] = min(milliseconds, times.get(who, float("inf")))

    def markdown(self):
        lines = ["| what | ours | peer | ours ms | peer ms | peer / ours |", "|---|---|---|---|---|---|"]
        for what, times in self.rows.items():
            ours = {who: t for who, t in times.items() if who.startswith("retrieval4j")}
            peers = {who: t for who, t in times.items() if who not in ours} or {"-": None}
            for mine, t in ours.items():
                for other, u in peers.items():
                    u_text, ratio = ("-", "-") if u is None else (f"{u:.2f}", f"{u / t:.2f}")
                    lines.append(f"| {what} | {mine} | {other} | {t:.2f} | {u_text} | {ratio} |")
        return "\n".join(lines)


def kernels(table, scratch, options):
    for entry in java("ProductsBenchmark|AssignBenchmark", scratch):
        kind = "products" if "Products" in entry["benchmark"] else "assign"
        table.add(kind + " " + entry["params"]["shape"], "retrieval4j " + entry["params"]["kernel"], least(entry))
    result = peer("numpy_faiss_kernels.py")
    if result:
        names = result["peer"].split(", ")
        for shape, time in result["products_ms"].items():
            table.add("products " + shape, names[0], time)
        for shape, time in result["assign_ms"].items():
            table.add("assign " + shape, names[-1], time)


def verification(table, scratch, options):
    features = os.path.join(scratch, "features")
    where = [options.images] if options.images else []
    if not os.path.isdir(features):
        run(["java", "-cp", JAR, "org.retrieval4j.bench.PhotographFeatures", features, *where])
    images = "images=" + (options.images or "")
    for entry in java("MatchingBenchmark", scratch, images):
        table.add("matching 20 pictures", "retrieval4j " + entry["params"]["kernel"], 20 * least(entry))
    for entry in java("VerificationBenchmark", scratch, images):
        table.add("verification of 20 pictures", "retrieval4j " + entry["params"]["verifier"], least(entry))
    result = peer("opencv_verification.py", features)
    if result:
        table.add("matching 20 pictures", result["peer"].split(" + ")[0], result["matching_ms"])
        table.add("verification of 20 pictures", result["peer"], result["verification_ms"])


def indexing(table, scratch, options):
    images = options.images
    if not images:
        images = os.path.join(scratch, "pictures")
        if not os.path.isdir(images):
            os.mkdir(images)
            with zipfile.ZipFile(os.path.join(TARGET, "lib", "test-resources-1.3.10.jar")) as jar:
                for name in jar.namelist():
                    if name.endswith(PHOTOGRAPHS):
                        with open(os.path.join(images, name.replace("/", "-")), "wb") as file:
                            file.write(jar.read(name))
    what = f"indexing {len(os.listdir(images))} pictures, {options.threads} threads"
    for entry in java("IndexingBenchmark", scratch, "images=" + images, f"threads={options.threads}"):
        table.add(what, "retrieval4j sift, vlad, flat", least(entry))
    result = peer("opencv_indexing.py", images, "--threads", str(options.threads))
    if result:
        table.add(what, result["peer"], result["indexing_ms"])


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def main():
    parts = {"kernels": kernels, "verification": verification, "indexing": indexing}
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", default="")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=parts)
    parser.add_argument("--output")
    options = parser.parse_args()
    options.images = os.path.abspath(options.images) if options.images else ""
    table = Table()
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(options.rounds):
            for name, part in parts.items():
                if options.only in (None, name):
                    part(table, scratch, options)
    commit = first_line(["git", "rev-parse", "--short", "HEAD"])
    text = "\n".join(
        [
            f"Processor: {processor()}, {os.cpu_count()} cores; {first_line(['java', '-version'])}; "
            f"Python {platform.python_version()}; commit {commit}; {datetime.date.today()}; "
            f"least of {options.rounds} rounds in turn; one thread except indexing.",
            "",
            table.markdown(),
            "",
        ]
    )
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)
    print(text)


if __name__ == "__main__":
    main()
