"""Little's law on every queue of a whole terminal: cranes, blocks, both sides of the gate, stations, operators."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from port import codes as c
from port.control import Engine
from port.layout import complete
from port.plan import Plan
from port.simulate import MIDNIGHT, make_engine
from port.terminal import Terminal
from port.verify.laws import law_rows, total_rows
from twin.clock import US

HOUR = 3600 * US
HOURS = 72
KINDS = ("quay crane", "block", "gate in", "gate out", "station", "remote operators")


@cache
def whole() -> Plan:
    """Two berths with everything on: lanes that fill, junctions, dual cycles, breakdowns, takeovers, small batteries,
    one swap bay and a narrow gate."""
    return Plan(
        complete(
            Terminal.model_validate(
                {
                    "origin": (0.0, 0.0),
                    "heading": "0 deg",
                    "berths": 2,
                    "layout": {"cranes": 5, "blocks": 8, "gantries": 10, "stations": 1, "depth": "400 m"},
                    "gate": {"lanes_in": 1, "lanes_out": 1},
                    "fleet": {
                        "trucks": 22,
                        "breakdown": {"between": "40 h"},
                        "remote": {"per_1000_km": 300, "operators": 1},
                        "energy": {"battery_kwh": 40},
                    },
                    "quay_crane": {"breakdown": {"between": "20 h"}, "dual_cycling": 0.5, "buffer": 4},
                    "gantry": {"breakdown": {"between": "30 h"}, "retry_probability": 0.1, "buffer": 6},
                    "road_trucks": {"per_day": 800},
                }
            )
        )
    )


@cache
def run(kind: str, hours: int = HOURS) -> Engine:
    """Three days, seed 5."""
    made = make_engine(kind, whole(), 5, MIDNIGHT, hours * HOUR, level=2)
    made.advance(hours * HOUR)
    return made


def visits(engine: Engine) -> dict[tuple[str, int], tuple[np.ndarray, np.ndarray]]:
    """(kind, number of the queue) -> times of joining and of beginning (the end of the run where not yet), by visit.

    Read from the log alone, the n-th joining of a truck paired with its n-th begin: another way than
    `port.verify.laws` takes, which follows the lines. At the gate the visit lasts until its service is over.
    """
    rows, fleet = engine.rows(), engine.plan.fleet_size
    code = rows[:, 1]
    began = {k: rows[code == c.L_GANTRY][rows[code == c.L_GANTRY][:, 2] == k, 0] for k in range(len(engine.gantries))}
    ends = rows[np.isin(code, (c.L_STORE, c.L_RETRIEVE, c.L_RECEIVE, c.L_DELIVER))]
    seen = dict.fromkeys(began, 0)
    at_block = []
    for _, _, gantry, _, vehicle in ends.tolist():
        at_block.append((int(began[gantry][seen[gantry]]), vehicle, int(engine.plan.gantry_block[gantry])))
        seen[gantry] += 1
    serving = {k: int(times[seen[k]]) for k, times in began.items() if seen[k] < len(times)}

    def pick(what: int, who: int, queue: int | None) -> list[tuple[int, int, int]]:
        found = rows[code == what]
        queues = np.zeros(len(found), np.int64) if queue is None else found[:, queue]
        return list(zip(found[:, 0].tolist(), found[:, who].tolist(), queues.tolist(), strict=True))

    out = [row for row in pick(c.L_AT, 2, 3) if row[2] == 0 and row[1] >= fleet]
    pairs = {
        "quay crane": (pick(c.L_STANDS, 2, 3), pick(c.L_HANDOVER, 3, 2)),
        "block": (pick(c.L_AT_BLOCK, 2, 3), at_block),
        "gate in": (pick(c.L_ARRIVED, 2, None), pick(c.L_ADMITTED, 2, None)),
        "gate out": (out, pick(c.L_DEPARTED, 2, None)),
        "station": (pick(c.L_STATION, 2, 3), pick(c.L_PLUGGED, 2, 3)),
        "remote operators": (pick(c.L_CALLS, 2, None), pick(c.L_TAKEN, 2, None)),
    }
    found: dict[tuple[str, int], tuple[list[int], list[int]]] = {}
    for kind, (joins, begins) in pairs.items():
        later: dict[tuple[int, int], list[int]] = {}
        for time, vehicle, queue in begins:
            later.setdefault((vehicle, queue), []).append(time)
        for time, vehicle, queue in joins:
            times = later.get((vehicle, queue), [])
            begin = times.pop(0) if times else engine.now_us
            for part, value in zip(found.setdefault((kind, queue), ([], [])), (time, begin), strict=True):
                part.append(value)
        assert not any(later.values()), kind
    for gantry, time in serving.items():
        waiting = found["block", int(engine.plan.gantry_block[gantry])][1]
        waiting[waiting.index(engine.now_us)] = time
    return {key: (np.array(a), np.array(b)) for key, (a, b) in found.items()}


def mean_length(joins: np.ndarray, begins: np.ndarray, end_us: int) -> float:
    """Time average of the number waiting, from the steps of its curve."""
    times = np.concatenate([joins, begins])
    steps = np.concatenate([np.ones(len(joins)), -np.ones(len(begins))])
    order = np.argsort(times, kind="stable")
    level = np.cumsum(steps[order])
    return float(np.sum(level[:-1] * np.diff(times[order])) + level[-1] * (end_us - times[order][-1])) / end_us


@pytest.mark.parametrize("kind", ["fast", pytest.param("simpy", marks=pytest.mark.slow)])
def test_littles_law_holds_on_every_queue_of_a_whole_terminal(kind):
    """L = λ W on 5 cranes, 8 blocks, gate in and out, a station and the operators over three days.

    Waits come from the log by truck, lengths from the steps of their curve: equal to rounding (1e-9; measured 1e-15).
    `port.verify.laws` follows the lines and takes the engine's own sums: nothing left over to the microsecond, and the
    same mean waits.
    """
    engine = run(kind)
    own = {(row["kind"], row["queue"]): row for row in law_rows(engine)}
    names = {"quay crane": engine.plan.site.cranes, "block": engine.plan.site.block_ids}
    found = visits(engine)
    assert {k for k, _ in found} == set(KINDS)
    assert sum(k == "quay crane" for k, _ in found) == 5
    assert sum(k == "block" for k, _ in found) == 8
    for (queue, number), (joins, begins) in found.items():
        rate, wait = len(joins) / engine.now_us, float(np.mean(begins - joins))
        length = mean_length(joins, begins, engine.now_us)
        assert length == pytest.approx(rate * wait, rel=1e-9, abs=1e-12)
        row = next(r for r in own.values() if r["kind"] == queue and _is(r["queue"], queue, number, names))
        assert row["left_over_us"] == row["work_left_over_us"] == 0
        assert row["broken"] == []
        assert row["mean_wait_s"] == pytest.approx(wait / US, rel=1e-9, abs=1e-9)
        assert row["mean_length"] == pytest.approx(length, rel=1e-9, abs=1e-12)
    assert all(row["left_over"] == 0 for row in total_rows(engine, list(own.values())))


def _is(name: str, kind: str, number: int, names: dict) -> bool:
    if kind == "quay crane":
        return name == names[kind][number].id
    return kind != "block" or name == names[kind][number]


def test_every_kind_of_queue_is_busy_enough_to_mean_something():
    """Hundreds of visits each, and some of them wait."""
    for (kind, _), (joins, begins) in visits(run("fast")).items():
        assert len(joins) > 100, kind
        assert np.any(begins > joins), kind


def test_plot_littles_law(figures: Path):
    """Mean length of every queue against arrival rate times the mean wait of those served."""
    from matplotlib.figure import Figure

    engine = run("fast")
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.add_subplot()
    colours = dict(zip(KINDS, ("#0072b2", "#1b7837", "#d95f02", "#efc100", "#a01a2c", "#555555"), strict=True))
    found = visits(engine)
    worst = 0.0
    for kind in KINDS:
        points = []
        for (name, _), (joins, begins) in found.items():
            if name == kind:
                served = begins < engine.now_us
                product = len(joins) / engine.now_us * float(np.mean((begins - joins)[served]))
                points.append((product, mean_length(joins, begins, engine.now_us)))
        x, y = zip(*points, strict=True)
        worst = max(worst, max(abs(a / b - 1.0) for a, b in points if b > 0.01))
        axes.loglog(x, y, "o", color=colours[kind], label=f"{kind} ({len(points)})")
    limits = axes.get_xlim()
    axes.plot(limits, limits, color="#9aa1ab", linewidth=1, zorder=0)
    axes.set(xlabel="arrivals a second × mean wait of those served, s", ylabel="mean number waiting")
    axes.set_title(f"Little's law on every queue, {HOURS} h (largest gap {100 * worst:.1f} %)")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    print(f"largest relative gap from those still waiting at the end: {100 * worst:.2f} %")
    path = figures / "port_littles_law.png"
    figure.savefig(path, dpi=120)
    assert path.stat().st_size > 10_000
    assert worst < 0.05
