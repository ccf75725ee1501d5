"""Several sewer files as one: what a planner calls `north/J12` is node J12 of the district north.

Everything that asks a sewer file for its nodes, links and levels may ask the districts together in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from drainage.network import LinkRow, Node, Row, SewerFile

BETWEEN = "/"
_NAMES = {
    "SUBCATCHMENT": (0, 1, 2), "RAINGAGE": (0,), "COORD": (0,), "XSECT": (0,), "INFLOW": (0,), "DWF": (0,),
    "JUNC": (0,), "OUTFALL": (0,), "STORAGE": (0,), "DIVIDER": (0,), "CONDUIT": (0, 1, 2), "PUMP": (0, 1, 2),
    "ORIFICE": (0, 1, 2), "WEIR": (0, 1, 2), "OUTLET": (0, 1, 2),
}  # fmt: skip
"""Words of a line that are names of objects, by the first letters of its section."""


def split(id: str) -> tuple[str, str]:
    """District and own id of `district/id`; no district without a stroke."""
    district, stroke, own = id.partition(BETWEEN)
    return (district, own) if stroke else ("", id)


@dataclass
class Districts(SewerFile):
    """The files of several districts, by name. Ids are `district/id`; units and dates are the first file's."""

    files: dict[str, SewerFile] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Mapping[str, SewerFile]) -> SewerFile:
        """One file as it is, several as one."""
        if list(files) == [""]:
            return files[""]
        first = next(iter(files.values()))
        told = first.path.with_name(", ".join(file.path.name for file in files.values()))
        return cls(told, [], dict(files))

    def rows(self, heading: str) -> list[Row]:
        """Lines of a section in all files, with the names in them as `district/id`."""
        places = next((p for name, p in _NAMES.items() if heading.startswith(name) or name.startswith(heading)), ())
        return [
            Row(row.line, tuple(f"{name}/{w}" if k in places else w for k, w in enumerate(row.tokens)))
            for name, file in self.files.items()
            for row in file.rows(heading)
        ]

    @cached_property
    def options(self) -> dict[str, str]:
        return next(iter(self.files.values())).options

    @cached_property
    def coordinates(self) -> dict[str, tuple[float, float]]:
        return {f"{d}/{id}": xy for d, file in self.files.items() for id, xy in file.coordinates.items()}

    @cached_property
    def nodes(self) -> dict[str, Node]:
        return {
            f"{d}/{n.id}": Node(f"{d}/{n.id}", n.kind, n.line, n.invert_m, n.depth_m, n.initial_m, n.xy)
            for d, file in self.files.items()
            for n in file.nodes.values()
        }

    @cached_property
    def links(self) -> dict[str, LinkRow]:
        return {
            f"{d}/{x.id}": LinkRow(f"{d}/{x.id}", x.kind, x.line, (f"{d}/{x.nodes[0]}", f"{d}/{x.nodes[1]}"), x.crown_m)
            for d, file in self.files.items()
            for x in file.links.values()
        }

    @cached_property
    def conduit_room_m3(self) -> float:
        return sum(file.conduit_room_m3 for file in self.files.values())


def parts_of(sewer: SewerFile) -> dict[str, SewerFile]:
    """The files behind `sewer`, by district ('' for the only one)."""
    return sewer.files if isinstance(sewer, Districts) else {"": sewer}
