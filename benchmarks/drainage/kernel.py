"""Speed of the surface kernel: all wet with real flow, by scheme, precision and threads; beside Itzi's and the memory.

Itzi (the compiled flow module of its wheel, which has the same physics) and landlab's OverlandFlow are timed in the
same run where they are installed. The triad a = b + s·c says what the memory gives; a step must at least read and
write a cell's depth and fluxes and read its bed: 56 bytes in double, 36 in single precision (roughness is one value
here).

Run it with `python benchmarks/drainage/kernel.py [--large]`.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from drainage.surface import Surface, make_surface
from drainage.sweep import surface_step
from twin.places import FloatArray, Grid

CELL_M, MANNING, STEP_S = 5.0, 0.03, 0.5
BYTES = {"double": 56, "single": 36}
REPEATS = 5


def ground_and_water(n: int) -> tuple[FloatArray, FloatArray]:
    """Rough ground under about 1 m of water that is nowhere level."""
    rng = np.random.default_rng(1)
    return rng.random((n, n)) * 0.3, 1.0 + 0.2 * rng.random((n, n))


@njit(nogil=True, cache=True)
def steps(ground: Any, water: Any, count: int) -> None:
    for _ in range(count):
        surface_step(ground, water, STEP_S)


def best(action: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Shortest of some repeats, s."""
    found = []
    for _ in range(REPEATS):
        begun = clock()
        action()
        found.append(clock() - begun)
    return min(found)


def ours(n: int, scheme: str, precision: str, threads: int) -> tuple[float, float]:
    """Million cell updates a second, and relative change of the volume. One thread: CPU time; more: wall time."""
    bed, depth = ground_and_water(n)
    surface: Surface = make_surface(
        Grid(0, 0, CELL_M, n, n), bed, MANNING, scheme=scheme, precision=precision, threads=threads
    )
    surface.fill(depth)
    start, count = surface.volume(), max(30_000_000 // (n * n), 2)
    steps(surface.ground, surface.water, 1)
    clock = time.process_time if threads == 1 else time.perf_counter
    seconds = best(lambda: steps(surface.ground, surface.water, count), clock)
    return count * n * n / seconds / 1e6, abs(surface.volume() / start - 1)


@njit(nogil=True, cache=True, fastmath=True)
def triad(a: Any, b: Any, c: Any, s: float) -> None:
    for i in range(a.size):
        a[i] = b[i] + s * c[i]


def bandwidth(n: int) -> float:
    """GB/s of a triad on three arrays of together about the bytes that a step of n² cells touches."""
    a, b, c = (np.ones(n * n * 2) for _ in range(3))
    triad(a, b, c, 2.0)
    return 3 * a.nbytes / best(lambda: triad(a, b, c, 2.0)) / 1e9


def itzi(n: int) -> float | None:
    """Million cell updates a second of Itzi's solve_q and solve_h in double precision; None where it is missing."""
    spec = importlib.util.find_spec("itzi")
    if spec is None or not spec.submodule_search_locations:
        return None
    file = next(Path(next(iter(spec.submodule_search_locations))).glob("flow.*.so"), None)
    if file is None:
        return None
    found = importlib.util.spec_from_file_location("itzi.flow", file)
    assert found is not None
    assert found.loader is not None
    flow = importlib.util.module_from_spec(found)
    found.loader.exec_module(flow)
    bed, depth = ground_and_water(n)

    def padded(values: float | FloatArray = 0.0) -> FloatArray:
        out = np.zeros((n + 2, n + 2))
        out[1:-1, 1:-1] = values
        return out

    z, h, rough, none = padded(bed), padded(depth), padded(MANNING), padded(-1.0)
    qe, qs, new_e, new_s, hfe, hfs = (padded() for _ in range(6))
    kind, value, gathered, outside, deepest, error, v, direction, fastest, froude = (padded() for _ in range(10))

    def step() -> None:
        nonlocal qe, qs, new_e, new_s
        flow.solve_q(none, none, z, rough, h, qe, qs, hfe, hfs, kind, value, new_e, new_s, gathered,
                     STEP_S, CELL_M, CELL_M, 9.81, 0.9, 1e-3, 0.1, 0.1)  # fmt: skip
        flow.solve_h(outside, new_e, new_s, kind, value, h, deepest, gathered, error, hfe, hfs, v, direction, fastest,
                     froude, CELL_M, CELL_M, STEP_S, 9.81)  # fmt: skip
        qe, new_e, qs, new_s = new_e, qe, new_s, qs

    step()
    return n * n / best(step) / 1e6


def landlab(n: int) -> float | None:
    """Million cell updates a second of landlab's OverlandFlow; None where it is missing."""
    if importlib.util.find_spec("landlab") is None:
        return None
    from landlab import RasterModelGrid
    from landlab.components import OverlandFlow

    bed, depth = ground_and_water(n)
    grid = RasterModelGrid((n, n), xy_spacing=CELL_M)
    grid.add_field("topographic__elevation", bed.ravel(), at="node")
    grid.add_field("surface_water__depth", depth.ravel(), at="node")
    flow = OverlandFlow(grid, mannings_n=MANNING, theta=0.9)
    flow.run_one_step(dt=STEP_S)
    return n * n / best(lambda: flow.run_one_step(dt=STEP_S)) / 1e6


def main() -> None:
    for n in (1000, 4000) if "--large" in sys.argv else (1000,):
        memory = bandwidth(n)
        rates = {}
        print(f"{n}² wet cells; triad of one thread {memory:.1f} GB/s")
        print(f"{'scheme':10s}{'precision':11s}{'threads':>7s}{'Mcell/s':>9s}{'of triad':>10s}{'mass':>9s}")
        for scheme in ("inertial", "vector"):
            for precision in ("single", "double"):
                for threads in (1, 2):
                    rate, mass = ours(n, scheme, precision, threads)
                    rates[scheme, precision, threads] = rate
                    share = rate * BYTES[precision] / 1e3 / memory
                    print(f"{scheme:10s}{precision:11s}{threads:7d}{rate:9.0f}{share:10.0%}{mass:9.0e}")
        for name, peer in (("Itzi's flow module", itzi(n)), ("landlab OverlandFlow", landlab(n) if n < 2000 else None)):
            if peer is None:
                print(f"{name}: not installed, or too slow here")
                continue
            same = rates["vector", "double", 1]
            print(f"{name}: {peer:.1f} Mcell/s, double, one thread: ours, the same, {same / peer:.1f} ×;"
                  f" single {rates['vector', 'single', 1] / peer:.1f} ×")  # fmt: skip


if __name__ == "__main__":
    main()
