"""N-1: every pipe closed in turn, pressure-driven, both engines in the same process, same cases, same accuracy.

    python benchmarks/hydraulics/closures.py [--cases 240] [--figure growth.png] [NAME ...]

Prints per network: time per case of the fast engine and how many times longer EPANET 2.2 (WNTR's wheel) and 2.3
(epyt's library) take; the share of connected nodes within 1 cm of EPANET 2.2 at the file's accuracy and at 1e-5; every
difference over 10 cm with its reason; the same against 2.3; memory per case. Then two threads against one, and growth
over network size.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from networks import epanet23, find
from rich.console import Console
from rich.table import Table

from hydraulics.fast.arrays import CV, Network, read
from hydraulics.fast.compare import Comparison, compare
from hydraulics.fast.plan import Pressure
from hydraulics.fast.solver import Case, Engine, closable

NAMES = ("Net1", "Net3", "modena", "CTOWN", "L-TOWN", "ky10", "ky4", "EXN", "Net6", "DMAs")
PRESSURE = Pressure(True, 0.0, 20.0)
REPEAT = 3


def pipe_cases(network: Network, most: int) -> list[Case]:
    """All pipes that are open, or `most` of them by a seeded draw."""
    pipes = [k for k in closable(Engine(network, PRESSURE)) if network.kind[k] != CV]
    if len(pipes) > most:
        pipes = sorted(np.random.default_rng(0).choice(pipes, most, replace=False).tolist())
    return [Case(network.link_ids[k], close=(k,)) for k in pipes]


def bytes_per_case(engine: Engine) -> int:
    """Working memory of a lane: an eighth of a thread's workspace."""
    return sum(array.nbytes for array in engine.workspaces(1)[0]) // 8


def two_threads(network: Network, cases: list[Case]) -> tuple[float, float, float, float]:
    """Seconds of one and of two threads by the wall clock, and of one and of the busier of two by the processor's.

    Best of five in turns. On a machine that others use too only the second pair says what the engine does."""
    from hydraulics.fast.queue import run_queue

    engine = Engine(network, PRESSURE)
    engine.settle()
    packed, out = engine.pack(cases), engine.answers(len(cases), ("head", "demand"))
    work, half = engine.workspaces(2), len(cases) // 2
    spans = ((0, half), (half, len(cases)))

    def part(k: int) -> float:
        begun = time.thread_time()
        run_queue(engine.plan, engine.rules, engine.state, packed, work[k], out, *spans[k])
        return time.thread_time() - begun

    best = [np.inf] * 4
    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            begun = time.perf_counter()
            alone = [part(0), part(1)]
            best[0] = min(best[0], time.perf_counter() - begun)
            begun = time.perf_counter()
            together = list(pool.map(part, (0, 1)))
            best[1] = min(best[1], time.perf_counter() - begun)
            best[2] = min(best[2], sum(alone))
            best[3] = min(best[3], max(together))
    return best[0], best[1], best[2], best[3]


def row_of(name: str, network: Network, most: int, table: Table, notes: list[str]) -> tuple[int, float, float]:
    """Measure one network, add its row; gives nodes and µs per case of both engines."""
    cases = pipe_cases(network, most)
    same = compare(network, PRESSURE, cases, repeat=REPEAT)
    fine = compare(network, PRESSURE, cases, accuracy=1e-5)
    newer = epanet23()
    with23 = compare(network, PRESSURE, cases, library=newer, repeat=REPEAT) if newer else None
    fine23 = compare(network, PRESSURE, cases, accuracy=1e-5, library=newer) if newer else None
    per = [x / len(cases) * 1e6 for x in (same.fast_s, same.epanet_s)]
    engine = Engine(network, PRESSURE)
    table.add_row(
        name,
        f"{network.n_junctions:,}",
        f"{len(cases)}",
        f"{per[0]:.1f}",
        f"{per[1]:.0f}",
        f"{same.ratio:.1f}",
        f"{with23.ratio:.1f}" if with23 else "-",
        f"{same.share_within:.2%}",
        f"{fine.share_within:.3%}",
        f"{fine.p99_m * 1000:.2f}",
        f"{len(fine.far)} / {len(fine.unexplained)}",
        f"{fine23.share_within:.3%}" if fine23 else "-",
        f"{fine23.p99_m * 1000:.3f}" if fine23 else "-",
        f"{len(fine23.far)} / {len(fine23.unexplained)}" if fine23 else "-",
        f"{len(fine.solved_by_epanet)}",
        f"{bytes_per_case(engine) / 1024:.0f}",
    )
    notes += _differences(name, fine)
    return network.n_junctions, per[0], per[1]


def _differences(name: str, fine: Comparison) -> list[str]:
    """One line per kind of far difference, and the cases that one engine does not balance."""
    found: dict[tuple[str, str], list] = {}
    for d in fine.far:
        found.setdefault((d.node, d.reason or "not explained"), []).append(d)
    lines = [
        f"{name}: {node} in {len(ds)} cases, up to {max(d.head_m for d in ds):.2f} m: {reason}"
        for (node, reason), ds in list(found.items())[:8]
    ]
    if len(found) > 8:
        lines.append(f"{name}: and {len(found) - 8} more nodes")
    if fine.unbalanced_by_epanet:
        lines.append(f"{name}: EPANET itself does not balance {', '.join(fine.unbalanced_by_epanet[:8])}")
    return lines + [f"{name}: {case}: {why}" for case, why in list(fine.solved_by_epanet.items())[:8]]


def draw_growth(points: list[tuple[str, int, float, float]], path: Path) -> None:
    """Time per case against network size, log-log."""
    from matplotlib.figure import Figure

    points = sorted(points, key=lambda p: p[1])
    size = [p[1] for p in points]
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.loglog(size, [p[3] for p in points], "s-", color="#a01a2c", label="EPANET 2.2")
    axes.loglog(size, [p[2] for p in points], "o-", color="#1f4e79", label="fast engine")
    for name, n, fast, _ in points:
        axes.annotate(name, (n, fast), xytext=(0, -14), textcoords="offset points", ha="center", fontsize=8)
    axes.set_xlabel("junctions")
    axes.set_ylabel("µs per closure, one thread")
    axes.grid(True, which="both", alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--cases", type=int, default=240, help="most cases per network (L-TOWN: all)")
    parser.add_argument("--figure", type=Path, help="write time per case against size here")
    args = parser.parse_args()
    console = Console(width=190)
    table = Table(title="N-1, pressure-driven, one thread, best of 3 in turns")
    for head in (
        "network", "junctions", "cases", "fast µs", "2.2 µs", "× 2.2", "× 2.3", "≤1 cm", "≤1 cm at 1e-5", "p99 mm",
        "far / unexplained", "2.3: ≤1 cm", "p99 mm", "far / unexplained", "by EPANET", "KiB/lane",
    ):  # fmt: skip
        table.add_column(head, justify="left" if head == "network" else "right")
    notes: list[str] = []
    points = []
    for name in args.names:
        path = find(name)
        if path is None:
            notes.append(f"{name}: not at hand")
            continue
        network = read(path)
        nodes, fast, epanet = row_of(name, network, 10**6 if name == "L-TOWN" else args.cases, table, notes)
        points.append((name, nodes, fast, epanet))
    console.print(table)
    for note in notes:
        console.print(note, highlight=False)
    for name in ("L-TOWN", "Net6"):
        path = find(name)
        if path is not None and name in args.names:
            network = read(path)
            one, two, work1, work2 = two_threads(network, pipe_cases(network, 10**6))
            console.print(
                f"{name}, all closures: wall {one:.4f} s, two threads {two:.4f} s ({one / two:.2f}×); "
                f"processor time {work1:.4f} s, busier of two {work2:.4f} s ({work1 / work2:.2f}×)"
            )
    if args.figure and points:
        draw_growth(points, args.figure)


if __name__ == "__main__":
    main()
