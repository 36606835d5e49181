"""Settings that let a peer run as fast as it can; imported before the peer."""

import os


def one_thread_at_its_best():
    """One thread; and OpenBLAS 0.3.15 of FAISS's wheel takes SSE for processors made after it, so name one it knows."""
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        with open("/proc/cpuinfo") as f:
            if " avx512f " in f.read():
                os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
    except OSError:
        pass
