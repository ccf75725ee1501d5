"""What SWMM has summed up of nodes, links, pumps and storage so far, at its own steps and not at the exchange's.

The layouts are those of SWMM's toolkit (toolkit_structs.h: SM_NodeStats, SM_LinkStats, SM_PumpStats, SM_StorageStats):
doubles, and for pumps two ints behind them. Times of nodes and links are hours, of pumps seconds; volumes are in the
file's units. All is turned into SI here, and a test holds it to SWMM's own report.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drainage.districts import split

if TYPE_CHECKING:
    from drainage.simulation import Simulation
    from drainage.swmm import Swmm

NODE, LINK = 2, 3
ROOM = 32
"""Doubles that hold the longest of the records."""
_SURCHARGED_H, _FULL_FLOW_H = 7, 10
_FLOODED, _FLOODED_H = 4, 5
_STARTS_AT = 8 * ctypes.sizeof(ctypes.c_double)


@dataclass(frozen=True)
class PumpStats:
    """A pump so far: seconds on, starts, m3, and the work on the water in kWh (flow × lift, without losses)."""

    id: str
    on_s: float
    starts: int
    volume_m3: float
    hydraulic_kwh: float


@dataclass(frozen=True)
class LinkStats:
    """A conduit so far: seconds with both ends full, and seconds at more than its full flow."""

    id: str
    surcharged_s: float
    full_flow_s: float


@dataclass(frozen=True)
class NodeStats:
    """A node so far: m3 and seconds of flooding over its rim that SWMM takes out of the system."""

    id: str
    flooded_m3: float
    flooded_s: float


@dataclass(frozen=True)
class StorageStats:
    """A storage unit so far: the largest volume, m3."""

    id: str
    largest_m3: float


def pump_stats(swmm: Swmm, ids: list[str]) -> list[PumpStats]:
    """Of each pump; all zero for one that SWMM does not know or once the run is closed."""
    found = []
    for id in ids:
        part, values = _ask(swmm, "swmm_getPumpStats", LINK, id)
        starts = ctypes.cast(ctypes.byref(values, _STARTS_AT), ctypes.POINTER(ctypes.c_int))[0]
        volume = values[4] * part.sewer.metres**3
        found.append(PumpStats(id, values[0], int(starts), volume, values[5]))
    return found


def link_stats(swmm: Swmm, ids: list[str]) -> list[LinkStats]:
    """Of each conduit."""
    answers = [(id, _ask(swmm, "swmm_getLinkStats", LINK, id)[1]) for id in ids]
    return [LinkStats(id, 3600.0 * v[_SURCHARGED_H], 3600.0 * v[_FULL_FLOW_H]) for id, v in answers]


def node_stats(swmm: Swmm, ids: list[str]) -> list[NodeStats]:
    """Of each node."""
    found = []
    for id in ids:
        part, v = _ask(swmm, "swmm_getNodeStats", NODE, id)
        found.append(NodeStats(id, v[_FLOODED] * part.sewer.metres**3, 3600.0 * v[_FLOODED_H]))
    return found


def storage_stats(swmm: Swmm, ids: list[str]) -> list[StorageStats]:
    """Of each storage unit."""
    found = []
    for id in ids:
        part, v = _ask(swmm, "swmm_getStorageStats", NODE, id)
        found.append(StorageStats(id, v[2] * part.sewer.metres**3))
    return found


def _ask(swmm: Swmm, function: str, kind: int, id: str) -> tuple[Simulation, ctypes.Array[ctypes.c_double]]:
    """The district that has the object, and its record."""
    if len(swmm.parts) == 1:
        (part,) = swmm.parts.values()
        own = id
    else:
        district, own = split(id)
        part = swmm.parts[district]
    values = (ctypes.c_double * ROOM)()
    index = part.index(kind, own) if part.is_open else -1
    if index >= 0:
        getattr(part.image.lib, function)(index, values)
    return part, values
