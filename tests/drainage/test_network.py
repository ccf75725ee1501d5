"""Reading SWMM's text: units, quotes, dates, rims."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from drainage.network import FLOW_M3S, SewerFile, seconds_of, tokens_of


def sewer(tmp_path: Path, text: str) -> SewerFile:
    path = tmp_path / "s.inp"
    path.write_text(text)
    return SewerFile.read(path)


def test_comments_and_quotes_are_read_as_swmm_reads_them() -> None:
    assert tokens_of('"Main St 4"  12.5 ; "no"') == ("Main St 4", "12.5")
    assert tokens_of(";;whole line") == ()


def test_units_are_the_legal_ones() -> None:
    """1 ft = 0.3048 m; 1 US gallon = 231 cubic inches; 1 inch = 25.4 mm: all exact by definition."""
    assert FLOW_M3S["CFS"] == pytest.approx(0.028316846592, rel=1e-12)
    assert FLOW_M3S["GPM"] == pytest.approx(3.785411784e-3 / 60, rel=1e-12)
    assert FLOW_M3S["MGD"] == pytest.approx(3785.411784 / 86400, rel=1e-12)


def test_levels_come_in_metres_from_feet_and_elevations(tmp_path: Path) -> None:
    """J: invert 100 ft, depth 8 ft. A pipe of 4 ft whose upper end lies at 106 ft lifts the rim to 110 ft."""
    text = (
        "[OPTIONS]\nFLOW_UNITS CFS\nLINK_OFFSETS ELEVATION\n[JUNC]\nJ 100 8\nK 99 0\n"
        "[CONDUITS]\nC J K 400 0.013 106 *\n[XSECTIONS]\nC CIRCULAR 4\n"
    )
    s = sewer(tmp_path, text)
    assert s.rim_m("J") == pytest.approx(110 * 0.3048)
    assert s.rim_m("K") == pytest.approx(103 * 0.3048)
    assert s.surface_area_m2 == pytest.approx(12.566 * 0.3048**2)


@pytest.mark.parametrize(
    ("day", "clock", "moment"),
    [
        ("01/02/2024", "06:30:00", datetime(2024, 1, 2, 6, 30)),
        ("JAN-02-2024", "6.5", datetime(2024, 1, 2, 6, 30)),
    ],
)
def test_dates_in_all_of_swmms_forms(tmp_path: Path, day: str, clock: str, moment: datetime) -> None:
    s = sewer(tmp_path, f"[OPTIONS]\nSTART_DATE {day}\nSTART_TIME {clock}\n")
    assert s.start == moment
    assert seconds_of("0:01:30") == 90
