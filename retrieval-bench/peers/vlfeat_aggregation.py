"""Times VLAD (nearest clusters by brute force) and Fisher vectors of VLFeat at the sizes of VladBenchmark, on one thread.

python3 retrieval-bench/peers/vlfeat_aggregation.py [--vlfeat FOLDER]

Compiles vlfeat_aggregation.c with gcc. VLFeat is Debian's libvlfeat-dev and libvlfeat1, installed, or unpacked into a folder:

apt-get download libvlfeat-dev libvlfeat1 && for f in libvlfeat*.deb; do dpkg -x "$f" FOLDER; done

Prints one JSON object: median milliseconds a picture, or the reason why there are none.
"""

import argparse
import glob
import json
import os
import subprocess
import tempfile


def skipped(reason):
    print(json.dumps({"peer": "VLFeat", "skipped": reason}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vlfeat", default="/")
    root = os.path.abspath(parser.parse_args().vlfeat)
    libraries = glob.glob(os.path.join(root, "usr/lib/*/libvl.so")) + glob.glob(os.path.join(root, "usr/lib/libvl.so"))
    if not libraries or not os.path.exists(os.path.join(root, "usr/include/vl/vlad.h")):
        return skipped("there is no VLFeat under " + root)
    folder = os.path.dirname(libraries[0])
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vlfeat_aggregation.c")
    with tempfile.TemporaryDirectory() as work:
        program = os.path.join(work, "peer")
        command = ["gcc", "-O3", "-march=native", "-I", os.path.join(root, "usr/include"), source, "-o", program]
        try:
            done = subprocess.run(command + ["-L", folder, "-lvl", "-lm"], capture_output=True, text=True)
        except FileNotFoundError:
            return skipped("there is no gcc")
        if done.returncode != 0:
            return skipped("it does not compile: " + done.stderr.strip())
        subprocess.run([program], check=True, env={**os.environ, "LD_LIBRARY_PATH": folder, "OMP_NUM_THREADS": "1"})


if __name__ == "__main__":
    main()
