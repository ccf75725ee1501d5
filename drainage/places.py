"""Where the manholes lie, read off the sewers' files before anything is built: roads then know the lane of each."""

from __future__ import annotations

from collections.abc import Mapping

from drainage.config import DrainageConfig
from twin.model import Setup
from twin.places import Places


def places(setup: Setup) -> Mapping[str, Places]:
    """The junctions of the sewers that have coordinates, as `manhole`. Nothing where there are none, or where a file
    cannot be read: `drainage.check` tells why."""
    import numpy as np

    from drainage.build import sewer_of
    from twin.places import Points

    config: DrainageConfig = setup.config
    try:
        sewer = sewer_of(config)
        found = [(n.id, n.xy) for n in sewer.of_kind("junction") if n.xy is not None] if sewer else []
    except (OSError, ValueError, LookupError):
        return {}
    if not found:
        return {}
    ids, xy = zip(*found, strict=True)
    return {"manhole": Points(ids, np.array(xy, dtype=float))}
