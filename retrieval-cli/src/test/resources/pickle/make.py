"""Writes the pickles of this folder: python3 make.py (Python 3.11, numpy 2.4)."""
import pickle

import numpy as np

queries = [
    {"bbx": [136.5, 34.1, 648.5, 955.7], "easy": np.array([0, 1]), "hard": [2], "junk": np.array([3], dtype=">i4")},
    {"bbx": np.array([1, 2, 300, 400], dtype=np.float32), "easy": np.array([]), "hard": [np.int64(4)],
     "junk": np.array([0.0, 1.0])},
]
values = {
    "none": None, "truth": (True, False), "whole": [0, 255, 256, 65535, 65536, -5, 2**40, 2**62, -(2**63)],
    "real": [0.1, -2.5e300, float("inf")], "bytes": [b"", b"\x00\xff\n'\\"], "text": ["", "a\nb\\", "Köln 🏰"],
    "nested": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [[]], {}),
    "half": np.array([0.5, -2, np.inf, 6e-8], dtype=np.float16), "small": np.array([-128, 127], dtype=np.int8),
    "unsigned": np.array([0, 65535], dtype=np.uint16), "flags": np.array([True, False]),
    "names": np.array(["a", "Köln"]), "tags": np.array([b"a", b"bc"]), "objects": np.array(["x", None], dtype=object),
    "matrix": np.asfortranarray(np.arange(6).reshape(2, 3)), "scalars": [np.float32(0.5), np.uint8(7), np.bool_(True)],
    "long text": "x" * 300,
}
values["again"] = values["whole"]
truth = {"imlist": ["a", "b", "Köln", "d", "e", "f"], "qimlist": ["q0", "q1"], "gnd": queries, "values": values}
for protocol in range(6):
    with open(f"protocol{protocol}.pkl", "wb") as file:
        pickle.dump(truth, file, protocol)


class Attack:
    def __reduce__(self):
        return print, ("this ran",)


for protocol in (0, 2, 4):
    with open(f"attack{protocol}.pkl", "wb") as file:
        pickle.dump({"imlist": ["a"], "gnd": Attack()}, file, protocol)
