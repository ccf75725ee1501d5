"""What the exchange with a street costs SWMM: access and coupling by themselves, and whole routing steps.

Peers in the same run: SWMM on the user's own file, and SWMM on the run's copy (with its outfall and orifice at each
manhole, which is work of SWMM's own) stepped without any exchange. The surface's own time is not in these figures.
Run it with `python benchmarks/drainage/exchange.py`.
"""

from __future__ import annotations

import re
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numba import njit

from drainage.config import DrainageConfig
from drainage.exchange import follow_holes, set_stages
from drainage.model import DrainageModel
from drainage.native import COMPILED, STEP, borrow, give_back, step
from drainage.network import SewerFile
from twin.clock import US
from twin.model import Journal, Setup

MAINS = Path(__file__).resolve().parents[3] / "shared" / "data" / "drainage" / "city_canada" / "windsor" / "windsor.inp"
STORM_MM_H = 60.0


@njit(**COMPILED)
def steps(table, until_s):
    """Bare SWMM until `until_s`; gives the number of steps."""
    n, days = 0, 1.0
    while (days > 0.0 and days * 86400.0 < until_s) or n == 0:
        days = step(table[STEP])
        n += 1
    return n


def bare(inp: Path, seconds: float) -> float:
    """Milliseconds a step of SWMM alone, from its start to `seconds`."""
    image = borrow()
    lib = image.lib
    folder = Path(tempfile.mkdtemp())
    assert lib.swmm_open(str(inp).encode(), str(folder / "a.rpt").encode(), str(folder / "a.out").encode()) == 0
    assert lib.swmm_start(0) == 0
    begun = time.process_time()
    n = steps(image.table, seconds)
    used = time.process_time() - begun
    lib.swmm_end()
    lib.swmm_close()
    give_back(image)
    return 1e3 * used / n


def write_ground(sewer: SewerFile, path: Path, cell: float) -> Path:
    """Ground at the level of the rims: of the nearest manhole."""
    from scipy.spatial import cKDTree

    xy = np.array([n.xy for n in sewer.nodes.values()])
    rims = np.array([sewer.rim_m(id) for id in sewer.nodes])
    (x0, y0), (x1, y1) = xy.min(axis=0) - 50, xy.max(axis=0) + 50
    x, y = np.meshgrid(np.arange(x0 + cell / 2, x1, cell), np.arange(y0 + cell / 2, y1, cell))
    z = rims[cKDTree(xy).query(np.c_[x.ravel(), y.ravel()])[1]].reshape(x.shape)
    head = f"ncols {z.shape[1]}\nnrows {z.shape[0]}\nxllcorner {x0}\nyllcorner {y0}\ncellsize {cell}\n"
    path.write_text(head + "\n".join(" ".join(f"{v:.3f}" for v in row) for row in z[::-1]) + "\n")
    return path


def coupled(inp: Path, cell: float, seconds: float, folder: Path) -> tuple[DrainageModel, float]:
    """A model under a storm, after `seconds`; milliseconds of access and coupling a step, in that state."""
    terrain = write_ground(SewerFile.read(inp), folder / "ground.asc", cell)
    config = DrainageConfig.model_validate({"sewer": inp, "terrain": terrain})
    run = folder / "run"
    run.mkdir(exist_ok=True)
    start, span = datetime(2024, 1, 1, tzinfo=UTC), int(seconds * US)
    model = DrainageModel(
        Setup("drainage", config, start, span, 60 * US, 1, run, Journal(), linked=frozenset(["rain"]))
    )
    for minute in range(int(seconds // 60)):
        model.put("rain", np.array([STORM_MM_H]))
        model.advance((minute + 1) * 60 * US)
    sewers, holes, m = model.sewers, model.holes, model.holes.node.size
    area, best = model.surface.cell_area, np.inf  # type: ignore[union-attr]
    kept = [a.copy() for a in (holes.volume, holes.up, holes.down)]
    for _ in range(5):
        begun = time.process_time()
        for _ in range(200):
            set_stages(sewers.table[0], holes, model.covers.inlets, 0, m, area, 0.0, sewers.metres[0], 60.0)
            follow_holes(sewers.table[0], holes, 0, m, 0.0, sewers.per_unit[0])
        best = min(best, 1e3 * (time.process_time() - begun) / 200)
    for array, old in zip((holes.volume, holes.up, holes.down), kept, strict=True):
        array[:] = old
    return model, best


def with_rain(inp: Path, target: Path, rain: bool = True) -> Path:
    """The file with the storm in its own gages, so that SWMM alone routes the same water."""
    text = inp.read_text()
    if rain:
        text = re.sub(r"(?m)^(\S+)\s+INTENSITY\s.*$", r"\1 INTENSITY 0:01 1.0 TIMESERIES storm~", text)
        text += f"\n[TIMESERIES]\nstorm~ 0:00 {STORM_MM_H}\nstorm~ 12:00 {STORM_MM_H}\n"
    target.write_text(text + "\n[OPTIONS]\nROUTING_STEP 2\nTHREADS 1\n")
    return target


def tree(n: int, folder: Path) -> Path:
    """n manholes in lines of 20 that fall to outfalls, each with a drop of inflow."""
    out = ["[OPTIONS]", "FLOW_UNITS CMS", "FLOW_ROUTING DYNWAVE", "START_DATE 01/01/2024", "END_DATE 01/01/2024",
           "END_TIME 12:00:00", "ROUTING_STEP 2", "VARIABLE_STEP 0", "THREADS 1", "[JUNCTIONS]"]  # fmt: skip
    nodes = [(k // 20, k % 20) for k in range(n)]
    out += [f"M{r}_{c} {10 - 0.15 * c:.3f} 2" for r, c in nodes]
    rows = range(-(-n // 20))
    last = {r: max(c for rr, c in nodes if rr == r) for r in rows} if n <= 2000 else dict.fromkeys(rows, 19)
    out += ["[OUTFALLS]", *(f"O{r} {10 - 0.15 * (last[r] + 1):.3f} FREE NO" for r in rows), "[CONDUITS]"]
    ends = {(r, c): (f"M{r}_{c + 1}" if c < last[r] else f"O{r}") for r, c in nodes}
    out += [f"C{r}_{c} M{r}_{c} {ends[r, c]} 50 0.013 0 0" for r, c in nodes]
    out += ["[XSECTIONS]", *(f"C{r}_{c} CIRCULAR 0.5 0 0 0" for r, c in nodes), "[INFLOWS]"]
    out += [f'M{r}_{c} FLOW "" FLOW 1.0 1.0 0.012' for r, c in nodes]
    out += ["[COORDINATES]", *(f"M{r}_{c} {50 * c} {50 * r}" for r, c in nodes)]
    out += [f"O{r} {50 * (last[r] + 1)} {50 * r}" for r in rows]
    path = folder / f"tree{n}.inp"
    path.write_text("\n".join(out) + "\n")
    return path


def compare(name: str, inp: Path, cell: float, seconds: float, folder: Path) -> None:
    own = bare(with_rain(inp, folder / "own.inp", "[RAINGAGES]" in inp.read_text()), seconds)
    model, access = coupled(inp, cell, seconds, folder)
    n, copy = model.holes.node.size, model.swmm.copy.path  # type: ignore[union-attr]
    model.close()
    added = bare(with_rain(copy, folder / "added.inp", "[RAINGAGES]" in copy.read_text()), seconds)
    print(
        f"{name:<10}{n:>9}{own:>12.3f}{added:>14.3f}{access:>12.4f}{(added + access) / added:>11.3f}"
        f"{(added + access) / own:>11.2f}{1e6 * access / n:>12.0f}"
    )


def main() -> None:
    print("ms a step: SWMM on the user's file, on the copy with orifices, access and coupling; ratios of whole steps")
    print(
        f"{'network':<10}{'manholes':>9}{'user file':>12}{'with orifices':>14}{'coupling':>12}{'/ orifices':>11}"
        f"{'/ user':>11}{'ns/manhole':>12}"
    )
    if MAINS.exists():
        with tempfile.TemporaryDirectory() as name:
            compare("Windsor", MAINS, 20.0, 1800.0, Path(name))
    else:
        print("Windsor: the folder of real networks (shared/data) is absent, skipped")
    for n in (100, 1000, 10_000):
        with tempfile.TemporaryDirectory() as name:
            compare(f"lines {n}", tree(n, Path(name)), 25.0, 600.0 if n < 10_000 else 120.0, Path(name))


if __name__ == "__main__":
    main()
