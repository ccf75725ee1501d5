"""Manned trucks: what a driver's reaction and distance add, to the microsecond, and to nobody else."""

from __future__ import annotations

import numpy as np
import pytest

from port.codes import L_END, L_ENTER
from port.simulate import simulate
from tests.port.sites import HOUR, terminal
from twin.ports import Arrival

QUIET = {"road_trucks": {"per_day": 0.0}, "calls": [], "fleet": {"trucks": 1, "travel_spread": 0.0}}


def entries(kind: str, arrivals: list[Arrival], **drivers: str) -> list[tuple[int, int, int, int]]:
    """(time, vehicle, arc, duration) of every lane that road trucks enter; no ship, no luck in travel times."""
    from port.simulate import Change

    place = terminal(
        **{**QUIET, "road_trucks": {"per_day": 0.0, "acceleration": None, "deceleration": None, **drivers}},
        gate={"at": [160, 0], "lanes_in": 3, "lanes_out": 2, "service_in": {"mean": "30 s", "shape": "deterministic"}},
        roads={"junctions": False},
    )
    made = simulate(place, 7, HOUR, kind, changes=[Change(0, "arrivals", arrivals)], road=True, level=2)
    rows = made.rows()
    return [(t, v, a, us) for t, code, v, a, us in rows.tolist() if code == L_ENTER]


@pytest.mark.parametrize("kind", ["simpy", "fast"])
def test_a_driver_loses_the_reaction_at_a_start_and_only_there(kind):
    """One truck alone: the lane from the gate 1.5 s longer, lanes that it drives into without a stop as before."""
    alone = [Arrival(0, "a", {"task": "deliver"})]
    prompt, slow = entries(kind, alone), entries(kind, alone, reaction="1.5 s")
    longer = [b[3] - a[3] for a, b in zip(prompt, slow, strict=True)]
    assert longer[0] == 1_500_000, "from standing behind the gate"
    assert set(longer) <= {0, 1_500_000}
    assert longer[1:3] == [0, 0], "through the open junctions"
    assert sum(x > 0 for x in longer) == 2, "and once more from the block back to the gate"


@pytest.mark.parametrize("kind", ["simpy", "fast"])
def test_drivers_follow_later_by_their_headway(kind):
    """Three trucks leave the gate lane at once: on the first lane that two of them share, the second ends 21 m at
    35 km/h (2.16 s) behind the first, and with 4 s of headway 6.16 s."""
    three = [Arrival(k, f"t{k}", {"task": "deliver"}) for k in range(3)]
    for headway, gap in (("0 s", 2.16), ("4 s", 6.16)):
        ends: dict[int, list[int]] = {}
        for t, _, arc, us in entries(kind, three, headway=headway)[:6]:
            ends.setdefault(arc, []).append(t + us)
        shared = [np.diff(sorted(times)).min() / 1e6 for arc, times in ends.items() if len(times) > 1 and arc > 1]
        assert min(shared) == pytest.approx(gap, abs=1e-5)


def test_driverless_trucks_do_not_change():
    """Without road trucks the log is the same whatever drivers are like."""
    place = {"road_trucks": {"per_day": 0.0}}
    slow = {"road_trucks": {"per_day": 0.0, "reaction": "2 s", "headway": "3 s"}}
    a, b = (simulate(terminal(**k), 7, HOUR, level=2).rows() for k in (place, slow))
    assert np.array_equal(a, b)
    assert (a[:, 1] == L_END).sum() > 100
