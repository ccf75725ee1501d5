"""Who is joined to whom: ends that share an id or lie within a snapping distance are one node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drainage.importing.log import Log
from drainage.importing.mains import Main
from twin.places import FloatArray

FAR = 20.0
"""Ends of one id further apart than so many snapping distances are told."""
SAME_LEVEL_M = 0.05


@dataclass
class Nodes:
    """ids and (n, 2) xy in m. `Main.ends` holds indices into them."""

    ids: list[str]
    xy: FloatArray

    @property
    def size(self) -> int:
        return len(self.ids)


def join(mains: list[Main], snap_m: float, log: Log) -> Nodes:
    """Give every main the nodes at its ends (`Main.ends`).

    Ends with the same id of the layer are one node. An end without an id joins whatever lies within `snap_m`, first of
    all a node with an id. Ends with different ids are never joined, however near they are.
    """
    from scipy.spatial import cKDTree

    places = np.array([m.line[k] for m in mains for k in (0, -1)])
    names = [name for m in mains for name in m.node]
    parent = list(range(len(places)))
    label: list[str | None] = list(names)

    def top(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    def unite(a: int, b: int) -> bool:
        a, b = top(a), top(b)
        if a == b:
            return False
        if label[a] is not None and label[b] is not None and label[a] != label[b]:
            return False
        a, b = min(a, b), max(a, b)
        parent[b] = a
        label[a] = label[a] if label[a] is not None else label[b]
        return True

    first: dict[str, int] = {}
    for k, name in enumerate(names):
        if name is not None:
            unite(first.setdefault(name, k), k)
    pairs = cKDTree(places).query_pairs(snap_m, output_type="ndarray")
    if len(pairs):
        away = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
        for a, b in pairs[np.lexsort((pairs[:, 1], pairs[:, 0], np.round(away, 3)))]:
            if (names[a] is None or names[b] is None) and unite(int(a), int(b)) and np.any(places[a] != places[b]):
                log.note(f"ends within {snap_m:g} m joined to one node", mains[a // 2].id)
    number: dict[int, int] = {}
    members: list[list[int]] = []
    for k in range(len(places)):
        root = top(k)
        if root not in number:
            number[root] = len(members)
            members.append([])
        members[number[root]].append(k)
    for k, main in enumerate(mains):
        main.ends = [number[top(2 * k)], number[top(2 * k + 1)]]
    taken = {name for name in names if name is not None}
    ids: list[str] = []
    for root in number:
        given = label[root]
        count = len(ids) + 1
        while given is None:
            if f"N{count}" not in taken:
                given = f"N{count}"
                taken.add(given)
            count += 1
        ids.append(given)
    xy = np.array([places[m].mean(axis=0) for m in members])
    for id, m, centre in zip(ids, members, xy, strict=True):
        if np.hypot(*(places[m] - centre).T).max() > FAR * max(snap_m, 0.1):
            log.note(f"ends of one node lie more than {FAR * max(snap_m, 0.1):g} m apart: kept as one", id)
    return Nodes(ids, xy)


def drop_twins(mains: list[Main], log: Log) -> list[Main]:
    """Leave out loops of one node, and mains that the layer has twice (same ends, size and levels)."""
    seen: dict[tuple[object, ...], str] = {}
    kept = []
    for m in mains:
        if m.ends[0] == m.ends[1]:
            log.note("left out: both ends at one node", m.id)
            continue
        order = (0, 1) if m.ends[0] < m.ends[1] else (1, 0)
        levels = tuple(None if (v := m.invert[k]) is None else round(v / SAME_LEVEL_M) for k in order)
        key = (m.ends[order[0]], m.ends[order[1]], m.size_m, levels)
        if key in seen:
            log.note("left out: the layer has this main twice", m.id)
            continue
        seen[key] = m.id
        kept.append(m)
    return kept


def parts_of(n: int, mains: list[Main]) -> list[list[int]]:
    """Nodes of each connected part, in the order of their first node; nodes without a main are in none."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    a = [m.ends[0] for m in mains]
    b = [m.ends[1] for m in mains]
    _, label = connected_components(coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    used = sorted({*a, *b})
    found: dict[int, list[int]] = {}
    for node in used:
        found.setdefault(int(label[node]), []).append(node)
    return list(found.values())
