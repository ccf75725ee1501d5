"""SWMM's binary results as arrays, read in one go: what it reports of every node and link at every report step.

The layout is that of SWMM 5.2's output.c: a head of seven integers, names, properties, the records, and six integers
at the end that say where each part begins.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAGIC = 516114522
NODE_VARIABLES = ("depth", "head", "volume", "lateral_inflow", "inflow", "flooding")
LINK_VARIABLES = ("flow", "depth", "velocity", "volume", "capacity")
"""What stands in a record for each node and link, before its pollutants. `capacity` is the share of a conduit's full
depth's area, the setting of a pump or gate. Units are the file's."""


@dataclass(frozen=True)
class SwmmOutput:
    """nodes, links, pollutants are ids in the file's order.

    days    (t,) days since 30 December 1899
    node    (t, n, 6 + p) and link (t, l, 5 + p) float32 arrays, by `NODE_VARIABLES` and `LINK_VARIABLES`
    """

    nodes: tuple[str, ...]
    links: tuple[str, ...]
    pollutants: tuple[str, ...]
    step_s: int
    days: NDArray[np.float64]
    node: NDArray[np.float32]
    link: NDArray[np.float32]

    @property
    def time_s(self) -> NDArray[np.float64]:
        """(t,) seconds since the first record."""
        return (self.days - self.days[0]) * 86400.0 if self.days.size else self.days

    def of_nodes(self, variable: str) -> NDArray[np.float32]:
        """(t, n) of one of `NODE_VARIABLES` or a pollutant."""
        return self.node[:, :, (*NODE_VARIABLES, *self.pollutants).index(variable)]

    def of_links(self, variable: str) -> NDArray[np.float32]:
        """(t, l) of one of `LINK_VARIABLES` or a pollutant."""
        return self.link[:, :, (*LINK_VARIABLES, *self.pollutants).index(variable)]


def read_output(path: Path) -> SwmmOutput:
    """Read a .out file. Raises `ValueError` where it is none, or its run did not come to its end."""
    raw = path.read_bytes()
    if (
        len(raw) < 52
        or struct.unpack_from("<i", raw)[0] != MAGIC
        or struct.unpack_from("<i", raw, len(raw) - 4)[0] != MAGIC
    ):
        raise ValueError(f"{path.name} holds no whole results of SWMM")
    subcatchments, n_nodes, n_links, n_pollutants = struct.unpack_from("<4i", raw, 12)
    ids_at, _properties_at, records_at, periods = struct.unpack_from("<4i", raw, len(raw) - 24)
    names, place = [], ids_at
    for _ in range(subcatchments + n_nodes + n_links + n_pollutants):
        (length,) = struct.unpack_from("<i", raw, place)
        names.append(raw[place + 4 : place + 4 + length].decode(errors="surrogateescape"))
        place += 4 + length
    per_subcatchment, per_node, per_link, system = 8 + n_pollutants, 6 + n_pollutants, 5 + n_pollutants, 15
    record = np.dtype(
        [
            ("day", "<f8"),
            ("subcatchment", "<f4", (subcatchments, per_subcatchment)),
            ("node", "<f4", (n_nodes, per_node)),
            ("link", "<f4", (n_links, per_link)),
            ("system", "<f4", (system,)),
        ]
    )
    rows = np.frombuffer(raw, record, periods, records_at)
    first = subcatchments
    return SwmmOutput(
        tuple(names[first : first + n_nodes]),
        tuple(names[first + n_nodes : first + n_nodes + n_links]),
        tuple(names[first + n_nodes + n_links :]),
        struct.unpack_from("<i", raw, records_at - 4)[0],
        rows["day"].copy(),
        rows["node"],
        rows["link"],
    )
