"""Several sewer files in one run: one street above them, a simulation of SWMM for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from drainage.config import DrainageConfig, Inflow, SetGate
from drainage.districts import Districts
from drainage.model import DrainageModel
from drainage.network import SewerFile
from drainage.swmm import run_plain
from tests.drainage.cases import LINE, error_of, run, setup_for, street, write_asc
from twin.model import Event, Setup
from twin.scenario.child import run_guarded

Build = Callable[[Setup], DrainageModel]

SOUTH = LINE.replace(" 10 10\n", " 10 6\n").replace(" 60 10\n", " 60 6\n").replace(" 110 10\n", " 110 6\n")


def feet(text: str) -> str:
    """`LINE` in US units: lengths in feet, flows in cubic feet a second."""
    metre = 1 / 0.3048
    out, section = [], ""
    lengths = {"JUNCTIONS": (1, 2), "OUTFALLS": (1, 3), "CONDUITS": (3,), "XSECTIONS": (2,)}
    for line in text.splitlines():
        words = line.split()
        section = words[0].strip("[]") if line.startswith("[") else section
        if not line.startswith("["):
            for k in lengths.get(section, ()):
                words[k] = f"{float(words[k]) * metre:.9f}"
        out.append(" ".join(words))
    return (
        "\n".join(out).replace("FLOW_UNITS CMS", "FLOW_UNITS CFS").replace("TOLERANCE 0.0005", "TOLERANCE 0.00164")
        + "\n"
    )


def surge(model: DrainageModel, node: str, flow: float) -> None:
    model.apply(Event("e", "inflow", Inflow.model_construct(node=node, flow=flow)))


def test_water_of_one_district_runs_down_the_street_into_another(build: Build, tmp_path: Path) -> None:
    """0.6 m3/s into the north's pipes, which carry 0.42: what rises runs into the south's manholes; all closes.

    The south steps on its own inside each step of the north, so its sums are the exchange's, too (1e-12)."""
    (tmp_path / "north.inp").write_text(LINE)
    (tmp_path / "south.inp").write_text(SOUTH)
    files = [tmp_path / "north.inp", tmp_path / "south.inp"]
    terrain = write_asc(tmp_path / "dem.asc", street(), 2.0)
    gate = Event("g", "set_gate", SetGate(gate="south/G", opening=0.0))
    model = build(setup_for(tmp_path, 2400, events=[gate], sewer=files, terrain=terrain))
    assert model.places["manhole"].ids == tuple(f"{d}/{m}" for d in ("north", "south") for m in ("M1", "M2", "M3", "D"))  # type: ignore[union-attr]
    surge(model, "north/M1", 0.6)
    run(model, 1200)
    model.apply(gate)
    run(model, 2400)
    assert model.holes.up[:3].sum() > 50
    assert model.holes.down[3:].sum() > 5
    assert np.ptp(model.sewers.clock) < 1e-3
    assert error_of(model, "surface water") < 1e-12
    assert error_of(model, "exchanged water") < 1e-12
    assert error_of(model, "sewer water") < 5e-3
    assert {row[0] for row in model.tables()["outfalls"].rows} == {"north/O", "south/O"}
    model.close()
    for name in ("north", "south"):
        assert "Flow Routing Continuity" in (tmp_path / "run" / f"{name}.run.rpt").read_text()
        assert f"district {name}, {name}.inp" in (tmp_path / "run" / f"{name}.restated.txt").read_text()


def test_each_district_alone_is_plain_swmm(build: Build, tmp_path: Path) -> None:
    """Without a surface two districts give the binary results of two plain runs, byte for byte."""
    sources = {}
    for name, flow in (("a", 0.15), ("b", 0.3)):
        sources[name] = tmp_path / f"{name}.inp"
        sources[name].write_text(LINE + f'[INFLOWS]\nM1 FLOW "" FLOW 1.0 1.0 {flow}\n')
    model = build(setup_for(tmp_path, 3600, sewer=sources))
    run(model, 3600)
    model.close()
    for name, source in sources.items():
        plain = tmp_path / f"{name}.out"
        run_guarded(run_plain, str(source), str(tmp_path / f"{name}.rpt"), str(plain))
        assert (tmp_path / "run" / f"{name}.run.out").read_bytes() == plain.read_bytes()


def test_districts_of_other_units_speak_metres(build: Build, tmp_path: Path) -> None:
    """One network in m and m3/s and again in feet: 0.15 m3/s give the same levels to a millimetre and the same outflow
    to a litre a second (SWMM reads both into feet)."""
    (tmp_path / "si.inp").write_text(LINE)
    (tmp_path / "us.inp").write_text(feet(LINE))
    model = build(setup_for(tmp_path, 1800, sewer={"us": tmp_path / "us.inp", "si": tmp_path / "si.inp"}))
    for name in ("us", "si"):
        surge(model, f"{name}/M1", 0.15)
    run(model, 1800)
    us, si = model.take("surcharge").reshape(2, 4)
    assert us == pytest.approx(si, abs=1e-3)
    assert model.ends.flow == pytest.approx([0.15, 0.15], abs=1e-3)


def test_the_files_together_are_read_like_one(tmp_path: Path) -> None:
    (tmp_path / "x.inp").write_text(LINE)
    (tmp_path / "y.inp").write_text(SOUTH)
    files = {name: SewerFile.read(tmp_path / f"{name}.inp") for name in "xy"}
    both = Districts.of(files)
    assert both.nodes["y/M2"].xy == (60.0, 6.0)
    assert both.links["x/C3"].nodes == ("x/M3", "x/D")
    assert both.rim_m("y/M1") == files["y"].rim_m("M1")
    assert [row.tokens[:3] for row in both.rows("CONDUIT")][3] == ("y/C1", "y/M1", "y/M2")
    assert Districts.of({"": files["x"]}) is files["x"]


@pytest.mark.parametrize(
    ("sewer", "says"),
    [([], "names no file"), (["a.inp", "b/a.inp"], "one name"), ({"a/b": "a.inp"}, "no name for a district")],
)
def test_names_of_districts_are_clear(tmp_path: Path, sewer: object, says: str) -> None:
    (tmp_path / "b").mkdir()
    for name in ("a.inp", "b/a.inp"):
        (tmp_path / name).write_text(LINE)
    with pytest.raises(ValidationError, match=says):
        DrainageConfig.model_validate({"sewer": sewer}, context={"folder": tmp_path, "root": tmp_path})
