"""A cover is stolen in the sewers, and drivers on that lane, and on no other, slow down: drainage to traffic."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest

from tests.drainage.cases import LINE, street, write_asc
from tests.integration.conftest import twin, write

NODES = """<nodes><node id="A" x="-30" y="10"/><node id="B" x="170" y="10"/>
<node id="C" x="-30" y="-15"/><node id="D" x="170" y="-15"/></nodes>"""
EDGES = """<edges><edge id="upper" from="A" to="B" numLanes="1" speed="13.9" name="Upper Street"/>
<edge id="lower" from="C" to="D" numLanes="1" speed="13.9" name="Lower Street"/></edges>"""
"""Upper Street runs over the manholes M1 to M3 at x = 10, 60 and 110 m; Lower Street 25 m away, beyond 20 m."""
SCENARIO = """\
twin: 1
name: {name}
crs: EPSG:32633
clock: {{start: "2026-07-01T16:00+00:00", duration: 12 min, exchange: 60 s}}
drainage: {{sewer: line.inp, terrain: dem.asc, opening: 200 cm2}}
traffic: {{network: two.net.xml, demand: [cars.rou.xml]{engine}}}
timeline: {timeline}
"""
STOLEN = '[{at: +1 min, do: drainage.cover_stolen, node: M3, until: "+8 min"}]'
"""M3 lies near the end of the street; the nearest to its middle is M2, whose cover stays on."""


def times(folder: Path, name: str, timeline: str, engine: str = "") -> dict[str, list[float]]:
    """Purpose (the street) -> minutes of trips in a run of the command line, from `purposes`: [trips, mean]."""
    write(folder, {f"{name}.yaml": SCENARIO.format(name=name, timeline=timeline, engine=engine)})
    done = twin(folder, "run", f"{name}.yaml", "--quiet", "--no-report")
    assert done.returncode == 0, done.stdout + done.stderr
    with (folder / "runs" / f"{name}-0001" / "tables" / "traffic.purposes.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    return {row["purpose"]: [float(row["trips"]), float(row["mean_min"])] for row in rows}


@pytest.fixture(scope="module")
def streets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sewers, ground, two streets and cars on both: one each every 30 s from minute 2 to 6."""
    import sumo

    folder = tmp_path_factory.mktemp("manhole")
    write(folder, {"line.inp": LINE, "n.nod.xml": NODES, "e.edg.xml": EDGES})
    write_asc(folder / "dem.asc", street(), 2.0)
    net = ("-n", "n.nod.xml", "-e", "e.edg.xml", "-o", "two.net.xml", "--output.street-names", "--no-warnings")
    options = ("--offset.disable-normalization", "true", "--proj.utm", "false")
    subprocess.run([f"{sumo.SUMO_HOME}/bin/netconvert", *net, *options], cwd=folder, check=True, capture_output=True)
    cars = "".join(
        f'<vehicle id="{name}{k}" type="{name}" depart="{120 + 30 * k}" departSpeed="max"><route edges="{name}"/>'
        "</vehicle>\n"
        for k in range(9)
        for name in ("upper", "lower")
    )
    steady = 'vClass="passenger" speedFactor="1" speedDev="0" sigma="0"'
    types = "".join(f'<vType id="{name}" {steady}/>' for name in ("upper", "lower"))
    write(folder, {"cars.rou.xml": f"<routes>{types}\n{cars}</routes>"})
    return folder


@pytest.mark.parametrize("engine", ["", pytest.param(", engine: queue", marks=pytest.mark.slow)])
def test_a_stolen_cover_slows_the_lane_above_it_and_no_other(streets: Path, engine: str) -> None:
    """200 m: 14 s at 13.9 m/s; 72 s at the 10 km/h of `flooding.manhole_speed`."""
    name = "queue" if engine else "sumo"
    shut = times(streets, f"{name}-shut", "[]", engine)
    open_ = times(streets, f"{name}-open", STOLEN, engine)
    assert shut["upper"][0] == open_["upper"][0] == 9
    assert open_["lower"] == shut["lower"]
    assert shut["upper"][1] * 60 == pytest.approx(14.4, rel=0.25)
    assert open_["upper"][1] * 60 == pytest.approx(72.0, rel=0.15)
