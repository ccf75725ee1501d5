"""Storm sewers alone, from a SWMM file of a city's real mains (Windsor, 807 manholes), with and without streets."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drainage.network import SewerFile
from tests.real import cases
from twin.results.view import RunView

MAINS = "drainage/city_canada/windsor/windsor.inp"
STORM = {"design_storm": "suzhou", "return_period": "5 a", "duration": "1 h", "peak": 0.4, "start": "0 s"}


def cut(source: Path, target: Path, hours: float) -> Path:
    """The file with another end."""
    sewer = SewerFile.read(source)
    end = sewer.start + timedelta(hours=hours)
    text = re.sub(r"(?m)^END_DATE.*$", f"END_DATE {end:%m/%d/%Y}", source.read_text())
    target.write_text(re.sub(r"(?m)^END_TIME.*$", f"END_TIME {end:%H:%M:%S}", text))
    return target


def with_rain(source: Path, target: Path, mm_per_h: np.ndarray, hours: float) -> Path:
    """The file with a rain of its own, one value a minute, as SWMM alone would be given it."""
    text = cut(source, target, hours).read_text()
    text = re.sub(r"(?m)^RG INTENSITY .*$", "RG INTENSITY 0:01 1.0 TIMESERIES MINUTES", text)
    text = re.sub(r"(?m)^(WET_STEP|DRY_STEP) .*$", r"\1 00:01:00", text)
    rows = [f"MINUTES {k // 60}:{k % 60:02d} {float(v)!r}" for k, v in enumerate([*mm_per_h, 0.0])]
    target.write_text(text + "\n[TIMESERIES]\n" + "\n".join(rows) + "\n")
    return target


def outfall_volume(report: Path) -> float:
    """External outflow in m3 of SWMM's own report (10^6 L)."""
    found = re.search(r"External Outflow \.+\s+[\d.]+\s+([\d.]+)", report.read_text())
    assert found is not None
    return 1000.0 * float(found[1])


def plain(inp: Path, folder: Path) -> Path:
    """SWMM's own run of a file; its binary results. A process of its own, since SWMM takes one run at a time."""
    words = [str(inp), str(folder / "plain.rpt"), str(folder / "plain.out")]
    subprocess.run(
        [sys.executable, "-c", f"from drainage.swmm import run_plain; run_plain(*{words!r})"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder / "plain.out"


def test_real_mains_without_a_terrain_are_plain_swmm(take: Callable[[str], Path], tmp_path: Path) -> None:
    """The first hour of the file's own storm: the binary results, byte for byte."""
    mains = cut(take(MAINS), tmp_path / "mains.inp", 1)
    told = cases.run(tmp_path, "own", drainage={"sewer": mains.name})
    assert told.summary["sections"] == ["drainage"]
    ours = told.folder / "engines" / "drainage" / "mains.run.out"
    assert ours.read_bytes() == plain(mains, tmp_path).read_bytes()


def test_the_twins_rain_is_the_same_rain_in_the_file(take: Callable[[str], Path], tmp_path: Path) -> None:
    """A storm through the weather's port, and the same means by the minute in a SWMM file: equal outfall volumes.

    SWMM's report gives six digits; its rain gage shifts nothing, so what remains is the rounding of its steps (1e-3).
    """
    mains = take(MAINS)
    told = cases.run(tmp_path, "storm", drainage={"sewer": mains.name}, weather={"rain": STORM})
    _, rain = RunView(told.folder).series("weather", "rain")
    assert told.metric("weather.rain_depth") == pytest.approx(rain[1:61].sum() / 60, rel=1e-6)
    plain(with_rain(mains, tmp_path / "same.inp", rain[1:61, 0], 1), tmp_path)
    assert told.metric("drainage.outfall_volume") == pytest.approx(outfall_volume(tmp_path / "plain.rpt"), rel=1e-3)


def surfaced(take: Callable[[str], Path], folder: Path, hours: float, cell_m: float) -> tuple[cases.Told, Any]:
    """Windsor under the storm with streets at the level of its rims, and the sewers' account."""
    mains = take(MAINS)
    levels, x0, y0 = cases.ground_of_rims(SewerFile.read(mains), cell_m)
    cases.write_raster(folder / "rims.asc", levels, cell_m, x0, y0)
    section = {"sewer": mains.name, "terrain": "rims.asc"}
    told = cases.run(folder, "surface", hours=hours, drainage=section, weather={"rain": STORM})
    return told, cases.balance(told, "drainage", "sewer water")


@pytest.mark.parametrize(
    ("hours", "cell_m", "percent"),
    [(0.75, 20.0, 1.0), pytest.param(3.0, 10.0, 0.1, marks=pytest.mark.slow)],
    ids=["peak", "drained"],
)
def test_every_manhole_exchanges_with_its_street(
    hours: float, cell_m: float, percent: float, take: Callable[[str], Path], tmp_path: Path
) -> None:
    """Surface 1e-10 (rounding), nothing floods past the surface.

    SWMM's own continuity error comes into being while pipes fill (0.4 to 4 % of the water until then, part of it the
    slot's); the storm's whole volume makes it small: 1 % at the peak, 0.1 % when the sewers have drained.
    """
    told, sewers = surfaced(take, tmp_path, hours, cell_m)
    streets = cases.balance(told, "drainage", "surface water")
    assert streets["relative"] < 1e-10
    assert streets["inflow"]["manholes"] == sewers["outflow"]["manholes"] > 1000.0
    assert streets["outflow"]["manholes"] == sewers["inflow"]["manholes"] > 100.0
    assert sewers["outflow"]["flooding"] == 0.0
    assert abs(told.metric("drainage.sewer_continuity_error")) < percent
    assert told.metric("drainage.max_depth") > 0.1
