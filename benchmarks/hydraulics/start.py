"""What it costs to start: import, first solve with kernels to compile, first solve with kernels kept.

    python benchmarks/hydraulics/start.py

The cold run compiles into an empty folder of its own (NUMBA_CACHE_DIR), so nothing of the installation is touched.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

CODE = """
import time
begun = time.perf_counter()
import hydraulics.fast.solver, hydraulics.fast.eps, hydraulics.fast.queue
from hydraulics.fast.arrays import read
print(f"import {time.perf_counter() - begun:.2f} s", end=", ")
network = read(PATH)
begun = time.perf_counter()
hydraulics.fast.solver.Engine(network).settle()
print(f"first solve {time.perf_counter() - begun:.2f} s")
"""


def main() -> None:
    """Print the cold and the warm start."""
    from networks import wntr_library

    code = CODE.replace("PATH", repr(str(wntr_library() / "Net1.inp")))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("cold", "warm"):
            environment = os.environ | {"NUMBA_CACHE_DIR": str(Path(folder))}
            done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
            print(f"{name}: {done.stdout.strip() or done.stderr.strip()}")


if __name__ == "__main__":
    main()
