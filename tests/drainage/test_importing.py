"""The importer of mains: fields guessed, gaps filled by stated rules, and a file that SWMM runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drainage.importing.run import Choices, import_mains, tried
from drainage.network import SewerFile
from twin.scenario.problems import ScenarioError

Props = dict[str, Any]


def main(xy: list[tuple[float, float]], **values: Any) -> Props:
    return {"type": "Feature", "geometry": {"type": "LineString", "coordinates": xy}, "properties": values}


def layer(path: Path, *mains: Props) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(mains)}))
    return path


def known(up: float | None, down: float | None, size: float | None = 300, **more: Any) -> Props:
    return {"START_IL": up, "END_IL": down, "PIPE_DIA": size, "START_GL": 12.0, "END_GL": 12.0, **more}


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Three mains in a row, 100 m each; the middle ones' inverts and a diameter are missing, ends 0.3 m apart."""
    return layer(
        tmp_path / "mains.geojson",
        main([(1000, 0), (1100, 0)], **known(10.0, None)),
        main([(1100.3, 0), (1200, 0)], **known(None, None, None)),
        main([(1200, 0), (1300, 0)], **known(-99, 9.1)),
        main([(1200, 0), (1300, 0)], **known(-99, 9.1)),
    )


def test_gaps_are_filled_by_the_rules_that_the_log_names(street: Path) -> None:
    """10.0 m and 9.1 m are 300 m apart: 9.7 and 9.4 between them. The twin is left out, the snap is told."""
    made = import_mains(street, Choices(land="none"))
    sewer = SewerFile(street, made.text.splitlines())
    levels = sorted((n.invert_m for n in sewer.nodes.values()), reverse=True)
    np.testing.assert_allclose(levels, [10.0, 9.7, 9.4, 9.1], atol=2e-3)
    assert made.log.count("has this main twice") == 1
    assert made.log.count("invert interpolated along the mains") == 2
    assert made.log.count("joined to one node") == 1
    assert made.log.count("diameter of the largest main that meets it") == 1
    assert [n.kind for n in sewer.nodes.values()].count("outfall") == 1


def test_each_part_gets_an_outfall_and_the_tide_stands_in_the_low_ones(tmp_path: Path) -> None:
    path = layer(
        tmp_path / "two.geojson",
        main([(1000, 0), (1100, 0)], **known(10.0, 9.0)),
        main([(5000, 0), (5100, 0)], **known(2.0, 1.0)),
    )
    made = import_mains(path, Choices(land="none", tide_m=1.5))
    rows = {r.tokens[0]: r.tokens for r in SewerFile(path, made.text.splitlines()).rows("OUTFALL")}
    assert sorted(r[2] for r in rows.values()) == ["FIXED", "FREE"]
    assert made.figures["parts"] == 2


def test_impossible_levels_are_taken_as_unknown_and_told(tmp_path: Path) -> None:
    """An invert above its ground, and one 60 m below it; the ground of 12 m fits both other ends."""
    path = layer(
        tmp_path / "odd.geojson",
        main([(1000, 0), (1100, 0)], **known(10.0, 19.7)),
        main([(1100, 0), (1200, 0)], **known(-50.0, 9.4)),
    )
    made = import_mains(path, Choices(land="none"))
    assert made.log.count("invert taken as unknown") == 2
    levels = sorted(n.invert_m for n in SewerFile(path, made.text.splitlines()).nodes.values())
    np.testing.assert_allclose(levels, [9.4, 9.7, 10.0], atol=2e-3)


@pytest.mark.parametrize(
    ("content", "choices", "says"),
    [
        ("no json", {}, "no GeoJSON"),
        ('{"type": "FeatureCollection", "features": []}', {}, "has no features that are LineString"),
        (json.dumps({"features": [main([(0, 0), (1, 1)], A=1)]}), {}, "which field is the diameter"),
        (json.dumps({"features": [main([(0, 0), (1, 1)], **known(1, 2))]}), {"crs": "EPSG:4326"}, "is in degrees"),
        (json.dumps({"features": [main([(0, 0), (1, 1)], **known(1, 2))]}), {"crs": "EPSG:x"}, "no such coordinate"),
        (
            json.dumps({"features": [main([(500, 0), (501, 0)], **known(1, 2))]}),
            {"snap_m": 5.0},
            "no main joins two nodes",
        ),
        (json.dumps({"features": [main([(500, 0), (600, 0)], **known(1, 2))]}), {"formula": "paris"}, "known are"),
    ],
)
def test_wrong_input_is_one_sentence(content: str, choices: dict[str, Any], says: str, tmp_path: Path) -> None:
    path = tmp_path / "mains.geojson"
    path.write_text(content)
    with pytest.raises(ScenarioError, match=says):
        import_mains(path, Choices(**choices))


def test_swmm_runs_the_result(street: Path) -> None:
    """Continuity under a storm of two years in an hour within 1 %."""
    swmm = tried(import_mains(street, Choices(duration_h=2.0)))
    assert swmm["accepted"]
    assert all(abs(error) < 1.0 for error in swmm["continuity_pct"].values())
