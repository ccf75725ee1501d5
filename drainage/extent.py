"""Where sewers and terrain lie, read off their files: cheap enough to be asked before anything is built."""

from __future__ import annotations

import math

from drainage.config import DrainageConfig
from twin.model import Setup


def extent(setup: Setup) -> tuple[float, float, float, float] | None:
    """(west, south, east, north) of the terrain; without one, of the sewer's [COORDINATES]; None where it has none."""
    config: DrainageConfig = setup.config
    if config.terrain is not None:
        import rasterio

        with rasterio.open(config.terrain) as source:
            west, south, east, north = source.bounds
        return float(west), float(south), float(east), float(north)
    from drainage.network import SewerFile

    found = (xy for path in config.sewers.values() for xy in SewerFile.read(path).coordinates.values())
    points = [xy for xy in found if all(map(math.isfinite, xy))]
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
