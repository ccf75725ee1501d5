"""Laws that hold whatever a drill does."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hydraulics.outlets import orifice
from tests.hydraulics.tools import build, ended, event, library
from twin.clock import US

PIPES = ["20", "60", "101", "151", "204", "238", "317"]
JUNCTIONS = ["103", "119", "191", "35", "237"]

happenings = st.one_of(
    st.builds(
        lambda pipe, cm2, at: ("burst", {"pipe": pipe, "area": f"{cm2} cm2", "position": at}),
        st.sampled_from(PIPES),
        st.integers(1, 2000),
        st.sampled_from([0.2, 0.5, 0.9]),
    ),
    st.builds(lambda pipe: ("close", {"link": pipe}), st.sampled_from(PIPES)),
    st.builds(lambda pump: ("pump_outage", {"pump": pump}), st.sampled_from(["10", "335"])),
    st.builds(
        lambda node, flow: ("hydrant_open", {"node": node, "flow": f"{flow} L/s"}),
        st.sampled_from(JUNCTIONS),
        st.integers(1, 200),
    ),
    st.builds(lambda factor: ("demand_scale", {"factor": factor}), st.sampled_from([0.0, 0.5, 2.0])),
)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(drill=st.lists(st.tuples(happenings, st.integers(0, 40), st.integers(1, 40)), max_size=6))
def test_any_drill_keeps_its_water_and_its_bounds(drill: list[tuple[tuple[str, dict], int, int]]) -> None:
    """Bursts, closures, outages and hydrants on Net3 in any order for an hour: the balance closes to 1e-6, nothing
    leaks that is not open or more than an orifice under the highest head could give, shares stay in [0, 1]."""
    events = [event(verb, id=f"e{k}", **args) for k, ((verb, args), _, _) in enumerate(drill)]
    with tempfile.TemporaryDirectory() as folder:
        model = build(library("Net3"), Path(folder), events, hours=1)
        leaked = 0.0
        for minute in range(60):
            for each, (_, start, lasts) in zip(events, drill, strict=True):
                if minute == start:
                    model.apply(each)
                elif minute == start + lasts:
                    model.apply(ended(each))
            assert ((model.take("served") >= 0.0) & (model.take("served") <= 1.0)).all()
            for outlet in model.engine.outlets:
                assert model.engine.outlets.flow(outlet) <= outlet.coefficient * np.sqrt(200.0) + 1e-12
                assert model.engine.outlets.flow(outlet) >= -1e-9
            model.advance((minute + 1) * 60 * US)
            leaked += model.take("leaked").sum()
        (balance,) = model.balances()
        came, went = sum(balance.inflow.values()), sum(balance.outflow.values())
        gap = balance.stored_start + came - went - balance.stored_now
        assert abs(gap) <= 1e-6 * max(abs(came), abs(went), balance.stored_start)
        assert abs(leaked - balance.outflow["link:leaked"]) <= 1e-9 * max(1.0, leaked)
        model.close()


@given(area=st.floats(1e-6, 1.0), discharge=st.floats(0.1, 1.0))
def test_an_orifice_scales_with_its_area_and_coefficient(area: float, discharge: float) -> None:
    """c is proportional to both."""
    assert np.isclose(orifice(2 * area, discharge), 2 * orifice(area, discharge), rtol=1e-12)
    assert np.isclose(orifice(area, discharge), discharge * orifice(area, 1.0), rtol=1e-12)
