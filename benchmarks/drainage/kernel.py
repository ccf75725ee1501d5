"""Speed of the surface kernel on one thread: on wet and on mostly dry ground.

Run it with `python benchmarks/drainage/kernel.py`.
"""

from __future__ import annotations

import time

import numpy as np

from drainage.surface import make_surface
from twin.places import Grid


def kernel(ny: int, nx: int, wet_share: float) -> tuple[float, float]:
    """(million cell updates a second, milliseconds a step) on rough ground, part of it under 0.5 m of water."""
    rng = np.random.default_rng(1)
    surface = make_surface(Grid(0, 0, 5.0, nx, ny), rng.random((ny, nx)) * 0.3, 0.03, dry_m=1e-3)
    depth = np.zeros((ny, nx))
    side = wet_share**0.5
    depth[: int(ny * side), : int(nx * side)] = 0.5
    surface.fill(depth)
    surface.flow(0.0, 1.0)
    steps, begun = surface.steps, time.process_time()
    for k in range(20):
        surface.flow(1.0 + k, 5.0)
    cells = int(surface.water.work.sum()) * surface.grid.size / surface.water.work.size
    seconds, steps = time.process_time() - begun, surface.steps - steps
    return steps * cells / seconds / 1e6, 1e3 * seconds / steps


def main() -> None:
    for ny, nx, share in ((1000, 1000, 1.0), (300, 300, 1.0), (500, 650, 0.02)):
        rate, step = kernel(ny, nx, share)
        print(f"{ny} × {nx}, {share:4.0%} wet: {rate:6.1f} million cell updates/s, {step:.3f} ms a step")


if __name__ == "__main__":
    main()
