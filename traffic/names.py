"""What to call a street that has no name: by its neighbours, as people do."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Protocol

_MADE_UP = ("edge ", "street off ", "street between ")
_HOPS = 4


class Street(Protocol):
    """An edge between two junctions, with a name or without."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def start(self) -> str: ...
    @property
    def end(self) -> str: ...


def is_named(street: str) -> bool:
    """False for what `labels` makes up."""
    return not street.startswith(_MADE_UP)


def labels(edges: Iterable[Street]) -> dict[str, str]:
    """Edge id -> the street's name; for one without: `street between A and B` or `street off A`, after the named
    streets that are nearest to its two ends (at most four junctions away, over other streets without a name), the same
    for both directions; `edge <id>` where there are none."""
    edges = tuple(edges)
    names: dict[str, set[str]] = defaultdict(set)
    nameless: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        for here, there in ((edge.start, edge.end), (edge.end, edge.start)):
            if edge.name:
                names[here].add(edge.name)
            else:
                nameless[here].add(there)
    near = {junction: tuple(sorted(found)) for junction, found in names.items()}
    queue = deque((junction, 0) for junction in sorted(near))
    while queue:
        junction, hops = queue.popleft()
        for other in sorted(nameless[junction]):
            if other not in near and hops < _HOPS:
                near[other] = near[junction]
                queue.append((other, hops + 1))
    return {edge.id: edge.name or _label(edge, near) for edge in edges}


def _label(edge: Street, near: dict[str, tuple[str, ...]]) -> str:
    at_start, at_end = near.get(edge.start, ()), near.get(edge.end, ())
    pairs = sorted(tuple(sorted((a, b))) for a in at_start for b in at_end if a != b)
    if pairs:
        return f"street between {pairs[0][0]} and {pairs[0][1]}"
    one = sorted({*at_start, *at_end})
    return f"street off {one[0]}" if one else f"edge {edge.id}"
