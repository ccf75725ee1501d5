"""How the compiled engine grows with the fleet and with the yard: a disturbed day of the full model.

    python benchmarks/port/growth.py           # a minute
    python benchmarks/port/growth.py --simpy   # and SimPy beside it at the small sizes

Times are processor time, the smallest of three seeds. With the fleet the cranes grow too, one for six trucks (at least
ten), so that trucks have work; with the blocks the quay grows, as long as the yard behind it, and with it the cranes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.port.engines import full, timed

TRUCKS, BLOCKS = (10, 30, 60, 120, 250, 500), (10, 20, 40, 100, 200)
SMALL = 60


def row(name: str, value: int, simpy: bool) -> str:
    """One line of the table."""
    begun = time.process_time()
    plan = full(**{name: value}) if name == "blocks" else full(cranes=max(10, value // 6), trucks=value)
    plan.open_ways  # noqa: B018  the tables of ways belong to the terminal, not to a run
    planned = time.process_time() - begun
    runs = [timed("fast", plan, seed) for seed in (0, 1, 2, 3)][1:]
    made, ran, engine = min(runs, key=lambda run: run[0] + run[1])
    size = sum(table.nbytes for table in engine.memory.arrays.values())
    moves = engine.sums()["moves"]
    text = (
        f"  {value:6d} {plan.n_cranes:7d} {plan.fleet_size:7d} {plan.n_blocks:7d} {moves:7.0f} {engine.events:9d} "
        f"{1e3 * (made + ran):9.1f} {1e9 * ran / engine.events:9.0f} {size / 1e6:7.1f} {planned:9.2f}"
    )
    if simpy and value <= SMALL:
        slow = sum(timed("simpy", plan, 1)[:2])
        text += f" {slow / (made + ran):8.0f}"
    return text


def main() -> None:
    simpy = "--simpy" in sys.argv
    for name, values in (("trucks", TRUCKS), ("blocks", BLOCKS)):
        head = f"  {name:>6s}  cranes  trucks  blocks   moves    events    ms/day  ns/event      MB  plan s"
        print(f"growth with {name}\n{head}" + ("  × SimPy" if simpy else ""))
        for value in values:
            print(row(name, value, simpy), flush=True)


if __name__ == "__main__":
    main()
