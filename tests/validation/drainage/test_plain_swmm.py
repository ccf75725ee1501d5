"""Without a terrain our stepping is plain SWMM: the binary results of SWMM's regression suite, byte for byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from drainage.model import DrainageModel
from drainage.network import SewerFile
from drainage.swmm import run_plain
from tests.drainage.cases import LINE, run, setup_for
from twin.model import Setup
from twin.scenario.child import run_guarded

QUICK = ("extran/extran1", "extran/extran6")
SLOW = (
    "extran/extran3", "extran/extran5", "extran/extran7", "extran/extran9", "routing/test1", "routing/test3",
    "routing/test5", "user/user1", "user/user3", "user/user5", "examples/Example1", "examples/Example3",
)  # fmt: skip


def same_as_plain(build: Callable[[Setup], DrainageModel], folder: Path, source: Path) -> None:
    sewer = SewerFile.read(source)
    seconds = (sewer.moment("END", sewer.start) - sewer.start).total_seconds()
    model = build(setup_for(folder, seconds, sewer=source))
    run(model, seconds, 300.0)
    model.close()
    copy = folder / "run" / f"{source.stem}.run.inp"
    plain = folder / "plain.out"
    run_guarded(run_plain, str(source), str(folder / "plain.rpt"), str(plain))
    assert copy.with_suffix(".out").read_bytes() == plain.read_bytes()


def test_a_line_without_a_terrain_is_plain_swmm(build: Callable[[Setup], DrainageModel], tmp_path: Path) -> None:
    source = tmp_path / "line.inp"
    source.write_text(LINE + '[INFLOWS]\nM1 FLOW "" FLOW 1.0 1.0 0.15\n')
    same_as_plain(build, tmp_path, source)


@pytest.mark.parametrize("case", [*QUICK, *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW)])
def test_the_regression_suite_of_swmm(
    build: Callable[[Setup], DrainageModel], shared: Path, tmp_path: Path, case: str
) -> None:
    """swmm-nrtestsuite (CC BY 4.0). Two threads there, one here, would be the only legitimate difference."""
    folder = shared / "drainage" / "swmm" / "nrtestsuite" / "public"
    source = folder / f"{case}.inp"
    if not source.exists():
        pytest.skip(f"{case}.inp is not among the shared files")
    for file in source.parent.glob("*.*"):
        if file.suffix in (".dat", ".txt", ".hsf") or file == source:
            shutil.copy(file, tmp_path / file.name)
    same_as_plain(build, tmp_path, tmp_path / source.name)
