"""Times NetVLAD in numpy and PyTorch: a picture's vector from 196 descriptors of size 512 with 64 clusters, and an iteration
of training over 24 such pictures, as TrainingBenchmark does it.

python3 torch_netvlad.py [--rounds N] [--threads N]

Run it with OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 for one thread. Prints one JSON object: median milliseconds.
"""

import argparse
import json
import statistics
import time

import numpy as np


def median(rounds, call):
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def numpy_netvlad(x, w, b, c):
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    a = x @ w.T + b
    a = np.exp(a - a.max(1, keepdims=True))
    a /= a.sum(1, keepdims=True)
    v = a.T @ x - a.sum(0)[:, None] * c
    v /= np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
    v = v.ravel()
    return v / np.linalg.norm(v)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(1)
    x = random.standard_normal((24, 196, 512)).astype("f")
    c = random.standard_normal((64, 512)).astype("f")
    c /= np.linalg.norm(c, axis=1, keepdims=True)
    w, b = 2 * 10 * c, np.full(64, -10, "f")
    result = {"numpy": np.__version__, "threads": options.threads}
    result["numpy netvlad 196x512, 64"] = median(options.rounds, lambda: numpy_netvlad(x[0], w, b, c))
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(options.threads)
    result["torch"] = torch.__version__

    def netvlad(features, weight, bias, centers):
        features = F.normalize(features, dim=2)
        a = torch.softmax(features @ weight.T + bias, dim=2)
        v = a.transpose(1, 2) @ features - a.sum(1)[:, :, None] * centers
        return F.normalize(F.normalize(v, dim=2).flatten(1), dim=1)

    t = torch.from_numpy(x)
    weight, bias, centers = (torch.from_numpy(array.copy()) for array in (w, b, c))
    with torch.inference_mode():
        result["torch netvlad 196x512, 64"] = median(options.rounds, lambda: netvlad(t[:1], weight, bias, centers))
    parameters = [torch.nn.Parameter(p) for p in (weight, bias, centers)]
    adam = torch.optim.Adam(parameters, lr=1e-5)

    def iteration():
        adam.zero_grad()
        v = netvlad(t, *parameters).view(4, 6, -1)
        q, p, n = v[:, :1], v[:, 1:2], v[:, 2:]
        loss = F.relu(((q - p) ** 2).sum(2) + 0.1 - ((q - n) ** 2).sum(2)).sum()
        loss.backward()
        adam.step()

    result["torch iteration 24x196x512, 64"] = median(options.rounds, iteration)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
