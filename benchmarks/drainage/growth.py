"""How cost grows with the number of cells, and a whole city: 2 million cells, 1,000 manholes, a storm.

Run it with `python benchmarks/drainage/growth.py` (cells 10⁴ to 10⁷), `... growth.py --city [hours]` (6 by default).
Memory is what the process grows by, over the number of cells, with the record of the flood. The city is made up here:
5 m cells that fall 1 in 500 to one side, streets 0.15 m below blocks of 45 m, 25 lines of 40 manholes, rain of 50 mm in
6 h with its peak after 2.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from kernel import ours

from drainage.config import DrainageConfig
from drainage.exchange import SURFACE_STEPS
from drainage.model import DrainageModel
from drainage.surface import make_surface
from twin.clock import US
from twin.model import Journal, Setup
from twin.places import Grid

SIDE, CELL_M = 1414, 5.0
LINES, MANHOLES, SPACING_M = 25, 40, 160.0
RAIN_MM, STORM_H, PEAK_H = 50.0, 6.0, 2.0


def resident_mb() -> float:
    """MB of this process that are in memory."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return float(next(line for line in status.read_text().splitlines() if line.startswith("VmRSS")).split()[1]) / 1e3


def cells() -> None:
    print(f"{'cells':>12s}{'bytes a cell':>14s}" + "".join(f"{s + ', ' + p:>20s}" for s, p in VARIANTS))
    for n in (100, 316, 1000, 3162):
        before = resident_mb()
        surface = make_surface(Grid(0, 0, CELL_M, n, n), np.zeros((n, n)), np.full((n, n), 0.03))
        surface.fill(np.ones((n, n)))
        surface.flow(0.0, 0.1)
        memory = (resident_mb() - before) * 1e6 / n**2
        del surface
        rates = [ours(n, scheme, precision, 1)[0] for scheme, precision in VARIANTS]
        print(f"{n * n:12,d}{memory:14.0f}" + "".join(f"{r:13.0f} Mcell/s" for r in rates))


VARIANTS = (("vector", "double"), ("vector", "single"), ("inertial", "single"))


def write_city(folder: Path) -> None:
    """Terrain and sewers of the city."""
    import rasterio
    from rasterio.transform import from_origin

    j, i = np.mgrid[0:SIDE, 0:SIDE]
    block = (j % 11 < 9) & (i % 11 < 9)
    z = 20.0 + 0.002 * CELL_M * i + 0.15 * block + 0.02 * np.random.default_rng(1).random(j.shape)
    place = from_origin(0.0, SIDE * CELL_M, CELL_M, CELL_M)
    with rasterio.open(
        folder / "ground.tif", "w", driver="GTiff", width=SIDE, height=SIDE, count=1, dtype="float32", transform=place
    ) as file:
        file.write(z[::-1].astype(np.float32), 1)
    nodes = [(r, c) for r in range(LINES) for c in range(MANHOLES)]
    x = {c: 300.0 + SPACING_M * c for c in range(MANHOLES)}
    rim = {c: 20.0 + 0.002 * x[c] for c in range(MANHOLES)}
    lines = [
        "[OPTIONS]", "FLOW_UNITS CMS", "FLOW_ROUTING DYNWAVE", "START_DATE 01/01/2024", "START_TIME 00:00:00",
        "END_DATE 01/01/2024", "END_TIME 12:00:00", "ROUTING_STEP 2", "VARIABLE_STEP 0", "THREADS 1", "[JUNCTIONS]",
        *(f"M{r}_{c} {rim[c] - 2.5:.3f} 2.5" for r, c in nodes), "[OUTFALLS]",
        *(f"O{r} {rim[0] - 3.2:.3f} FREE NO" for r in range(LINES)), "[CONDUITS]",
        *(f"C{r}_{c} M{r}_{c} {f'M{r}_{c - 1}' if c else f'O{r}'} {SPACING_M:g} 0.013 0 0" for r, c in nodes),
        "[XSECTIONS]", *(f"C{r}_{c} CIRCULAR {1.6 - 0.025 * c:.3f} 0 0 0" for r, c in nodes), "[COORDINATES]",
        *(f"M{r}_{c} {x[c]:.1f} {52.5 + 275 * r + 200:.1f}" for r, c in nodes),
        *(f"O{r} {x[0] - SPACING_M:.1f} {52.5 + 275 * r + 200:.1f}" for r in range(LINES)),
    ]  # fmt: skip
    (folder / "sewer.inp").write_text("\n".join(lines) + "\n", encoding="ascii")


def city(hours: float) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_city(folder)
        for more in ({"precision": "double"}, {"precision": "single", "threads": 2}):
            before = resident_mb()
            config = DrainageConfig.model_validate(
                {"sewer": "sewer.inp", "terrain": "ground.tif", "edge": "open", **more},
                context={"folder": folder, "root": folder},
            )
            run = folder / f"run-{more['precision']}"
            run.mkdir()
            start, span = datetime(2024, 1, 1, tzinfo=UTC), round(hours * 3600) * US
            model = DrainageModel(
                Setup("drainage", config, start, span, 60 * US, 1, run, Journal(), linked=frozenset(["rain"]))
            )
            begun, used = time.perf_counter(), time.process_time()
            try:
                for minute in range(round(hours * 60)):
                    h = minute / 60
                    shape = h / PEAK_H if h < PEAK_H else max((STORM_H - h) / (STORM_H - PEAK_H), 0.0)
                    model.put("rain", np.array([2 * RAIN_MM / STORM_H * shape]))
                    model.advance((minute + 1) * 60 * US)
                wall, used = time.perf_counter() - begun, time.process_time() - used
                assert model.surface is not None
                steps = model.surface.steps + model._times[SURFACE_STEPS]
                wet = np.count_nonzero(model.surface.water.h > 1e-3)
                print(
                    f"{more}: {SIDE**2:,} cells, {LINES * MANHOLES} manholes, {hours:g} h in {wall:.0f} s "
                    f"({hours * 3600 / wall:.1f} × real time, CPU {used:.0f} s), {steps:.0f} steps, {wet:,} cells wet "
                    f"at the end, {(resident_mb() - before) * 1e6 / SIDE**2:.0f} bytes a cell"
                )
            finally:
                model.close()


if __name__ == "__main__":
    if "--city" in sys.argv:
        city(float(sys.argv[-1]) if sys.argv[-1] != "--city" else 6.0)
    else:
        cells()
