"""The two engines behind the twin's ports: what a city gives and takes at every exchange is the same to the bit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from port.codes import L_RELEASED
from port.domain import DOMAIN
from port.layout import complete
from port.metrics import summary
from port.ports import PORTS
from port.simulate import simulate
from port.terminal import Terminal
from tests.conftest import REPOSITORY
from tests.integration.conftest import twin
from tests.port.sites import HOUR, event, setup
from tests.port.test_model import CALLS, ROAD
from tests.port.test_reading import LONG
from twin.clock import US
from twin.ports import Arrival, Direction

CITY = REPOSITORY / "scenarios" / "adlershof" / "city" / "city.yaml"
SLICE = 10 * US
EVENTS = {
    40: event("crane_breakdown", crane="QC02"),
    60: event("gate_close", name="g"),
    75: event("gate_close", "end", "g"),
    90: event("stop_cranes", name="s"),
    120: event("stop_cranes", "end", "s"),
}
"""Events by the minute at which they happen."""


def drive(folder: Path, engine: str) -> list:
    """Three hours of a city: trucks by the slice, a squall, fog, water on a lane, a blackout, orders; all it gives."""
    folder.mkdir()
    model = DOMAIN.build(setup(folder, LONG + CALLS, linked=ROAD, engine=engine))
    rng = np.random.default_rng(3)
    states = [p.name for p in PORTS if p.direction is Direction.OUT]
    lanes = model.places["lane"].size
    given: list = []
    for k in range(3 * 360):
        now = k * SLICE
        ago, task, comes = rng.random(), rng.choice(["deliver_export", "collect_import", "x"]), rng.random() < 0.12
        coming = [Arrival(max(0, now - int(ago * SLICE)), f"truck_{k}", {"task": str(task)})] if comes else []
        if k % 6 == 0:
            minute = k // 6
            model.put("wind", np.array([24.0 if 50 <= minute < 65 else 8.0]))
            model.put("visibility", np.array([12.0 if 80 <= minute < 100 else 9000.0]))
            model.put(
                "lane_depth", np.full(lanes, 0.0) + (np.arange(lanes) == 4) * (0.4 if 100 <= minute < 130 else 0.0)
            )
            model.put("power", np.ones(model.places["terminal"].size) * (0.0 if 140 <= minute < 145 else 1.0))
            if minute in EVENTS:
                model.apply(EVENTS[minute])
        model.put("gate_arrivals", coming)
        model.advance(now + SLICE)
        given.append([model.take(name) for name in states])
    given += [model.summary(), {name: table.rows for name, table in model.tables().items()}, model.balances()]
    model.close()
    return given


def test_what_the_city_gets_from_both_engines_is_the_same(tmp_path):
    """1,080 exchanges with trucks from the road and every disturbance: states, trucks given back, figures, tables."""
    a, b = drive(tmp_path / "simpy", "simpy"), drive(tmp_path / "fast", "fast")
    for k, (one, other) in enumerate(zip(a[:-3], b[:-3], strict=True)):
        for x, y in zip(one, other, strict=True):
            assert np.array_equal(x, y) if isinstance(x, np.ndarray) else x == y, f"exchange {k}"
    assert a[-3:] == b[-3:]
    assert a[-3]["moves"].value > 80
    assert a[-3]["trucks_served"].value > 50


def test_a_day_of_generated_calls_is_the_same_in_both_engines():
    """Sixteen hours of two berths with generated ships, stays, transhipment, slots: logs, stacks and owners agree."""
    stays = {"imports": {"mean": "10 h"}, "transhipment": {"mean": "4 h", "shape": "exponential"}}
    made = {
        "origin": (0.0, 0.0),
        "heading": "0 deg",
        "berths": 2,
        "gate": {"appointments": {"quota": 20, "slot": "30 min", "share": 0.8}},
        "yard": {"transhipment": 0.3, "dwell": stays},
    }
    a, b = (simulate(complete(Terminal.model_validate(made)), 5, 16 * HOUR, kind) for kind in ("simpy", "fast"))
    assert np.array_equal(a.rows(), b.rows())
    assert summary(a) == summary(b)
    for one, other in zip(a.world.stock.blocks, b.world.stock.blocks, strict=True):
        assert (one.stacks, one.imports) == (other.stacks, other.imports)
        assert {k: v for k, v in one.exports.items() if v} == other.exports
    assert a.world.tally.transhipped > 100
    assert len(a.rows()[a.rows()[:, 1] == L_RELEASED]) > 200
    assert max(v.departed_us for v in a.world.vessels) > 0


@pytest.mark.slow
@pytest.mark.skipif(not CITY.is_file(), reason="needs the built city (make demo)")
def test_the_drill_has_one_hash_with_either_engine(tmp_path):
    """Half an hour of the Adlershof drill with all four models: the hash of all results, not only the terminal's.

    (Over its first four hours, with the storm and 195 gate trucks, the hash was the same as well.)"""
    hashes = []
    for engine in ("simpy", "fast"):
        changes = ["clock.duration=30 min", "timeline=[]", "expect=[]", f"port.engine={engine}"]
        words = [word for change in changes for word in ("--set", change)]
        drill = str(CITY.parent.parent / "drill.yaml")
        made = twin(tmp_path, "run", drill, "--runs", engine, "--no-baseline", "--no-report", "--quiet", *words)
        assert made.returncode == 0, made.stderr
        summary = next((tmp_path / engine).glob("*/summary.json"))
        hashes.append(json.loads(summary.read_text(encoding="utf-8"))["hash"])
    assert hashes[0] == hashes[1]
