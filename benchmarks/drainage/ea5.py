"""Environment Agency Test 5 to 7,200 s: CPU time and mass error, against LISFLOOD-FP 8.1 ACC's recorded 174 s.

Run it with `python benchmarks/drainage/ea5.py`; it needs the benchmark's data in ../shared/data.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared" / "data" / "drainage" / "flood2d" / "ea_test5"
LISFLOOD_S, GOAL_S = 174.0, 17.0
CHUNK_S = 5.0


def main() -> None:
    if not FOLDER.exists():
        print(f"{FOLDER} is missing: nothing to measure here")
        return
    sys.path.insert(0, str(ROOT / "tests" / "validation" / "drainage"))
    from test_ea_test5 import END_S, VARIANTS, read

    print(f"{'':26s}{'CPU s':>8s}{'× LISFLOOD-FP':>15s}{'steps':>8s}{'Mcell/s':>9s}{'mass error':>12s}")
    for name, more in VARIANTS.items():
        surface, inflow, _, _ = read(FOLDER, **more)
        surface.flow(0.0, 1e-6)
        debt, came, updates = np.zeros(inflow.size), 0.0, 0.0
        begun = time.process_time()
        for k in range(int(END_S / CHUNK_S)):
            rate = float(np.interp((k + 0.5) * CHUNK_S, [0, 300, 600, 1200, 6000], [0, 0, 15, 15, 0]))
            volumes = np.full(inflow.size, rate * surface.grid.cell_m * CHUNK_S)
            before = surface.steps
            surface.flow(k * CHUNK_S, CHUNK_S, 0.0, inflow, volumes, debt)
            came += float(volumes.sum())
            updates += (surface.steps - before) * float(surface.water.busy.sum()) * 128
        seconds = time.process_time() - begun
        print(f"{name:26s}{seconds:8.1f}{LISFLOOD_S / seconds:15.1f}{surface.steps:8d}{updates / seconds / 1e6:9.0f}"
              f"{abs(surface.volume() / came - 1):12.1e}")  # fmt: skip
    print(f"goal: {GOAL_S:.0f} s, 1e-10. Cell updates are those of the tiles in work, of 128 cells each")


if __name__ == "__main__":
    main()
