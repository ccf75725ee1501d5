"""The queue engine's speed: Bologna against SUMO meso and UXsim, a hundred closures, and growth over cities of blocks.

    python benchmarks/traffic/queue_speed.py [--cases 100] [--largest 100000] [--skip-growth]

All times are processor seconds of one thread unless it says otherwise, the best of several, peers in the same run.
SUMO's is that of its process less what it takes to load the same files. UXsim runs in its C++ mode without logs on the
same links, trips and times, single vehicles, without signals, and chooses routes itself.
A peer that is not installed is left out with a word.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")

import numpy as np
from rich.console import Console
from rich.table import Table

from traffic.fast.cases import Case, simulate_cases
from traffic.fast.demand import Demand, Trip, VehicleType
from traffic.fast.engine import run
from traffic.fast.netfile import ConnectionSpec, EdgeSpec, LaneSpec, NetFile
from traffic.fast.network import QueueNetwork
from traffic.fast.stepper import Bound
from traffic.network import read_network

JOINED = Path(__file__).resolve().parents[3] / "shared/data/traffic/sumo-scenarios/bologna/joined"
MORE = ("bus_stops", "vtypes", "tls")
SIZES = ((100, 1_000), (1_000, 10_000), (10_000, 100_000), (100_000, 1_000_000))


def best_cpu(call: Callable[[], object], repeat: int) -> float:
    """Least processor seconds of a call."""
    spent = []
    for _ in range(repeat):
        begun = time.process_time()
        call()
        spent.append(time.process_time() - begun)
    return min(spent)


def sumo_cpu(*options: str) -> float | None:
    """Processor seconds of a SUMO process on Bologna with some options; None without SUMO."""
    try:
        import sumo
    except ImportError:
        return None
    add = ",".join(str(JOINED / f"joined_{name}.add.xml") for name in MORE)
    routes = ",".join(str(JOINED / f"joined{name}.rou.xml") for name in ("", "_busses"))
    command = [f"{sumo.SUMO_HOME}/bin/sumo", "-n", str(JOINED / "joined_buslanes.net.xml"), "-r", routes, "-a", add]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "--no-step-log", "--no-warnings", *options], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bologna() -> tuple[QueueNetwork, Demand]:
    more = [JOINED / f"joined_{name}.add.xml" for name in MORE]
    return (
        QueueNetwork.read(JOINED / "joined_buslanes.net.xml", more),
        Demand.read([JOINED / "joined.rou.xml", JOINED / "joined_busses.rou.xml"], more),
    )


def uxsim_cpu(
    links: list[tuple[str, str, str, float, float, int]], trips: list[tuple[str, str, float]]
) -> float | None:
    """Processor seconds of UXsim's run of (name, from, to, m, m/s, lanes) and (from, to, depart); None without it."""
    try:
        from uxsim import World
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        world = World(
            name="", deltan=1, reaction_time=1.0, tmax=6000, print_mode=0, save_mode=0, show_progress=0,
            random_seed=0, vehicle_logging_timestep_interval=-1, cpp=True,
        )  # fmt: skip
        for node in sorted({n for _, a, b, *_ in links for n in (a, b)}):
            world.addNode(node, 0, 0)
        for name, a, b, length, speed, lanes in links:
            world.addLink(name, a, b, length=max(length, speed + 1), free_flow_speed=speed, number_of_lanes=lanes)
        for a, b, depart in trips:
            world.addVehicle(a, b, depart)
        begun = time.process_time()
        world.exec_simulation()
        return time.process_time() - begun


def peers(console: Console) -> tuple[Bound, QueueNetwork]:
    """Bologna: one run, ours and theirs."""
    network, demand = bologna()
    bound = Bound.of(network, demand)
    result = run(bound)
    ours = best_cpu(lambda: run(bound), 10)
    table = Table("engine", "processor s", "times ours", "vehicles/s", title="Bologna, 11,176 vehicles, one hour")
    n = result.counts["trips"]
    table.add_row("queue", f"{ours:.4f}", "1", f"{n / ours:,.0f}")
    loading = sumo_cpu("--end", "0", "--route-steps", "0")
    meso = sumo_cpu("--route-steps", "0", "--mesosim", "true", "--meso-junction-control", "true")
    if meso is None or loading is None:
        console.print("SUMO is not installed: left out")
    else:
        own = meso - loading
        table.add_row("SUMO meso, junction control", f"{own:.3f}", f"{own / ours:.0f}", f"{n / own:,.0f}")
        table.add_row("  with loading", f"{meso:.3f}", f"{meso / ours:.0f}", f"{n / meso:,.0f}")
    streets = read_network(JOINED / "joined_buslanes.net.xml")
    links = [(e.id, e.start, e.end, e.length_m, e.speed_mps, len(e.lanes)) for e in streets.edges]
    end = {e.id: (e.start, e.end) for e in streets.edges}
    trips = [(end[t.edges[0]][0], end[t.edges[-1]][1], t.depart_s) for t in demand.trips]
    theirs = uxsim_cpu(links, trips)
    if theirs is None:
        console.print("UXsim is not installed: left out")
    else:
        table.add_row("UXsim, C++ mode, no logs", f"{theirs:.3f}", f"{theirs / ours:.0f}", f"{n / theirs:,.0f}")
    console.print(table)
    return bound, network


def closures(console: Console, bound: Bound, most: int) -> None:
    """The busiest edges closed in turn from the start, with detours."""
    flow = run(bound).entered.sum(axis=0)
    names = [bound.network.edge_ids[e] for e in np.argsort(-flow, kind="stable")[:most]]
    cases = [Case(name, (name,)) for name in names]
    simulate_cases(bound, cases[:2])
    table = Table("threads", "s by the clock", "processor s", "s a case", title=f"{len(cases)} closures of Bologna")
    for threads in (1, 2):
        begun, cpu = time.perf_counter(), time.process_time()
        simulate_cases(bound, cases, threads=threads)
        cpu = time.process_time() - cpu
        table.add_row(str(threads), f"{time.perf_counter() - begun:.2f}", f"{cpu:.2f}", f"{cpu / len(cases):.4f}")
    console.print(table)


def blocks(edges: int, vehicles: int) -> tuple[QueueNetwork, Demand, list[tuple[str, str, float]]]:
    """A city of square blocks of 200 m with about as many edges, and trips of one or two dozen edges over it."""
    side = max(round((edges / 4) ** 0.5), 2)
    net, at = NetFile(), {}
    for x in range(side):
        for y in range(side):
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                if 0 <= x + dx < side and 0 <= y + dy < side:
                    name = f"{x}.{y}>{x + dx}.{y + dy}"
                    at.setdefault((x, y), []).append((x + dx, y + dy))
                    net.edges.append(EdgeSpec(name, (LaneSpec(200.0, 13.9),)))
    for (x, y), ahead in at.items():
        for u, w in ahead:
            for s, t in at[u, w]:
                if (s, t) != (x, y):
                    net.connections.append(ConnectionSpec(f"{x}.{y}>{u}.{w}", f"{u}.{w}>{s}.{t}", length_m=10.0))
    draw = np.random.default_rng(0)
    routes = []
    reach = min(side - 1, 12)
    for _ in range(min(20_000, vehicles)):
        x, y = draw.integers(0, side, 2)
        u = int(np.clip(x + draw.integers(-reach, reach + 1), 0, side - 1))
        w = int(np.clip(y + draw.integers(-reach, reach + 1), 0, side - 1))
        way = [(int(x), int(y))]
        while way[-1] != (u, w):
            a, b = way[-1]
            a, b = (a + (1 if u > a else -1), b) if u != a else (a, b + (1 if w > b else -1))
            way.append((a, b))
        if len(way) > 1:
            routes.append(way)
    picks, departs = draw.integers(0, len(routes), vehicles), np.sort(draw.uniform(0, 3600, vehicles))
    edge_lists = [tuple(f"{a}.{b}>{c}.{d}" for (a, b), (c, d) in pairwise(r)) for r in routes]
    trips = [Trip(str(k), float(t), "car", edge_lists[p]) for k, (p, t) in enumerate(zip(picks, departs, strict=True))]
    ends = [
        ("{}.{}".format(*routes[p][0]), "{}.{}".format(*routes[p][-1]), float(t))
        for p, t in zip(picks, departs, strict=True)
    ]
    return QueueNetwork.build(net), Demand(trips, {"car": [(1.0, VehicleType())]}), ends


def growth(console: Console, largest: int) -> None:
    """Cities of blocks, ten trips an edge."""
    table = Table(
        "edges", "vehicles", "moves", "queue s", "us a move", "vehicles/s", "UXsim s", "times ours", title="Growth"
    )
    for edges, vehicles in SIZES:
        if edges > largest:
            continue
        network, demand, ends = blocks(edges, vehicles)
        bound = Bound.of(network, demand)
        result = run(bound)
        ours = best_cpu(lambda bound=bound: run(bound), 3 if edges < 50_000 else 1)
        theirs = None
        if edges <= 1_000:
            links = [(e.id, *e.id.split(">"), 200.0, 13.9, 1) for e in network.edges]
            theirs = uxsim_cpu(links, ends)
        moves = result.counts["moves"]
        table.add_row(
            f"{network.n_edges:,}", f"{vehicles:,}", f"{moves:,}", f"{ours:.3f}", f"{1e6 * ours / moves:.3f}",
            f"{vehicles / ours:,.0f}", f"{theirs:.2f}" if theirs else "", f"{theirs / ours:.0f}" if theirs else "",
        )  # fmt: skip
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--largest", type=int, default=100_000, help="edges of the largest city")
    parser.add_argument("--skip-growth", action="store_true")
    given = parser.parse_args()
    console = Console(width=120)
    if JOINED.is_dir():
        bound, _ = peers(console)
        closures(console, bound, given.cases)
    else:
        console.print("the Bologna scenario is not here: left out")
    if not given.skip_growth:
        growth(console, given.largest)


if __name__ == "__main__":
    main()
