"""Levels that a layer lacks or that cannot be: filled in and mended by rules that the log names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drainage.importing.log import Log
from drainage.importing.mains import Main
from drainage.importing.topology import Nodes, parts_of
from twin.places import FloatArray

DEEPEST_M = 15.0
"""A main deeper than this below its ground is taken for a typing error in one of the two levels."""
JUMP_M = 5.0
STEEPEST = 0.5
"""A level that differs from the other end's by more than 5 m, and by more than half the length, is an outlier."""
USUAL_DEPTH_M = 2.0
"""Depth of inverts below the ground where no main of the layer has both levels."""
COVER_M = 0.1
"""Ground that lies below the crown of a main is raised to this above it."""
DEFAULT_SIZE_M = 0.3


@dataclass
class Levels:
    """bottom (n,) invert of each node and top (n,) its ground, m; `Main.invert` is complete, too."""

    bottom: FloatArray
    top: FloatArray


def levels_of(mains: list[Main], nodes: Nodes, ground: FloatArray | None, log: Log) -> Levels:
    """Complete the inverts of all mains, and give every node its invert and ground.

    ground : (n,) from a terrain, NaN outside it; None without one.
    """
    screen(mains, log)
    top = _known_tops(mains, nodes.size)
    if ground is not None:
        for k in np.flatnonzero(np.isnan(top) & np.isfinite(ground)):
            top[k] = ground[k]
            log.note("ground from the terrain", nodes.ids[k])
    depth = _usual_depth(mains)
    bottom = _fill_bottoms(mains, nodes, top, depth, log)
    for m in mains:
        for end in (0, 1):
            if m.invert[end] is None:
                m.invert[end] = float(bottom[m.ends[end]])
        low = [float(v) for v in m.invert if v is not None]
        bottom[m.ends[0]] = min(bottom[m.ends[0]], low[0])
        bottom[m.ends[1]] = min(bottom[m.ends[1]], low[1])
        if low[0] < low[1] - 1e-6:
            log.note("rises in the direction of its drawing: kept as it is, look at it", m.id)
    return Levels(bottom, _fill_tops(mains, nodes, top, bottom, depth, log))


def screen(mains: list[Main], log: Log) -> None:
    """Take levels for unknown that cannot be right: an invert above its ground or more than 15 m below, a jump."""
    for m in mains:
        for end in (0, 1):
            invert, ground = m.invert[end], m.ground[end]
            if invert is None or ground is None or 0.0 <= ground - invert <= DEEPEST_M:
                continue
            other_ground, other_invert = m.ground[1 - end], m.invert[1 - end]
            off_ground = abs(ground - other_ground) if other_ground is not None else 0.0
            off_invert = abs(invert - other_invert) if other_invert is not None else 0.0
            if off_ground > off_invert:
                m.ground[end] = None
                log.note("ground taken as unknown: it does not fit the invert or the other end", m.id)
            else:
                m.invert[end] = None
                log.note(f"invert taken as unknown: above its ground, or more than {DEEPEST_M:g} m below", m.id)
        a, b = m.invert
        if a is not None and b is not None and abs(a - b) > max(JUMP_M, STEEPEST * m.length_m):
            depths = [
                abs(g - v - USUAL_DEPTH_M) if g is not None else np.inf for g, v in zip(m.ground, (a, b), strict=True)
            ]
            m.invert[int(depths[1] >= depths[0])] = None
            log.note("invert taken as unknown: it differs from the other end's by a cliff", m.id)


def _known_tops(mains: list[Main], n: int) -> FloatArray:
    """Median of the grounds that the mains give at each node, NaN where they give none."""
    found: list[list[float]] = [[] for _ in range(n)]
    for m in mains:
        for end in (0, 1):
            if (level := m.ground[end]) is not None:
                found[m.ends[end]].append(level)
    return np.array([float(np.median(v)) if v else np.nan for v in found])


def _usual_depth(mains: list[Main]) -> float:
    both = [g - v for m in mains for g, v in zip(m.ground, m.invert, strict=True) if g is not None and v is not None]
    return float(np.median(both)) if both else USUAL_DEPTH_M


def _fill_bottoms(mains: list[Main], nodes: Nodes, top: FloatArray, depth: float, log: Log) -> FloatArray:
    """Lowest invert at each node; where no main tells one, linear along the mains between those that do.

    The equation is that of a network of resistances: sum of (z_other - z) / length = 0 at every node without a level.
    Parts without any level lie `depth` below their ground; without a ground either, at the level of the nearest node.
    """
    bottom = np.full(nodes.size, np.nan)
    for m in mains:
        for end in (0, 1):
            if (level := m.invert[end]) is not None:
                bottom[m.ends[end]] = np.nanmin([bottom[m.ends[end]], level])
    for part in parts_of(nodes.size, mains):
        gaps = [k for k in part if np.isnan(bottom[k])]
        if not gaps:
            continue
        if len(gaps) == len(part):
            for k in gaps:
                if np.isfinite(top[k]):
                    bottom[k] = top[k] - depth
                    log.note(f"invert from the ground, {depth:.2f} m below it (no invert in this part)", nodes.ids[k])
            gaps = [k for k in part if np.isnan(bottom[k])]
            if len(gaps) == len(part):
                _nearest(part, nodes, bottom, log)
                continue
        _interpolate(gaps, mains, bottom)
        for k in gaps:
            log.note("invert interpolated along the mains", nodes.ids[k])
    return bottom


def _nearest(part: list[int], nodes: Nodes, bottom: FloatArray, log: Log) -> None:
    known = np.flatnonzero(np.isfinite(bottom))
    for k in part:
        if known.size:
            away = np.hypot(*(nodes.xy[known] - nodes.xy[k]).T)
            bottom[k] = bottom[known[int(away.argmin())]]
        else:
            bottom[k] = 0.0
        log.note("invert of the nearest node: neither invert nor ground is known in this part", nodes.ids[k])


def _interpolate(gaps: list[int], mains: list[Main], bottom: FloatArray) -> None:
    from scipy.sparse import lil_matrix
    from scipy.sparse.linalg import spsolve

    row = {k: i for i, k in enumerate(gaps)}
    matrix, right = lil_matrix((len(gaps), len(gaps))), np.zeros(len(gaps))
    for m in mains:
        weight = 1.0 / max(m.length_m, 1.0)
        for a, b in (m.ends, m.ends[::-1]):
            if a not in row:
                continue
            matrix[row[a], row[a]] += weight
            if b in row:
                matrix[row[a], row[b]] -= weight
            else:
                right[row[a]] += weight * bottom[b]
    bottom[gaps] = np.atleast_1d(spsolve(matrix.tocsr(), right))


def _fill_tops(
    mains: list[Main], nodes: Nodes, top: FloatArray, bottom: FloatArray, depth: float, log: Log
) -> FloatArray:
    """Grounds by inverse distance from the four nearest that are known, and nowhere below a crown."""
    from scipy.spatial import cKDTree

    top = top.copy()
    known = np.flatnonzero(np.isfinite(top))
    gaps = np.flatnonzero(np.isnan(top))
    if known.size:
        tree = cKDTree(nodes.xy[known])
        for k in gaps:
            far, near = tree.query(nodes.xy[k], k=min(4, known.size))
            weight = 1.0 / (np.atleast_1d(far) + 1.0)
            top[k] = float((top[known][np.atleast_1d(near)] * weight).sum() / weight.sum())
            log.note("ground interpolated from the nearest nodes", nodes.ids[k])
    for k in gaps if not known.size else []:
        top[k] = bottom[k] + depth
        log.note(f"ground {depth:.2f} m above the invert: the layer has no ground levels", nodes.ids[k])
    crown = bottom.copy()
    for m in mains:
        for end in (0, 1):
            crown[m.ends[end]] = max(crown[m.ends[end]], float(m.invert[end] or 0.0) + (m.height_m or m.size_m or 0.0))
    for k in np.flatnonzero(top < crown + COVER_M):
        top[k] = crown[k] + COVER_M
        log.note(f"ground raised to {COVER_M:g} m above the highest crown", nodes.ids[k])
    return top


def sizes_of(mains: list[Main], n: int, log: Log) -> None:
    """Give mains without a diameter that of the largest main which meets them, else 300 mm."""
    for _ in range(len(mains)):
        largest = [0.0] * n
        for m in mains:
            for node in m.ends:
                largest[node] = max(largest[node], m.size_m or 0.0)
        gaps = [m for m in mains if m.size_m is None]
        fill = [(m, max(largest[k] for k in m.ends)) for m in gaps]
        if not any(size for _, size in fill):
            break
        for m, size in fill:
            if size:
                m.size_m = size
                log.note("diameter of the largest main that meets it", m.id)
    for m in mains:
        if m.size_m is None:
            m.size_m = DEFAULT_SIZE_M
            log.note("diameter 300 mm: none is known around it", m.id)
