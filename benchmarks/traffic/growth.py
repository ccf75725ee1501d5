"""How the engines grow, from 10^2 to 10^5 edges and 10^3 to 10^6 vehicles: the queue engine and SUMO meso.

Towns of up to 1,000 edges and 10,000 vehicles are whole cities of `twin build` (a checkerboard with main streets and
traffic lights), with its evening's demand and ways. Beyond that the streets are those of the same generator, and trips
go up to six blocks along either axis, with one turn, evenly over an hour: finding the ways of a million trips across a
city would take longer than driving them.

Times are processor seconds of one thread: of SUMO's steps, with junction control, by libsumo; and of our run of the
bound network and demand. Neither has loading in it. The same files go into both, side by side. A cell in which SUMO
takes longer than the limit (or four times that by the clock, with loading) says so, and its larger ones on these
streets are left out.

    python benchmarks/traffic/growth.py [--smallest 100] [--largest 100000] [--most 1000000] [--limit 120]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")

import numpy as np
from rich.console import Console
from rich.table import Table

SIDES = {100: 5, 1_000: 16, 10_000: 50, 100_000: 158}
"""Streets each way of a checkerboard with about so many edges."""
VEHICLES = (1_000, 10_000, 100_000, 1_000_000)
PER_EDGE = 10
"""Most trips an edge and hour: more than that the streets cannot carry."""
BLOCK_M = 130.0
REACH = 6
END_S = 3 * 3600
RECIPE = """\
twin_build: 1
name: town
seed: 3
streets: {{grid: {{columns: {side}, rows: {side}, block: {block} m}}}}
terrain: {{cell: 10 m}}
sewer: {{trial: false}}
traffic: {{vehicles: {vehicles}, hours: 2, peak_hour: 1}}
"""


@dataclass(frozen=True)
class Town:
    """The files of a cell, and whether `twin build` made all of them."""

    net: Path
    routes: tuple[Path, ...]
    built: bool


def built(side: int, vehicles: int, folder: Path) -> Town | None:
    """A whole city; None where `twin build` refuses the recipe."""
    (folder / "town.build.yaml").write_text(RECIPE.format(side=side, block=BLOCK_M, vehicles=vehicles))
    words = [sys.executable, "-m", "twin.cli.main", "build", "town.build.yaml", "--out", "city", "--quiet"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    city = folder / "city"
    return Town(city / "city.net.xml", tuple(city / f"{n}.rou.xml" for n in ("demand", "trucks", "ambulances")), True)


def streets(side: int, folder: Path) -> Path:
    """The generator's streets alone."""
    from twin.build.grid import grid_network
    from twin.build.recipe import GridStreets

    recipe = GridStreets.model_validate({"columns": side, "rows": side, "block": f"{BLOCK_M:g} m"})
    return grid_network(recipe, folder)


def trips(side: int, vehicles: int, path: Path) -> Path:
    """Sorted routes with one turn, evenly over an hour."""
    draw = np.random.default_rng(side)
    at = draw.integers(0, side, (vehicles, 2))
    to = np.clip(at + draw.integers(-REACH, REACH + 1, (vehicles, 2)), 0, side - 1)
    to[:, 0] = np.where((to == at).all(axis=1), (at[:, 0] + 1) % side, to[:, 0])
    departs = np.sort(draw.uniform(0, 3600, vehicles))
    with path.open("w", encoding="utf-8") as out:
        out.write('<routes><vType id="car" vClass="passenger"/>\n')
        for k, (depart, (x, y), (u, w)) in enumerate(zip(departs, at.tolist(), to.tolist(), strict=True)):
            nodes = [f"x{i}y{y}" for i in range(x, u, 1 if u > x else -1)]
            nodes += [f"x{u}y{j}" for j in range(y, w, 1 if w > y else -1)] + [f"x{u}y{w}"]
            edges = " ".join(f"{a}_{b}" for a, b in pairwise(nodes))
            out.write(f'<vehicle id="{k}" type="car" depart="{depart:.1f}"><route edges="{edges}"/></vehicle>\n')
        out.write("</routes>\n")
    return path


def sumo_s(town: Town, limit_s: float) -> tuple[float | None, int]:
    """(processor seconds of SUMO meso's steps, trips finished), in its own process; None where a limit was passed."""
    words = [sys.executable, __file__, "--steps-of", str(town.net), ",".join(map(str, town.routes)), str(limit_s)]
    try:
        done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=4 * limit_s)
    except subprocess.TimeoutExpired:
        return None, 0
    spent, finished = done.stdout.split()[-2:]
    return (None if float(spent) > limit_s else float(spent)), int(finished)


def steps_of(net: str, routes: str, limit_s: float) -> None:
    """Print the processor seconds of all steps without loading, and the trips finished."""
    import libsumo

    options = "--mesosim true --meso-junction-control true --route-steps 0 --no-step-log true --no-warnings true"
    libsumo.start(["sumo", "-n", net, "-r", routes, *options.split()])
    begun, finished, now = time.process_time(), 0, 0.0
    while libsumo.simulation.getMinExpectedNumber() and now < END_S and time.process_time() - begun <= limit_s:
        now += 60.0
        libsumo.simulationStep(now)
        finished += len(libsumo.simulation.getArrivedIDList())
    print(time.process_time() - begun, finished)


def queue_s(town: Town) -> tuple[float, int, int, int]:
    """(processor seconds of the run, edges, trips, trips finished) of the queue engine."""
    from traffic.fast.demand import Demand
    from traffic.fast.engine import run
    from traffic.fast.network import QueueNetwork
    from traffic.fast.stepper import Bound

    network = QueueNetwork.read(town.net, ())
    bound = Bound.of(network, Demand.read(town.routes, ()))
    begun = time.process_time()
    result = run(bound)
    spent = time.process_time() - begun
    return spent, network.n_edges, result.counts["trips"], result.counts["finished"]


def row(town: Town, limit_s: float, slow: bool) -> tuple[bool, list[str]]:
    """One cell of both engines: whether SUMO has passed the limit, and the row of the table."""
    ours, edges, n, finished = queue_s(town)
    theirs, done = (None, 0) if slow else sumo_s(town, limit_s)
    cells = [f"{edges:,}", f"{n:,}", "twin build" if town.built else "its streets"]
    cells += [f"{ours:.3f}", f"{n / ours:,.0f}", f"{100 * finished / n:.1f}"]
    if theirs is None:
        return True, [*cells, "left out" if slow else f"over {limit_s:.0f}", "", "", ""]
    cells += [f"{theirs:.3f}", f"{n / theirs:,.0f}", f"{100 * done / n:.1f}", f"{theirs / ours:.0f}"]
    return theirs > limit_s, cells


def warm_up(folder: Path) -> None:
    """Compile the queue engine, so that no cell pays for it."""
    folder.mkdir()
    queue_s(Town(streets(3, folder), (trips(3, 50, folder / "trips.rou.xml"),), False))


def main() -> None:
    if sys.argv[1:2] == ["--steps-of"]:
        steps_of(sys.argv[2], sys.argv[3], float(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=100_000, help="edges of the largest town")
    parser.add_argument("--smallest", type=int, default=100, help="edges of the smallest town")
    parser.add_argument("--most", type=int, default=1_000_000, help="most vehicles")
    parser.add_argument("--limit", type=float, default=120.0, help="s that SUMO may take for a cell")
    given = parser.parse_args()
    console = Console(width=130)
    table = Table(
        "edges", "vehicles", "made by", "queue s", "vehicles/s", "finished %", "meso s", "vehicles/s", "finished %",
        "times ours", title="Growth: processor seconds of a run",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        warm_up(Path(scratch) / "warm")
        for edges, side in SIDES.items():
            folder = Path(scratch) / str(edges)
            folder.mkdir()
            net, slow = None, False
            for vehicles in VEHICLES:
                if not given.smallest <= edges <= given.largest or vehicles > min(given.most, PER_EDGE * edges):
                    continue
                town = built(side, vehicles, folder) if edges <= 1_000 else None
                if town is None:
                    net = net or streets(side, folder)
                    town = Town(net, (trips(side, vehicles, folder / "trips.rou.xml"),), False)
                slow, cells = row(town, given.limit, slow)
                table.add_row(*cells)
                console.print("  ".join(cells), style="dim")
    console.print(table)


if __name__ == "__main__":
    main()
