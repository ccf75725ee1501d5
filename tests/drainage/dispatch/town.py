"""A small town for the tests of dispatch: a street that drains into a lake, pumps and a sluice into a river."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from drainage.model import DrainageModel
from tests.drainage.cases import OPTIONS, setup_for, street, write_asc
from twin.clock import US
from twin.model import Setup
from twin.weather.forecast import outlook

TOWN = (
    OPTIONS
    + """[RAINGAGES]
R INTENSITY 0:01 1.0 TIMESERIES T
[TIMESERIES]
T 0:00 0
T 1:00 0
[SUBCATCHMENTS]
S1 R M1 0.6 80 60 0.5 0
S2 R M2 0.6 80 60 0.5 0
[SUBAREAS]
S1 0.013 0.15 1 4 25 OUTLET
S2 0.013 0.15 1 4 25 OUTLET
[INFILTRATION]
S1 30 5 4 7 0
S2 30 5 4 7 0
[JUNCTIONS]
M1 10.0 2
M2 9.75 2
M3 9.5 2
[STORAGE]
lake 8.0 4.0 1.5 FUNCTIONAL 0 0 150 0 0
basin 8.5 3.0 1.0 FUNCTIONAL 0 0 100 0 0
head 11.0 4.0 0 FUNCTIONAL 0 0 20 0 0
[OUTFALLS]
river 11.0 FREE NO
sea 8.5 FIXED 8.5 NO
[CONDUITS]
C1 M1 M2 50 0.013 0 0
C2 M2 M3 50 0.013 0 0
C3 M3 lake 20 0.013 0 1.2
out head river 20 0.013 0 0
[PUMPS]
P1 lake head PC OFF 0 0
P2 lake head PC OFF 0 0
PB basin M2 PB OFF 0 0
[ORIFICES]
sluice lake sea SIDE 0.6 0.65 NO 0
inlet M2 basin SIDE 0.2 0.65 NO 0
[XSECTIONS]
C1 CIRCULAR 0.4 0 0 0
C2 CIRCULAR 0.45 0 0 0
C3 CIRCULAR 0.5 0 0 0
out CIRCULAR 0.8 0 0 0
sluice RECT_CLOSED 0.4 0.5 0 0
inlet RECT_CLOSED 0.4 0.4 0 0
[CURVES]
PC PUMP3 0 0.05
PC 4 0.04
PB PUMP3 0 0.03
PB 4 0.02
[CONTROLS]
RULE lake_on
IF NODE lake DEPTH > 1.4
THEN PUMP P1 STATUS = ON
ELSE PUMP P1 STATUS = OFF
[COORDINATES]
M1 10 10
M2 60 10
M3 110 10
lake 500 500
basin 500 520
head 500 540
river 510 540
sea 510 500
"""
)

SYSTEM: dict[str, Any] = {
    "stations": {
        "lake": {"pumps": ["P1", "P2"], "start": ["1.8 m", "2.0 m"], "stop": "1.2 m", "lowered": "0.4 m",
                 "into": "river"}
    },
    "gates": {"sluice": {"link": "sluice", "open_above": "1.4 m", "shut_below": "1.0 m", "lowered": "0.5 m"}},
    "basins": {
        "basin": {"node": "basin", "usable": "300 m3", "inlet": "inlet", "outlet": "PB", "fill_above": "0.6 m",
                  "keep": "0.3 m"}
    },
    "cso": ["sea"],
}  # fmt: skip


def town(
    folder: Path, policy: str, duration_s: float = 3600.0, linked: Any = None, hills: int = 0, **more: Any
) -> Setup:
    """A set-up of the town under a policy. `more`: keys of `dispatch`.

    hills : rows of high ground on both sides; it rains on them, so that there is work enough for several threads."""
    (folder / "town.inp").write_text(TOWN)
    hill = np.full((hills, street().shape[1]), 15.0)
    terrain = write_asc(folder / "dem.asc", np.vstack([hill, street(), hill]), 2.0, y0=-2.0 * hills)
    ports = ("rain", "rain_forecast", "tide", "tide_forecast") if linked is None else linked
    dispatch = {"policy": policy, **SYSTEM, **more}
    files = {"sewer": folder / "town.inp", "terrain": terrain, "surface_rain": "all" if hills else "auto"}
    return setup_for(folder, duration_s, linked=ports, dispatch=dispatch, **files)


def storm(us: int) -> float:
    """mm/h: ten minutes of 160 from 1,200 s on, 40 before and after for as long."""
    s = us / US
    return 160.0 if 1200 <= s < 1800 else 40.0 if 600 <= s < 2400 else 0.0


def drive(model: DrainageModel, until_s: float, tide_m: float = 8.6, rain: Any = storm) -> None:
    """Advance by exchanges of a minute with the storm, its perfect forecast, and a river that stands still."""
    minute, n = 60 * US, outlook(60 * US).size
    while model.now_us < until_s * US:
        now = model.now_us
        model.put("rain", np.array([rain(now)]))
        model.put("tide", np.array([tide_m]))
        model.put("rain_forecast", np.array([rain(now + (k + 1) * minute) for k in range(n)]))
        model.put("tide_forecast", np.full(n, tide_m))
        model.advance(now + minute)


def state_of(model: DrainageModel) -> bytes:
    """All that a branch could have spoilt: water on the street, sewer heads and settings, accounts."""
    swmm, surface = model.swmm, model.surface
    assert swmm is not None
    assert surface is not None
    assert model.sewer is not None
    links = swmm.index(3, list(model.sewer.links))
    nodes = swmm.index(2, list(model.sewer.nodes))
    parts = [surface.water.h, surface.water.account, model.holes.up, model.holes.down, model.ends.volume]
    parts += [swmm.get(304, nodes), swmm.get(410, links), swmm.get(407, links)]
    return b"".join(np.ascontiguousarray(p).tobytes() for p in parts)
