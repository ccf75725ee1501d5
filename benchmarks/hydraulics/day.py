"""Extended period: 24 h with both engines, heads and tank levels step by step, time in turns.

python benchmarks/hydraulics/day.py [--accuracy 1e-5] [NAME ...]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from networks import find
from rich.console import Console
from rich.table import Table

from hydraulics.fast.arrays import Network, read
from hydraulics.fast.eps import simulate
from hydraulics.fast.plan import Pressure
from hydraulics.fast.reference import UNBALANCED_WARNINGS, Reference

NAMES = (
    "Net1", "Net2", "Net3", "Net6", "ky4", "ky10", "L-TOWN", "CTOWN", "d-town", "modena", "Anytown",
    "BWSN_Network_1",
)  # fmt: skip
DAY_S = 86400


def by_epanet(
    network: Network, pressure: Pressure, duration_s: int, accuracy: float | None
) -> tuple[np.ndarray, np.ndarray, int, float]:
    """Times, heads, number of unbalanced steps and seconds of EPANET's own run (reading the heads not counted)."""
    times, heads, bad, spent = [], [], 0, 0.0
    with Reference(network, pressure, accuracy) as epanet:
        file = epanet.file
        file.init_solver(True)
        while True:
            begun = time.perf_counter()
            now, warning = file.solve()
            spent += time.perf_counter() - begun
            bad += warning in UNBALANCED_WARNINGS
            times.append(now)
            heads.append([network.units.head(file.node(i + 1, "head")) for i in range(network.n_nodes)])
            if now >= duration_s:
                break
            begun = time.perf_counter()
            step = file.step()
            spent += time.perf_counter() - begun
            if step == 0:
                break
    return np.array(times), np.array(heads), bad, spent


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--accuracy", type=float, default=1e-5, help="accuracy of both engines; 0 for the file's")
    parser.add_argument("--required", type=float, default=0.0, help="pressure-driven with this pressure in m")
    args = parser.parse_args()
    accuracy = args.accuracy or None
    table = Table(title=f"24 h, accuracy {accuracy or 'of the file'}, {args.required or 'no'} m required")
    for head in ("network", "junctions", "steps", "alike", "median mm", "99 % mm", "largest mm", "tank mm", "where",
                 "unbalanced 2.2 / fast", "2.2 ms", "fast ms", "×"):  # fmt: skip
        table.add_column(head, justify="left" if head in ("network", "where") else "right")
    console = Console(width=170)
    for name in args.names:
        path = find(name)
        if path is None:
            console.print(f"{name}: not at hand")
            continue
        network = read(path)
        pressure = Pressure(args.required > 0, 0.0, args.required or 20.0)
        duration = min(DAY_S, network.options.duration_s)
        simulate(network, pressure, duration_s=0)
        best = [np.inf, np.inf]
        for _ in range(2):
            times, heads, bad, spent = by_epanet(network, pressure, duration, accuracy)
            best[0] = min(best[0], spent)
            begun = time.perf_counter()
            ours = simulate(network, pressure, duration_s=duration, accuracy=accuracy)
            best[1] = min(best[1], time.perf_counter() - begun)
        alike = np.intersect1d(times, ours.time_s)
        apart = np.abs(heads[np.searchsorted(times, alike)] - ours.head[np.searchsorted(ours.time_s, alike)])
        worst = np.unravel_index(apart.argmax(), apart.shape)
        table.add_row(
            name, f"{network.n_junctions:,}", f"{times.size} / {ours.time_s.size}", f"{alike.size}",
            f"{np.median(apart) * 1000:.3f}", f"{np.quantile(apart, 0.99) * 1000:.2f}", f"{apart.max() * 1000:.2f}",
            f"{apart[:, network.n_junctions :].max() * 1000:.2f}", network.node_ids[worst[1]],
            f"{bad} / {len(ours.unbalanced)}", f"{best[0] * 1000:.1f}", f"{best[1] * 1000:.1f}",
            f"{best[0] / best[1]:.2f}",
        )  # fmt: skip
    console.print(table)


if __name__ == "__main__":
    main()
