"""The run's copy: what SWMM makes of it, and that the user's file stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from drainage.network import SewerFile
from drainage.sewer_copy import Opening, Wishes, write_copy
from drainage.swmm import try_open
from twin.scenario.child import run_guarded

AWKWARD = """[TITLE]
everything that trips a careless reader
[OPTIONS]
FLOW_UNITS {units}
LINK_OFFSETS {offsets}
START_DATE 03/01/2024
END_DATE 03/09/2024
REPORT_START_DATE 03/02/2024
ALLOW_PONDING YES
[RAINGAGES]
G VOLUME 1:00 1.0 FILE "rain of the year.dat" STA MM
[SUBCATCHMENTS]
S G M1 1 50 20 0.5 0
[SUBAREAS]
S 0.01 0.1 0.05 0.05 25 OUTLET
[INFILTRATION]
S 3 0.5 4 7 0
[JUNCTIONS] ; a comment after a heading
;;name inv depth
M1 10 2 0.1 0 50 ; ponded
M1~street 9.9 2
[STORAGE]
T 9 3 0 FUNCTIONAL 1000 0 0 0 0
[OUTFALLS]
O 8 FREE NO
[CONDUITS]
C1 M1 M1~street 50 0.013 {a} {b}
C2 M1~street T 50 0.013 {b} {c}
C3 T O 50 0.013 {c} {d}
[XSECTIONS]
C1 CIRCULAR 0.5 0 0 0
C2 CIRCULAR 0.5 0 0 0
C3 CIRCULAR 0.5 0 0 0
[POLLUTANTS]
TSS MG/L 0 0 0 0 NO * 0.0 0 0
[TREATMENT]
M1 TSS C = 0.9*TSS
[INFLOWS]
M1 FLOW "" FLOW 1.0 1.0 0.01
[DWF]
M1~street FLOW 0.001
[COORDINATES]
M1 10 10
M1~street 60 10
"""


@pytest.mark.parametrize("units", ["CMS", "LPS", "MLD", "CFS", "GPM", "MGD"])
@pytest.mark.parametrize("offsets", ["DEPTH", "ELEVATION"])
def test_swmm_accepts_the_copy_of_an_awkward_file(tmp_path: Path, units: str, offsets: str) -> None:
    """Treatment, dry-weather flow, a missing rain file, a name that clashes: no error from SWMM."""
    places = ("10", "9.9", "9", "8") if offsets == "ELEVATION" else ("0", "0", "0", "0")
    text = AWKWARD.format(units=units, offsets=offsets, **dict(zip("abcd", places, strict=True)))
    source = tmp_path / "awkward.inp"
    source.write_text(text)
    sewer = SewerFile.read(source)
    openings = [Opening(id, sewer.rim_m(id) + 0.1, 0.28, 0.167) for id in ("M1", "M1~street")]
    copy = write_copy(sewer, Wishes(3600.0, 60.0, openings, spare_s=60.0), tmp_path / "copy.inp")
    assert run_guarded(try_open, str(copy.path), str(tmp_path)) == []
    assert len(set(copy.outfalls.values()) | set(sewer.nodes)) == len(sewer.nodes) + 2
    assert source.read_text() == text
    again = SewerFile.read(copy.path)
    hole = next(row for row in again.rows("ORIFICE") if row.tokens[0] == copy.orifices["M1"])
    crest = hole.number(4) * again.metres + (0 if again.by_elevation else again.nodes["M1"].invert_m)
    assert crest == pytest.approx(sewer.rim_m("M1") + 0.1, abs=1e-5)
    assert again.nodes["M1"].kind == "storage"
    assert again.nodes["M1"].initial_m == pytest.approx(0.1 * again.metres)


def test_paths_become_absolute_and_saved_files_stay_in_the_run(tmp_path: Path) -> None:
    source = tmp_path / "in" / "s.inp"
    source.parent.mkdir()
    source.write_text(
        '[OPTIONS]\nFLOW_UNITS CMS\n[TIMESERIES]\nT FILE "my rain.dat"\n'
        "[FILES]\nUSE HOTSTART hot.hsf\nSAVE OUTFLOWS out.txt\n"
    )
    copy = write_copy(SewerFile.read(source), Wishes(60.0), tmp_path / "copy.inp")
    text = copy.path.read_text()
    assert f'T FILE "{source.parent / "my rain.dat"}"' in text
    assert f'USE HOTSTART "{source.parent / "hot.hsf"}"' in text
    assert 'SAVE OUTFLOWS "out.txt"' in text


def test_with_a_surface_the_sewers_start_empty(tmp_path: Path) -> None:
    """Storage units take no depth from a conduit's initial flow, and a hot start fits the file's own nodes only."""
    source = tmp_path / "s.inp"
    source.write_text(
        "[OPTIONS]\nFLOW_UNITS CMS\n[JUNCTIONS]\nM 10 2\n[OUTFALLS]\nO 9 FREE\n[CONDUITS]\nC M O 50 0.013 0 0 0.25 0\n"
        "[XSECTIONS]\nC CIRCULAR 0.5 0 0 0\n[FILES]\nUSE HOTSTART hot.hsf\n"
    )
    sewer = SewerFile.read(source)
    plain = SewerFile.read(write_copy(sewer, Wishes(60.0), tmp_path / "plain.inp").path)
    assert plain.rows("CONDUIT")[0].number(7) == 0.25
    assert plain.rows("FILE")
    coupled = write_copy(sewer, Wishes(60.0, openings=[Opening("M", 12.0, 0.28, 0.6)]), tmp_path / "coupled.inp")
    assert SewerFile.read(coupled.path).rows("CONDUIT")[0].number(7) == 0.0
    assert not SewerFile.read(coupled.path).rows("FILE")
    assert run_guarded(try_open, str(coupled.path), str(tmp_path)) == []


def test_reports_of_green_roofs_stay_in_the_runs_folder(tmp_path: Path) -> None:
    """SWMM would write them where the program was called."""
    source = tmp_path / "s.inp"
    source.write_text(
        '[OPTIONS]\nFLOW_UNITS CMS\n[LID_USAGE]\nS GR 1 10 1 0 0 0 "my report.txt"\nS GR 1 10 1 0 0 0 *\n'
    )
    folder = tmp_path / "run"
    folder.mkdir()
    copy = write_copy(SewerFile.read(source), Wishes(60.0), folder / "c.inp")
    first, second = SewerFile.read(copy.path).rows("LID_USAGE")
    assert first.tokens[8] == str(folder / "my report.txt")
    assert second.tokens[8] == "*"
