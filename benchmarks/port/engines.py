"""The compiled engine against SimPy on the same terminal, and both beside salabim on a plain closed network.

    python benchmarks/port/engines.py             # a few minutes
    python benchmarks/port/engines.py --thousand  # and 1000 replications of 24 h on two threads

Times are processor time of this process; ratios are of runs made in turn, so that a busy machine hurts both.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from port.layout import complete, generate
from port.plan import Plan
from port.replications import replicate
from port.simulate import MIDNIGHT, Change, make_engine, play
from port.terminal import Terminal
from twin.clock import US

HOUR = 3600 * US
DAY = 24 * HOUR


def full(cranes: int = 10, trucks: int = 60, blocks: int = 40) -> Plan:
    """Every layer on: occupied lanes, junctions, full places, twin lifts, dual cycles, breakdowns, takeovers, swaps."""
    berths = max(4, -(-blocks * 36 // 323))
    content = {
        "origin": (0.0, 0.0),
        "heading": "0 deg",
        "berths": berths,
        "layout": {"cranes": max(cranes, berths), "blocks": blocks, "gantries": blocks, "stations": 2},
        "fleet": {
            "trucks": trucks,
            "breakdown": {"between": "20 h"},
            "remote": {"per_1000_km": 20.0},
        },
        "quay_crane": {"breakdown": {"between": "10 h"}, "twin_share": 0.2, "dual_cycling": 0.5, "buffer": 4},
        "gantry": {"breakdown": {"between": "30 h"}, "retry_probability": 0.1, "buffer": 6},
        "road_trucks": {"per_day": 1712},
    }
    return Plan(complete(Terminal.model_validate(content)))


DISTURBED = (
    Change(6 * HOUR, "wind", 24.0),
    Change(6 * HOUR + HOUR // 2, "wind", 6.0),
    Change(12 * HOUR, "visibility", 20.0),
    Change(14 * HOUR, "visibility", 8000.0),
    Change(18 * HOUR, "stop", ("QC01", "breakdown")),
    Change(19 * HOUR, "release", ("QC01", "breakdown")),
)


def timed(kind: str, plan: Plan, seed: int, policy: str = "fifo_nearest") -> tuple[float, float, object]:
    """Processor seconds to make an engine and to run a disturbed day, and the engine."""
    a = time.process_time()
    engine = make_engine(kind, plan, seed, MIDNIGHT, DAY, policy=policy, level=0)
    b = time.process_time()
    play(engine, DISTURBED, DAY)
    return b - a, time.process_time() - b, engine


def compare() -> None:
    """One replication of 24 h, in turn, three seeds: the smallest of each."""
    plan = full()
    timed("fast", plan, 0)
    print("full model with disturbances: 10 cranes, 60 trucks, 40 blocks, 24 h")
    rows = {kind: [timed(kind, plan, seed) for seed in (1, 2, 3)] for kind in ("fast", "simpy")}
    fast, slow = (min(a + b for a, b, _ in rows[kind]) for kind in ("fast", "simpy"))
    engine = rows["fast"][0][2]
    loop = min(b for _, b, _ in rows["fast"])
    size = sum(table.nbytes for table in engine.memory.arrays.values())
    shared = sum(table.nbytes for name, table in engine.memory.arrays.items() if name in plan.__dict__["_static"])
    print(f"  compiled {1e3 * fast:8.1f} ms a replication ({1e3 * loop:.1f} of them the loop)")
    print(f"  SimPy    {1e3 * slow:8.1f} ms")
    print(f"  ratio    {slow / fast:8.0f}   (at least 60 wanted)")
    print(f"  {engine.events} events, {engine.events / loop / 1e6:.2f} M events/s compiled, ", end="")
    print(f"{engine.events / slow / 1e3:.0f} k events/s in SimPy")
    print(f"  tables of a replication {(size - shared) / 1e6:.1f} MB, and {shared / 1e6:.1f} MB that all share")


CRANE_S, GANTRY_S, TRUCKS, CRANES, BLOCKS, SPAN = 100.0, 120.0, 60, 10, 40, 24 * 3600.0


def plain() -> Plan:
    """The closed network of tests/validation: exponential services, drawn routes, 20 km/h."""
    made = generate(5, (0.0, 0.0), 0.0, berth_length=300.0, cranes=CRANES, blocks=BLOCKS, gantries=BLOCKS)
    made |= {
        "fleet": {"trucks": TRUCKS, "turn_time": "0 s", "acceleration": None, "deceleration": None},
        "quay_crane": {
            "handover": {"mean": f"{CRANE_S} s", "shape": "exponential"},
            "cycle": {"mean": "0 s", "shape": "deterministic"},
            "retry_probability": 0.0,
            "orders_ahead": 2 * TRUCKS,
        },
        "gantry": {"cycle": {"mean": f"{GANTRY_S} s", "shape": "exponential"}},
        "roads": {"occupation": False, "junctions": False},
        "road_trucks": {"per_day": 0},
        "yard": {"fill": 0.0, "choice": "random"},
        "calls": [
            {"vessel": b["id"], "berth": b["id"], "at": "0 s", "discharge": 9000, "load": 0} for b in made["berths"]
        ],
    }
    return Plan(complete(Terminal.model_validate(made)))


def salabim_network(travel_s: float) -> tuple[float, int, int]:
    """The same queues without any lanes in salabim: processor seconds, moves and resumed waits of 24 h."""
    import salabim

    salabim.yieldless(False)
    environment = salabim.Environment(random_seed=1, trace=False)
    cranes = [salabim.Resource() for _ in range(CRANES)]
    blocks = [salabim.Resource() for _ in range(BLOCKS)]
    counts = [0, 0]

    class Truck(salabim.Component):
        def process(self):
            while True:
                for servers, mean in ((cranes, CRANE_S), (blocks, GANTRY_S)):
                    yield self.hold(travel_s / 2)
                    server = servers[environment.random.randrange(len(servers))]
                    yield self.request(server)
                    yield self.hold(environment.random.expovariate(1.0 / mean))
                    self.release(server)
                    counts[1] += 3
                counts[0] += 1

    for _ in range(TRUCKS):
        Truck()
    begun = time.process_time()
    environment.run(SPAN)
    return time.process_time() - begun, counts[0], counts[1]


def beside_salabim() -> None:
    """A closed network of 10 cranes, 40 gantries, 60 trucks, 24 h."""
    plan = plain()
    times = plan.open_ways.time_us[0]
    there = times[plan.crane_place][:, plan.block_place].mean() + times[plan.block_place][:, plan.crane_place].mean()
    print("closed network, 10 cranes, 40 gantries, 60 trucks, 24 h (ours with every lane, salabim with queues alone)")
    found = {}
    events = 0
    for kind in ("fast", "simpy"):
        best = 1e9
        for seed in (1, 2):
            engine = make_engine(kind, plan, seed, MIDNIGHT, DAY, policy="random", level=0)
            begun = time.process_time()
            engine.advance(DAY)
            best = min(best, time.process_time() - begun)
        found[kind], moves = best, engine.sums()["moves"]
        events = engine.events if kind == "fast" else events
        print(
            f"  {kind:8s} {1e3 * best:8.1f} ms  {moves:6.0f} moves  {events:8d} events, {events / best / 1e3:8.0f} k/s"
        )
    try:
        seconds, moves, waits = min(salabim_network(there / US) for _ in range(2))
    except ImportError:
        print("  salabim is not installed: left out (pip install --no-deps salabim==26.0.9)")
        return
    print(f"  salabim  {1e3 * seconds:8.1f} ms  {moves:6d} moves  {waits:8d} events, {waits / seconds / 1e3:8.0f} k/s")
    ours, per_move = found["fast"], seconds / found["fast"]
    print(
        f"  salabim takes {per_move:.0f} times as long as ours, with {events / waits:.1f} times fewer events: ", end=""
    )
    print(f"{seconds / waits / (ours / events):.0f} times as long an event")


def thousand() -> None:
    """1000 replications of 24 h on two threads."""
    plan = full()
    replicate(plan, range(4), DAY, changes=DISTURBED)
    wall, busy = time.perf_counter(), time.process_time()
    found = replicate(plan, range(1000), DAY, changes=DISTURBED)
    wall, busy = time.perf_counter() - wall, time.process_time() - busy
    mean, half = found.mean("crane_rate")
    print(f"1000 replications of 24 h: {wall:.1f} s of wall time on two threads, {busy:.1f} s of processor time")
    print(f"  crane rate {mean:.2f} ± {half:.2f} moves an hour (95 %)")


if __name__ == "__main__":
    compare()
    beside_salabim()
    if "--thousand" in sys.argv:
        thousand()
