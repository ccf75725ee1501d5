"""Compile the kernels once, at set-up, so that the first run is as fast as all others: `python -m drainage.warm`.

Numba keeps what it compiles beside the sources. A first run would otherwise spend half a minute on it, twice where
a baseline runs beside it.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from twin.clock import US
from twin.model import Journal, Setup

SEWER = """[OPTIONS]
FLOW_UNITS CMS
FLOW_ROUTING DYNWAVE
START_DATE 01/01/2024
END_DATE 01/01/2024
END_TIME 01:00:00
ROUTING_STEP 2
[RAINGAGES]
R INTENSITY 0:05 1.0 TIMESERIES T
[TIMESERIES]
T 0:00 0
[JUNCTIONS]
M 10 2
[OUTFALLS]
O 9.9 FREE
[CONDUITS]
C M O 50 0.013 0 0
[XSECTIONS]
C CIRCULAR 0.45 0 0 0
[COORDINATES]
M 20 20
O 70 20
"""
TERRAIN = "ncols 12\nnrows 6\nxllcorner 0\nyllcorner 0\ncellsize 10\n" + "12 12 12 12 12 12 12 12 12 12 12 12\n" * 6


def main() -> None:
    """A minute of one manhole under one street."""
    from drainage.config import DrainageConfig
    from drainage.model import DrainageModel

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sewer.inp").write_text(SEWER, encoding="ascii")
        (folder / "ground.asc").write_text(TERRAIN, encoding="ascii")
        config = DrainageConfig.model_validate(
            {"sewer": "sewer.inp", "terrain": "ground.asc"}, context={"folder": folder, "root": folder}
        )
        start = datetime(2024, 1, 1, tzinfo=UTC)
        setup = Setup(
            "drainage", config, start, 120 * US, 60 * US, 1, folder, Journal(), linked=frozenset(("rain", "leaked"))
        )
        model = DrainageModel(setup)
        try:
            model.put("rain", np.array([50.0]))
            model.put("leaked", np.full(72, 0.1))
            model.advance(60 * US)
            for port in model.ports:
                if port.direction == "out":
                    model.take(port.name)
        finally:
            model.close()


if __name__ == "__main__":
    main()
