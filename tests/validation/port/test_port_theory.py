"""The terminal against results that are known exactly: machine repair, and the rehandles of random retrieval."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import pytest

from port.draws import Stream
from port.layout import complete
from port.simulate import MIDNIGHT, make_engine
from port.terminal import Terminal
from port.yard import Block
from twin.clock import US

HOUR = 3600 * US
CRANE_S, AWAY_S = 90.0, 400.0
REPLICATIONS, WARM_H, HOURS = 10, 10, 310
T_9 = 2.262
"""Student's t for a two-sided 95 % interval of ten replications."""

EXACT = {2: 14.214, 4: 25.927, 6: 34.000, 8: 38.157}
"""Moves an hour of M/M/1//N with service 90 s and think time 400 s (finite-source queue; see `machine_repair`)."""


def machine_repair(trucks: int) -> float:
    """Throughput of M/M/1//N in moves an hour: (1 − p0) μ, p0 = 1 / Σ N!/(N−k)! (s/z)^k, s 90 s, z 400 s.

    Source: any text on queues, e.g. Gross et al. (2008), Fundamentals of Queueing Theory, section 2.8.
    """
    ratio = CRANE_S / AWAY_S
    terms = [math.perm(trucks, k) * ratio**k for k in range(trucks + 1)]
    return (1.0 - 1.0 / math.fsum(terms)) * 3600.0 / CRANE_S


STILL = {
    "speed_loaded": "1000 km/h",
    "turn_time": "0 s",
    "travel_spread": 0.0,
    "acceleration": None,
    "deceleration": None,
}
"""Trucks without inertia, for a model of queues alone."""


def one_crane(trucks: int) -> Terminal:
    """A terminal that is a machine-repair model: one crane (exponential 90 s), as many gantries as trucks (each truck's
    time away, exponential 400 s, without a queue), lanes of 1 cm, a ship that never ends and a yard that never fills.
    """
    zero = {"mean": "0 s", "shape": "deterministic"}
    road = {"limit": "1000 km/h"}
    return complete(
        Terminal.model_validate(
            {
                "berths": [{"id": "B", "line": [[0, 0], [0.02, 0]], "cranes": 1}],
                "lanes": [
                    {"id": "a", "line": [[0, 0], [0.01, 0]], **road},
                    {"id": "b", "line": [[0.01, 0], [0.02, 0]], **road},
                ],
                "blocks": [{"id": "Y", "lane": "b", "bays": 40, "rows": 40, "tiers": 20, "gantries": trucks}],
                "gate": {"at": [0, 0]},
                "fleet": {"trucks": trucks, "speed": "1000 km/h", **STILL},
                "roads": {"occupation": False, "junctions": False},
                "quay_crane": {
                    "handover": {"mean": f"{CRANE_S} s", "shape": "exponential"},
                    "cycle": zero,
                    "retry_probability": 0.0,
                    "orders_ahead": 2 * trucks,
                },
                "gantry": {"cycle": {"mean": f"{AWAY_S} s", "shape": "exponential"}, "rehandle": "0 s"},
                "road_trucks": {"per_day": 0},
                "yard": {"fill": 0.0},
                "calls": [{"vessel": "endless", "berth": "B", "at": "0 s", "discharge": 30000, "load": 0}],
            }
        )
    )


@cache
def measured(trucks: int, kind: str) -> tuple[float, float]:
    """Mean moves an hour of ten seeds after a warm-up, and half the width of the 95 % interval."""
    rates = []
    for seed in range(REPLICATIONS):
        engine = make_engine(kind, one_crane(trucks), seed, MIDNIGHT, HOURS * HOUR, level=0)
        engine.advance(WARM_H * HOUR)
        before = engine.world.tally.discharged
        engine.advance(HOURS * HOUR)
        rates.append((engine.world.tally.discharged - before) / (HOURS - WARM_H))
    mean = math.fsum(rates) / len(rates)
    spread = math.sqrt(math.fsum((r - mean) ** 2 for r in rates) / (len(rates) - 1))
    return mean, T_9 * spread / math.sqrt(len(rates))


@pytest.mark.parametrize("kind", ["fast", pytest.param("simpy", marks=pytest.mark.slow)])
@pytest.mark.parametrize("trucks", sorted(EXACT))
def test_trucks_at_one_crane_match_machine_repair(trucks, kind):
    """Exact values inside the 95 % interval, which is narrower than 1.5 % of the value.

    Measured (both engines, same draws, same figures): 14.16 ± 0.09, 25.83 ± 0.12, 33.94 ± 0.18, 38.05 ± 0.29.
    """
    assert machine_repair(trucks) == pytest.approx(EXACT[trucks], abs=5e-4)
    mean, half = measured(trucks, kind)
    print(f"{kind}: {trucks} trucks, exact {EXACT[trucks]:.3f}, measured {mean:.3f} ± {half:.3f} moves/h")
    assert abs(mean - EXACT[trucks]) <= half
    assert half < 0.015 * mean


def test_plot_machine_repair(figures: Path):
    """The curve and the measured points, as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(range(1, 11), [machine_repair(n) for n in range(1, 11)], color="#0072b2", label="exact, M/M/1//N")
    values = [measured(n, "fast") for n in sorted(EXACT)]
    axes.errorbar(
        sorted(EXACT),
        [m for m, _ in values],
        [h for _, h in values],
        fmt="o",
        color="#d95f02",
        capsize=4,
        label="terminal model, 95 %",
    )
    axes.axhline(3600 / CRANE_S, color="#9aa1ab", linewidth=1, linestyle="--", label="crane never waits")
    axes.set(xlabel="trucks", ylabel="moves an hour", title="One crane (90 s) and trucks that are away 400 s")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    path = figures / "port_machine_repair.png"
    figure.savefig(path, dpi=120)
    assert path.stat().st_size > 10_000


def kim(stacks: int, tiers: int) -> float:
    """Expected rehandles per box when a full bay is emptied in random order: (T−1)/4 + (T+2)/(16 S).

    Source: Kim (1997), Computers & Industrial Engineering 32(4), 701–711; within 3 % of exact for S ≥ 6.
    """
    return (tiers - 1) / 4 + (tiers + 2) / (16 * stacks)


def exact_rehandles(stacks: int, tiers: int) -> float:
    """The same by dynamic programming over the sorted stack heights, each box equally likely to be next; a box on top
    goes to the lowest other stack."""

    @cache
    def left(heights: tuple[int, ...]) -> float:
        boxes = sum(heights)
        if boxes == 0:
            return 0.0
        total = 0.0
        for s, height in enumerate(heights):
            for above in range(height):
                after = list(heights)
                after[s] = height - 1 - above
                for _ in range(above):
                    lowest = min((i for i in range(stacks) if i != s), key=after.__getitem__)
                    after[lowest] += 1
                total += above + left(tuple(sorted(after)))
        return total / boxes

    return left((tiers,) * stacks) / (stacks * tiers)


@cache
def emptied(stacks: int, tiers: int, times: int) -> tuple[float, float]:
    """Rehandles per box of the yard's own stacks, emptied so many times in drawn order: mean and standard error."""
    counts = []
    stream = Stream(11, stacks, tiers)
    for _ in range(times):
        block = Block(1, stacks, 3 * tiers)
        for box in range(stacks * tiers):
            block.store(box)
        order, moved = list(range(stacks * tiers)), 0
        while order:
            moved += block.take(order.pop(stream.index(len(order))))
        counts.append(moved / (stacks * tiers))
    mean = math.fsum(counts) / times
    return mean, math.sqrt(math.fsum((c - mean) ** 2 for c in counts) / (times - 1) / times)


@pytest.mark.parametrize(("stacks", "tiers"), [(3, 3), (6, 2), (6, 3), (6, 4), (8, 3)])
def test_stacks_need_the_rehandles_of_the_exact_solution(stacks, tiers):
    """Within three standard errors of the dynamic programme."""
    mean, error = emptied(stacks, tiers, 600)
    assert abs(mean - exact_rehandles(stacks, tiers)) <= 3 * error
    assert error < 0.02 * mean


@pytest.mark.parametrize("stacks", [6, 8, 10])
@pytest.mark.parametrize("tiers", [2, 3, 4, 5, 6])
def test_stacks_need_the_rehandles_of_kim(stacks, tiers):
    """Kim's closed form is within 3 % of exact from six stacks on; three standard errors are added."""
    mean, error = emptied(stacks, tiers, 300)
    assert abs(mean - kim(stacks, tiers)) <= 0.03 * kim(stacks, tiers) + 3 * error


def test_plot_rehandles(figures: Path):
    """Kim's lines and the yard's points, as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    tiers = [2, 3, 4, 5, 6]

    def draw(stacks: int, colour: str) -> None:
        axes.plot(tiers, [kim(stacks, t) for t in tiers], color=colour, label=f"Kim (1997), {stacks} stacks")
        measured = [emptied(stacks, t, 300) for t in tiers]
        axes.errorbar(tiers, [m for m, _ in measured], [2 * e for _, e in measured], fmt="o", color=colour, capsize=3)

    draw(6, "#0072b2")
    draw(10, "#d95f02")
    axes.plot([], [], "o", color="#555", label="yard model, emptied at random")
    axes.set(xlabel="tiers", ylabel="rehandles a box", title="Emptying a full bay in random order")
    axes.set_xticks(tiers)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    path = figures / "port_rehandles_kim.png"
    figure.savefig(path, dpi=120)
    assert path.stat().st_size > 10_000
