"""Whatever a file says, the answer is a scenario or lines with a place, never a crash."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.scenario import Scenario, ScenarioError, load

from .conftest import DOMAINS

KEYS = """
twin name title extends crs seed clock city results baseline weather assets canal timeline expect start duration
exchange interval folder rain tide wind visibility series rate design_storm return_period peak scale a c b n
harmonic amplitude period phase mean level speed distance network engine step pipes widths id width at fails_at
feeds do when until repeat note bank area asset metric below above equals between doc nonsense
""".split()  # noqa: SIM905 (a page of quotes is harder to read)
START = "2026-07-01T16:00+08:00"
WORDS = [
    *("2 h", "+2 h", "5 m", "18:00", START, "1e300 h", "-3 m", "12 mm/h", "20 a", "30 deg", "suzhou", "net.txt"),
    *("canal.breach", "weather.set_wind", "assets.fail", "max(canal.level) > 1 m for 5 min", "canal.x", "fast", "M2"),
    *("EPSG:32633", "", "x" * 200, "1e999 m", "9" * 500 + " m", "../x", "/etc/passwd", "\u0000", "0000-00-00", "north"),
    *("5 m**999", "1 m^-", "3 %%", "+99999999999999:00", "1e-9 s", "0 s", "a\nb"),
]
scalars = st.one_of(
    st.sampled_from(WORDS),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
    st.text(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
entries = st.fixed_dictionaries(
    {"do": st.sampled_from(["canal.breach", "weather.set_wind", "assets.fail"])},
    optional=dict.fromkeys(("at", "when", "until", "bank", "area", "speed", "asset", "repeat", "id"), scalars),
)
clocks = st.fixed_dictionaries(
    {"start": st.just(START), "duration": st.sampled_from(WORDS)}, optional={"exchange": values}
)
files = st.fixed_dictionaries(
    {"twin": st.just(1), "clock": st.one_of(st.just({"start": START, "duration": "5 h"}), clocks, values)},
    optional={
        "weather": st.dictionaries(st.sampled_from(["rain", "tide", "wind", "visibility"]), values) | values,
        "assets": st.lists(st.dictionaries(st.sampled_from(["id", "at", "feeds", "fails_at"]), values), max_size=2),
        "canal": st.just({"network": "net.txt"}) | values,
        "timeline": st.lists(entries, max_size=2) | values,
        "expect": st.lists(st.dictionaries(st.sampled_from(KEYS[-6:]), values), max_size=2) | values,
        **dict.fromkeys(("name", "title", "crs", "seed", "city", "results", "baseline"), values),
    },
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("any")
    (folder / "net.txt").write_text("north south")
    return folder


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(files)
def test_any_file_is_a_scenario_or_lines_with_places(folder, data):
    path = folder / "any.yaml"
    path.write_text(json.dumps(data))
    try:
        found: Scenario | list[str] = load(path, domains=DOMAINS)
    except ScenarioError as error:
        found = error.lines
    if isinstance(found, Scenario):
        assert found.resolved_text()
    else:
        assert found
        assert all(re.match(r".*any\.yaml(:\d+:\d+)?  \S", line) for line in found)
        assert all("\n" not in line for line in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4), scalars)
def test_any_override_is_taken_or_refused_with_lines(folder, keys, value):
    path = folder / "good.yaml"
    path.write_text('{twin: 1, clock: {start: "2026-07-01T16:00+08:00", duration: 5 h}, canal: {network: net.txt}}')
    try:
        load(path, [f"{'.'.join(keys)}={value}"], domains=DOMAINS)
    except ScenarioError as error:
        lines = error.lines
    else:
        return
    assert lines
    assert all(line.partition("  ")[2] for line in lines)
