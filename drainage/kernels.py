"""The surface in compiled loops: 2D local-inertial flow that does nothing where it is dry.

Scheme: Bates, Horritt & Fewtrell (2010), J. Hydrology 387, 33–45, with the θ-weighting of de Almeida et al. (2012),
Water Resources Research 48, W05528, and the friction of the whole flow vector (de Almeida & Bates 2013). Fluxes live on
the faces of square cells, depths in the cells. A cell owns its east and its north face.

The grid is cut into tiles of `TILE_ROWS × TILE_COLS` cells. Only tiles that hold water, and their neighbours, are
worked on. Kernels take arrays and scalars, and allocate nothing in their loops.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from drainage.native import COMPILED, bits_of, from_bits

G = 9.81
TILE_ROWS, TILE_COLS = 4, 32
LIMITS_M = (0.15, 0.27, 0.40)
"""Depth lines in use: a lane still passable (GB 50014), road closed (Beijing's red line), ground floors at risk."""
ARRIVAL_M = 0.05
"""A cell counts as reached by the flood from this depth on: less is a wet street."""
SHALLOWEST_M = 0.01
"""Depth that bounds the time step from above where hardly any water stands."""
KEEP = 1.0 - 1e-9
"""Share of its water that a cell may give in one step: the rest covers the rounding of its sums."""

ANYWHERE, SOUTH, NORTH, WEST, EAST = range(5)
RAIN, LEAKED, EXCHANGE, RIVER, EDGE = range(5)
"""Places in the account: m3 that came in by rain, leaks, manholes, and went out to the river and over the edge."""

FAST = {**COMPILED, "fastmath": True}


class Ground(NamedTuple):
    """What does not change while water flows. Arrays are (ny, nx), row 0 in the south, unless said otherwise.

    z         bed, m; blocked cells stand `WALL_M` high
    n2        Manning's n squared, s2 m^-2/3
    open      1 where land can hold water, 0 in blocked and river cells
    rained    (r,) flat index of the land cells on which rain falls
    shore     (k,) flat index of river cells that touch land: their level is given
    edge      (e,) flat index of land cells at an open edge; `edge_sides` (e,) how many of their sides are open
    cell_m    side of a cell; `dry_m` depth below which nothing flows; `theta` weight of a face's own flux
    """

    z: NDArray[np.float64]
    n2: NDArray[np.float64]
    open: NDArray[np.uint8]
    rained: NDArray[np.int64]
    shore: NDArray[np.int64]
    edge: NDArray[np.int64]
    edge_sides: NDArray[np.float64]
    cell_m: float
    dry_m: float
    theta: float
    courant: float


class Water(NamedTuple):
    """What flows.

    h         (ny, nx) depth, m
    qx, qy    fluxes of the last step, m2/s: (ny, nx+1) and (ny+1, nx), positive to the east and to the north
    ox, oy    room for the next step's
    shore_h   (k,) depth kept in each shore cell, m
    account   (5,) m3 so far: `RAIN, LEAKED, EXCHANGE, RIVER, EDGE`
    wet       (5, tile rows, tile columns) deepest water in each tile, m: anywhere, and along its `SOUTH, NORTH, WEST,
              EAST` sides, for a neighbour has work only when water stands at their common side
    work      (tile rows, tile columns) 1 where the tile was worked on in the last step
    runs      (3, tiles) tile row, first and last+1 column of each stretch of work
    queue     (ny·nx,) room for cells that gave too much; `queued` (ny·nx,) marks them
    hmax, arrival_s, over_s   (ny, nx) deepest so far, when first wet (−1: never); (3, ny, nx) s above LIMITS_M
    """

    h: NDArray[np.float64]
    qx: NDArray[np.float64]
    qy: NDArray[np.float64]
    ox: NDArray[np.float64]
    oy: NDArray[np.float64]
    shore_h: NDArray[np.float64]
    account: NDArray[np.float64]
    wet: NDArray[np.float64]
    work: NDArray[np.uint8]
    runs: NDArray[np.int64]
    queue: NDArray[np.int64]
    queued: NDArray[np.uint8]
    hmax: NDArray[np.float64]
    arrival_s: NDArray[np.float64]
    over_s: NDArray[np.float64]


@njit(inline="always", **FAST)
def cube_root(x):
    """x^(1/3) for x > 0 within 2e-14: a guess from the exponent's bits, within 3.5 %, and two Halley steps.

    A Halley step takes a relative error e to ⅔e³. All of it vectorises, unlike the library's power."""
    x32 = np.float32(x)
    guess = np.int32(np.float32(bits_of(x32)) * np.float32(1.0 / 3.0)) + np.int32(709921077)
    y = np.float64(from_bits(np.int32(guess)))
    for _ in range(2):
        cube = y * y * y
        y = y * (cube + x + x) / (cube + cube + x)
    return y


@njit(inline="always", **FAST)
def face_flux(level, level_next, bed, bed_next, own, blend, across, n2, slope_factor, friction_factor, dry_m):
    """Flux over one face after a step, m2/s.

    q' = (θq + (1−θ)(q₋+q₊)/2 − g h_f Δt ∂η/∂x) / (1 + g Δt n² |q| / h_f^(7/3)), h_f = max η − max z.
    """
    flow_depth = max(level, level_next) - max(bed, bed_next)
    flows = flow_depth > dry_m
    depth = flow_depth if flows else 1.0
    speedy = np.sqrt(own * own + across * across)
    top = blend - slope_factor * depth * (level_next - level)
    q = top / (1.0 + friction_factor * n2 * speedy / (depth * depth * cube_root(depth)))
    return q if flows else 0.0


@njit(**FAST)
def row_east(z, h, n2, q, south, north, out, slope_factor, friction_factor, dry_m, theta):
    """Fluxes over the east faces of a stretch of n cells in one row.

    z, h, n2, south, north are (n+1,): the stretch and the cell after it (south, north: the row's y-fluxes). q is
    (n+2,): the x-faces from the west side of the stretch on; out (n,). All loops start at 0, so that they vectorise.
    """
    side = 0.5 * (1.0 - theta)
    for i in range(out.size):
        across = 0.25 * (south[i] + south[i + 1] + north[i] + north[i + 1])
        blend = theta * q[i + 1] + side * (q[i] + q[i + 2])
        out[i] = face_flux(
            z[i] + h[i], z[i + 1] + h[i + 1], z[i], z[i + 1], q[i + 1], blend, across,
            0.5 * (n2[i] + n2[i + 1]), slope_factor, friction_factor, dry_m,
        )  # fmt: skip


@njit(**FAST)
def row_north(z, h, z2, h2, n2, n2n, q, below, above, x, x2, out, slope_factor, friction_factor, dry_m, theta):
    """Fluxes over the north faces of a stretch of n cells; `z2, h2, n2n, x2` belong to the row to the north.

    All arrays are (n,) but the x-fluxes x, x2: (n+1,), from the west side of the stretch on.
    """
    side = 0.5 * (1.0 - theta)
    for i in range(out.size):
        across = 0.25 * (x[i] + x[i + 1] + x2[i] + x2[i + 1])
        blend = theta * q[i] + side * (below[i] + above[i])
        out[i] = face_flux(
            z[i] + h[i], z2[i] + h2[i], z[i], z2[i], q[i], blend, across,
            0.5 * (n2[i] + n2n[i]), slope_factor, friction_factor, dry_m,
        )  # fmt: skip


@njit(**FAST)
def row_depth(h, x, south, north, ratio):
    """New depths of a stretch of n cells from its fluxes (x: (n+1,)); gives the deepest and the shallowest."""
    for i in range(h.size):
        h[i] += ratio * (x[i] - x[i + 1] + south[i] - north[i])
    deepest, shallowest = 0.0, 0.0
    for i in range(h.size):
        deepest = max(deepest, h[i])
        shallowest = min(shallowest, h[i])
    return deepest, shallowest


@njit(**COMPILED)
def choose_work(wet, work, dry_m, qx, qy, ox, oy, runs):
    """Mark the tiles that hold flowing water and their neighbours; clear the fluxes of those that fall out of work.

    Fills `runs` with stretches of tiles in a row and gives their number.
    """
    rows, cols = wet.shape[1:]
    ny, nx = qx.shape[0], qy.shape[1]
    count = 0
    for tj in range(rows):
        start = -1
        for ti in range(cols):
            on = wet[ANYWHERE, tj, ti] > dry_m
            on = on or (tj > 0 and wet[NORTH, tj - 1, ti] > dry_m) or (tj < rows - 1 and wet[SOUTH, tj + 1, ti] > dry_m)
            on = on or (ti > 0 and wet[EAST, tj, ti - 1] > dry_m) or (ti < cols - 1 and wet[WEST, tj, ti + 1] > dry_m)
            if on and start < 0:
                start = ti
            if not on:
                if start >= 0:
                    runs[0, count], runs[1, count], runs[2, count] = tj, start * TILE_COLS, ti * TILE_COLS
                    count += 1
                    start = -1
                if work[tj, ti]:
                    for j in range(tj * TILE_ROWS, min((tj + 1) * TILE_ROWS, ny)):
                        for i in range(ti * TILE_COLS, min((ti + 1) * TILE_COLS, nx)):
                            qx[j, i + 1] = ox[j, i + 1] = 0.0
                            qy[j + 1, i] = oy[j + 1, i] = 0.0
            work[tj, ti] = on
        if start >= 0:
            runs[0, count], runs[1, count], runs[2, count] = tj, start * TILE_COLS, nx
            count += 1
    return count


@njit(**COMPILED)
def touch(wet, j, i, nx, ny, depth):
    """Note that cell (j, i) now holds `depth` metres."""
    tj, ti = j // TILE_ROWS, i // TILE_COLS
    wet[ANYWHERE, tj, ti] = max(wet[ANYWHERE, tj, ti], depth)
    if j % TILE_ROWS == 0:
        wet[SOUTH, tj, ti] = max(wet[SOUTH, tj, ti], depth)
    if j % TILE_ROWS == TILE_ROWS - 1 or j == ny - 1:
        wet[NORTH, tj, ti] = max(wet[NORTH, tj, ti], depth)
    if i % TILE_COLS == 0:
        wet[WEST, tj, ti] = max(wet[WEST, tj, ti], depth)
    if i % TILE_COLS == TILE_COLS - 1 or i == nx - 1:
        wet[EAST, tj, ti] = max(wet[EAST, tj, ti], depth)


@njit(**COMPILED)
def limit_outflow(h, x, y, ratio, queue, queued, count, wet):
    """Scale the fluxes that leave a cell so that it never gives more than it held before the step.

    Clipping negative depths instead would create water. A cell that now gives less may leave its neighbour short, which
    is then queued in turn; no cell is scaled twice, so this ends. queue[:count] are the cells below zero.
    """
    nx = h.shape[1]
    head = 0
    while head < count:
        j, i = divmod(queue[head], nx)
        head += 1
        east, west = max(x[j, i + 1], 0.0), max(-x[j, i], 0.0)
        north, south = max(y[j + 1, i], 0.0), max(-y[j, i], 0.0)
        out = ratio * (east + west + north + south)
        if out <= 0.0:
            continue
        net = ratio * (x[j, i] - x[j, i + 1] + y[j, i] - y[j + 1, i])
        cut = 1.0 - min(KEEP * max(h[j, i] - net, 0.0) / out, 1.0)
        for side in range(4):
            if side == 0:
                less, jn, in_ = cut * east, j, i + 1
                x[j, i + 1] -= less
            elif side == 1:
                less, jn, in_ = cut * west, j, i - 1
                x[j, i] += less
            elif side == 2:
                less, jn, in_ = cut * north, j + 1, i
                y[j + 1, i] -= less
            else:
                less, jn, in_ = cut * south, j - 1, i
                y[j, i] += less
            if less > 0.0:
                h[j, i] += ratio * less
                h[jn, in_] -= ratio * less
                if h[jn, in_] < 0.0 and not queued[jn * nx + in_]:
                    queued[jn * nx + in_] = 1
                    queue[count] = jn * nx + in_
                    count += 1
    for k in range(count):
        queued[queue[k]] = 0
        j, i = divmod(queue[k], nx)
        touch(wet, j, i, nx, h.shape[0], h[j, i])


@njit(**COMPILED)
def surface_step(ground, h, x, y, out_x, out_y, water, dt):
    """One step of `dt` seconds; fluxes (x, y) of the last step, (out_x, out_y) of this one. Gives the deepest water."""
    z, n2, dry_m = ground.z, ground.n2, ground.dry_m
    ny, nx = h.shape
    wet = water.wet
    slope_factor, friction_factor, ratio = G * dt / ground.cell_m, G * dt, dt / ground.cell_m
    count = choose_work(wet, water.work, dry_m, x, y, out_x, out_y, water.runs)
    for k in range(count):
        tj, a, b = water.runs[0, k], water.runs[1, k], water.runs[2, k]
        for j in range(tj * TILE_ROWS, min((tj + 1) * TILE_ROWS, ny)):
            e = min(b, nx - 1)
            row_east(z[j, a:e + 1], h[j, a:e + 1], n2[j, a:e + 1], x[j, a:e + 2], y[j, a:e + 1], y[j + 1, a:e + 1],
                     out_x[j, a + 1:e + 1], slope_factor, friction_factor, dry_m, ground.theta)  # fmt: skip
            if j < ny - 1:
                row_north(z[j, a:b], h[j, a:b], z[j + 1, a:b], h[j + 1, a:b], n2[j, a:b], n2[j + 1, a:b],
                          y[j + 1, a:b], y[j, a:b], y[j + 2, a:b], x[j, a:b + 1], x[j + 1, a:b + 1],
                          out_y[j + 1, a:b], slope_factor, friction_factor, dry_m, ground.theta)  # fmt: skip
    short = 0
    for k in range(count):
        tj, a, b = water.runs[0, k], water.runs[1, k], water.runs[2, k]
        for ti in range(a // TILE_COLS, (b + TILE_COLS - 1) // TILE_COLS):
            first, last = ti * TILE_COLS, min((ti + 1) * TILE_COLS, nx)
            row, end = tj * TILE_ROWS, min((tj + 1) * TILE_ROWS, ny)
            deepest, west, east = 0.0, 0.0, 0.0
            for j in range(row, end):
                top, low = row_depth(h[j, first:last], out_x[j, first:last + 1], out_y[j, first:last],
                                     out_y[j + 1, first:last], ratio)  # fmt: skip
                deepest = max(deepest, top)
                west, east = max(west, h[j, first]), max(east, h[j, last - 1])
                if j == row:
                    wet[SOUTH, tj, ti] = top
                if j == end - 1:
                    wet[NORTH, tj, ti] = top
                if low < 0.0:
                    for i in range(first, last):
                        if h[j, i] < 0.0:
                            water.queue[short] = j * nx + i
                            water.queued[j * nx + i] = 1
                            short += 1
            wet[ANYWHERE, tj, ti], wet[WEST, tj, ti], wet[EAST, tj, ti] = deepest, west, east
    if short > 0:
        limit_outflow(h, out_x, out_y, ratio, water.queue, water.queued, short, wet)
    return wet[ANYWHERE].max()


@njit(**COMPILED)
def hold_river(ground, h, water):
    """Put the shore cells back to their level; what had flowed in or out of them is the river's."""
    nx = h.shape[1]
    area = ground.cell_m * ground.cell_m
    for k in range(ground.shore.size):
        j, i = divmod(ground.shore[k], nx)
        water.account[RIVER] += (h[j, i] - water.shore_h[k]) * area
        h[j, i] = water.shore_h[k]
        touch(water.wet, j, i, nx, h.shape[0], h[j, i])


@njit(**COMPILED)
def spill_edge(ground, h, water, dt):
    """Free outflow over an open edge: critical flow, q = √g h^(3/2), at most half of the cell's water in a step."""
    nx = h.shape[1]
    for k in range(ground.edge.size):
        j, i = divmod(ground.edge[k], nx)
        depth = h[j, i]
        if depth > ground.dry_m:
            less = min(np.sqrt(G) * depth**1.5 * ground.edge_sides[k] * dt / ground.cell_m, 0.5 * depth)
            h[j, i] = depth - less
            water.account[EDGE] += (depth - h[j, i]) * ground.cell_m * ground.cell_m


@njit(**COMPILED)
def put_water(ground, h, water, cells, volumes, share, debt, place):
    """Give each cell `share` of its volume (m3; negative takes). What a cell cannot give is kept as a debt.

    Debts are paid first by whatever water comes later, so nothing is lost or made. account[place] gets the volumes.
    """
    nx = h.shape[1]
    area = ground.cell_m * ground.cell_m
    for k in range(cells.size):
        moved = share * volumes[k]
        if moved == 0.0 and debt[k] == 0.0:
            continue
        j, i = divmod(cells[k], nx)
        volume = h[j, i] * area + moved - debt[k]
        debt[k] = max(-volume, 0.0)
        h[j, i] = max(volume, 0.0) / area
        water.account[place] += moved
        touch(water.wet, j, i, nx, h.shape[0], h[j, i])


@njit(**COMPILED)
def rain_on(ground, h, water, depth):
    """Add `depth` metres to the land on which rain falls."""
    ny, nx = h.shape
    for k in range(ground.rained.size):
        j, i = divmod(ground.rained[k], nx)
        h[j, i] += depth
        touch(water.wet, j, i, nx, ny, h[j, i])
    water.account[RAIN] += ground.rained.size * depth * ground.cell_m * ground.cell_m


@njit(**COMPILED)
def keep_record(ground, water, now_s, dt):
    """Deepest water, arrival and time above the depth lines, in the tiles that hold water."""
    h = water.h
    ny, nx = h.shape
    for tj in range(water.work.shape[0]):
        for ti in range(water.work.shape[1]):
            if water.wet[ANYWHERE, tj, ti] <= ground.dry_m:
                continue
            for j in range(tj * TILE_ROWS, min((tj + 1) * TILE_ROWS, ny)):
                for i in range(ti * TILE_COLS, min((ti + 1) * TILE_COLS, nx)):
                    depth = h[j, i] * ground.open[j, i]
                    water.hmax[j, i] = max(water.hmax[j, i], depth)
                    if depth >= ARRIVAL_M:
                        if water.arrival_s[j, i] < 0.0:
                            water.arrival_s[j, i] = now_s
                        for line in range(3):
                            if depth >= LIMITS_M[line]:
                                water.over_s[line, j, i] += dt


@njit(**COMPILED)
def flow(ground, water, now_s, dt, rain_mps, holes, given, debt, hole_depth, leaks, leak_volumes, leak_debt):
    """Let the surface flow for `dt` seconds from `now_s`; gives the number of steps.

    rain_mps          rain on the land that gets it (`Ground.rained`), m/s
    holes, given      (m,) cells of the manholes and the volumes that they give in dt, m3 (negative: they take)
    debt              (m,) m3 that the cells of the holes still owe
    hole_depth        (m,) filled with the mean depth at the holes over dt, m
    leaks, ...        (l,) cells and volumes of water that comes from elsewhere, m3 in dt
    """
    h, x, y, nx_, ny_ = water.h, water.qx, water.qy, water.ox, water.oy
    columns = h.shape[1]
    if rain_mps > 0.0:
        rain_on(ground, h, water, rain_mps * dt)
    hole_depth[:] = 0.0
    done, steps = 0.0, 0
    deepest = water.wet[ANYWHERE].max()
    while done < dt - 1e-9:
        left = dt - done
        step = ground.courant * ground.cell_m / np.sqrt(G * max(deepest, SHALLOWEST_M))
        if step >= left:
            step = left
        elif 2.0 * step > left:
            step = 0.5 * left
        put_water(ground, h, water, holes, given, step / dt, debt, EXCHANGE)
        put_water(ground, h, water, leaks, leak_volumes, step / dt, leak_debt, LEAKED)
        deepest = surface_step(ground, h, x, y, nx_, ny_, water, step)
        x, nx_ = nx_, x
        y, ny_ = ny_, y
        if ground.shore.size > 0:
            hold_river(ground, h, water)
            deepest = water.wet[ANYWHERE].max()
        if ground.edge.size > 0:
            spill_edge(ground, h, water, step)
        for k in range(holes.size):
            j, i = divmod(holes[k], columns)
            hole_depth[k] += h[j, i] * step
        done += step
        steps += 1
    for k in range(holes.size):
        hole_depth[k] /= dt
    if steps % 2 == 1:
        settle(water)
    keep_record(ground, water, now_s + dt, dt)
    return steps


@njit(**COMPILED)
def settle(water):
    """Copy the latest fluxes to where the next call looks for them, after an odd number of steps."""
    for tj in range(water.work.shape[0]):
        for ti in range(water.work.shape[1]):
            if water.work[tj, ti]:
                for j in range(tj * TILE_ROWS, min((tj + 1) * TILE_ROWS, water.h.shape[0])):
                    for i in range(ti * TILE_COLS, min((ti + 1) * TILE_COLS, water.h.shape[1])):
                        water.qx[j, i + 1] = water.ox[j, i + 1]
                        water.qy[j + 1, i] = water.oy[j + 1, i]


@njit(**COMPILED)
def deepest_along(h, starts, cells, out):
    """out[s] := deepest of the cells cells[starts[s]:starts[s+1]] (flat indices)."""
    nx = h.shape[1]
    for s in range(out.size):
        deepest = 0.0
        for k in range(starts[s], starts[s + 1]):
            j, i = divmod(cells[k], nx)
            deepest = max(deepest, h[j, i])
        out[s] = deepest
