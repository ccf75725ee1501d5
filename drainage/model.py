"""The drainage model: sewers by SWMM, the surface by the kernel, or the two as one, behind the twin's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drainage import exchange
from drainage.balance import balances
from drainage.build import (
    Manhole,
    commanded_links,
    ends_of,
    holes_of,
    manholes_of,
    openings_of,
    rain_falls_on,
    sewer_of,
    sewers_of,
    start_swmm,
    surface_of,
)
from drainage.commands import DROWNED, FAILED, POWER, Commands
from drainage.config import DrainageConfig
from drainage.covers import Covers
from drainage.dispatch.control import Control
from drainage.districts import parts_of
from drainage.exchange import EARLY_S, END_S, SWMM_S
from drainage.exposure import watched_of
from drainage.inlets import inlets_of
from drainage.kernels import deepest_along
from drainage.metrics import Gathered, summary, tables
from drainage.native import DISTRICT
from drainage.outside import Outside
from drainage.ports import ports_for
from drainage.rain import Rainfall, fed, plans_of, told, zones_of_cells
from drainage.restated import write_restated
from drainage.surface import NOTHING, NOWHERE, make_surface
from drainage.swmm import GAGE, NODE, NODE_HEAD, NODE_LATFLOW, Swmm
from drainage.terrain import cells_along, read_streets
from drainage.threads import in_turn
from twin.clock import hhmm, to_s, to_us
from twin.model import Balance, Event, Metric, Setup, Table
from twin.places import City, FloatArray, Grid, Lines, Places, Points
from twin.weather.forecast import outlook

SURFACE_CHUNK_S = 5.0
"""Without sewers, rain is put on and the record kept this often."""
CLOSED_ROAD_M = 0.27
LEAST_INFLOW_M3S = 1e-6
"""SWMM takes smaller inflows for zero; what leaks more slowly is gathered first."""


class DrainageModel:
    """See `twin.model.Model`."""

    name = "drainage"
    rank = 1

    def __init__(self, setup: Setup) -> None:
        config: DrainageConfig = setup.config
        self.setup, self.config = setup, config
        self.now_us = 0
        self.surface = surface_of(config)
        self.outside = Outside.of(self.surface, config, setup)
        self.sewer = sewer_of(config)
        self.manholes: list[Manhole] = manholes_of(self.sewer, self.surface) if self.sewer else []
        self.swmm: Swmm | None = None
        self.commands: Commands | None = None
        self.ends = exchange.Ends(NOWHERE, NOTHING, NOTHING, NOTHING, NOWHERE, NOTHING, np.zeros(1))
        self.outfalls: list[str] = []
        if self.sewer:
            self.swmm = start_swmm(self.sewer, self.manholes, config, setup)
            try:
                self.outfalls, self.ends = ends_of(self.swmm, config)
                self.commands = Commands(self.swmm, commanded_links(self.sewer, setup, self.surface is not None), setup)
            except BaseException:
                self.swmm.close()
                raise
        openings = openings_of(self.sewer, self.manholes, config) if self.sewer else []
        self.holes = holes_of(self.swmm, self.manholes, openings)
        self.covers = Covers(inlets_of(openings, config.lids), config.lids, self.manholes, self.holes, setup)
        self.places: Mapping[str, Places] = self._places()
        self.ports = ports_for(self.places, self.surface is not None, self.swmm is not None)
        self._prepare_steps()
        self.gathered = Gathered()
        self.leaked_m3 = 0.0
        self.leaked_river_m3 = 0.0
        self.leaked_sewer_m3 = 0.0
        self._leaks: dict[int, float] = {}
        self._leak_rate = np.zeros(len(self._points))
        self._leak_wait = np.zeros(len(self._points))
        self._extra: dict[str, float] = {}
        self._last = {"up": 0.0, "down": 0.0, "flooding": 0.0}
        self._rates = {"up": 0.0, "down": 0.0, "flooding": 0.0}
        if self.surface is not None and config.river_level is not None:
            self.surface.set_level(config.river_level)
            self.outside.hold(0.0)
        self.start_totals = self.swmm.totals() if self.swmm else {}
        self.dispatch = Control.of(self, config.dispatch) if config.dispatch else None
        self.room_m3 = self.sewer.conduit_room_m3 if self.sewer else 0.0

    def _places(self) -> dict[str, Places]:
        places: dict[str, Places] = {"city": City()}
        if self.config.dispatch:
            places["outlook"] = outlook(self.setup.exchange_us)
        zones = self.setup.sources.get("rain")
        if isinstance(zones, Grid):
            places["rain_zone"] = zones
        if self.surface:
            places["cell"] = self.surface.grid
            places |= self.outside.places()
            if self.config.streets:
                places["street"] = read_streets(self.config.streets)
        self._points = [m for m in self.manholes if m.node.xy is not None]
        if self._points:
            places["manhole"] = _points([m.node.id for m in self._points], [m.node.xy for m in self._points])
        if self.sewer and self.commands and self.commands.pumps:
            ids = [p.id for p in self.commands.pumps]
            nodes = [self.sewer.nodes[self.sewer.links[id].nodes[0]] for id in ids]
            places["pump"] = _points(ids, [n.xy or (0.0, 0.0) for n in nodes])
            self._wells = [self._cell_of(n.xy) for n in nodes]
        return places

    def _cell_of(self, xy: tuple[float, float] | None) -> int:
        if xy is None or self.surface is None:
            return -1
        own = int(self.surface.grid.cells_of(np.array([xy]))[0])
        return self.surface.home(own) if own >= 0 else -1

    def _prepare_steps(self) -> None:
        """Everything that the compiled loop needs and that does not change."""
        sewer, surface = self.sewer, self.surface
        self._times = np.zeros(5)
        self._times[END_S] = to_s(self.setup.duration_us)
        self._gages, feeds = NOWHERE, {}
        self._rain_on_surface = surface is not None and rain_falls_on(self.config, sewer)
        self._fixed = surface or make_surface(Grid(0.0, 0.0, 1.0, 1, 1), np.zeros((1, 1)), 0.03)
        if self.swmm and sewer:
            if "rain" in self.setup.linked:
                plans = plans_of(parts_of(sewer), self.setup.sources.get("rain"), self.config.rain_gages)
                feeds = fed(plans) or {r.tokens[0]: 0 for r in sewer.rows("RAINGAGE")}
                self._gages = self.swmm.index(GAGE, list(feeds))
                for text in told(plans):
                    self.setup.journal.write(0, "rain_gages", text)
            self.lands = surface is not None or self._gages.size > 0
            self.sewers = sewers_of(self.swmm, self.config, self.holes, self.ends, surface is not None)
            self._point_nodes = self.swmm.index(NODE, [m.node.id for m in self._points])
            self._rims = np.array([m.rim_m for m in self._points])
            self._point_at = np.array([k for k, m in enumerate(self.manholes) if m.node.xy is not None], dtype=int)
        zones = zones_of_cells(self.places.get("rain_zone"), self._fixed.grid, self._fixed.ground.rained)
        self._fixed.set_zones(zones)
        wet = zones if self._rain_on_surface else zones[:0]
        self.rain = Rainfall.of(self.places.get("rain_zone"), list(feeds.values()), wet)
        lines = self.places.get("street")
        if surface and isinstance(lines, Lines):
            self.street_starts, self.street_cells = cells_along(surface.grid, lines)
        self.areas, self.exposed = watched_of(self.config, surface)

    # ------------------------------------------------------------------ exchange

    def next_event_us(self) -> int:
        return self.setup.duration_us

    def put(self, port: str, values: Any) -> None:
        values = np.asarray(values, dtype=float)
        if self.dispatch and self.dispatch.hear(port, values):
            return
        if port == "rain":
            self.rain.hear(values)
            if self.swmm and self._gages.size:
                self.swmm.set_rain(self._gages, self.rain.at_gages())
        elif port == "tide":
            self.ends.goal[0] = values[0]
            if self.surface:
                self.surface.set_level(float(values[0]))
                self.outside.hold(to_s(self.now_us))
        elif port == "leaked":
            self._put_leaks(values)
        elif port == "power" and self.commands:
            for pump, power in zip(self.commands.pumps, values, strict=True):
                self.commands.cause(self.now_us, pump.id, POWER, bool(power < 0.5))

    def _put_leaks(self, values: FloatArray) -> None:
        for place in np.flatnonzero(values):
            volume = float(values[place])
            self.leaked_m3 += volume
            if self.surface is None:
                self._leak_wait[place] += volume
            elif self.surface.river.ravel()[place]:
                self.leaked_river_m3 += volume
            else:
                cell = self.surface.home(int(place))
                self._leaks[cell] = self._leaks.get(cell, 0.0) + volume

    def take(self, port: str) -> Any:
        one = self._scalar(port)
        if one is not None:
            return np.array([one])
        if (seen := self.outside.take(port)) is not None:
            return seen
        if port == "depth" and self.surface:
            return self.surface.depth()
        if port == "street_depth" and self.surface:
            out = np.zeros(self.street_starts.size - 1)
            deepest_along(self.surface.water.h * self.surface.ground.open, self.street_starts, self.street_cells, out)
            return out
        if port == "surcharge" and self.swmm and self.sewer:
            return self.swmm.get(NODE_HEAD, self._point_nodes) * self.sewer.metres - self._rims
        if port == "open_manholes":
            return self.covers.is_open()[self._point_at]
        raise KeyError(f"drainage has no output '{port}' in this run")

    def _scalar(self, port: str) -> float | None:
        surface, swmm = self.surface, self.swmm
        if port.startswith("flooded_area") and surface:
            return surface.flooded_area(0.15 if port.endswith("15cm") else 0.27) / 1e4
        if port == "surface_volume" and surface:
            return surface.volume()
        if port == "sewer_volume" and swmm:
            return swmm.totals()["stored"]
        if port == "outfall_flow":
            return float(self.ends.flow.sum())
        if port in ("exchange_up", "exchange_down", "sewer_flooding"):
            return self._rates[port.split("_")[1]]
        if port == "pumps_out" and self.commands:
            return float(self.commands.pumps_out())
        return None

    # ------------------------------------------------------------------ time

    def advance(self, until_us: int) -> int:
        if until_us <= self.now_us:
            return self.now_us
        if self.dispatch:
            self.dispatch.act(until_us)
        begin_us, until_s = self.now_us, to_s(until_us)
        if self.swmm:
            reached = self._advance_sewers(until_s)
            self.now_us = until_us if self.lands else max(until_us, to_us(reached))
        elif self.surface:
            self._advance_surface(until_s)
            self.now_us = until_us
        self._after(begin_us)
        if self.dispatch:
            self.dispatch.watch(begin_us)
        return self.now_us

    def _advance_sewers(self, until_s: float) -> float:
        swmm, surface = self.swmm, self._fixed
        assert swmm is not None
        before = self.sewers.clock.copy()
        self.outside.hold(0.5 * (to_s(self.now_us) + until_s))
        leaks = self._leak_arrays() if self.surface else (NOWHERE, NOTHING)
        leaks = self.outside.bring(*leaks, to_s(self.now_us), until_s)
        rates = self._feed_nodes(until_s - self._times[SWMM_S])
        with in_turn(surface.ground.threads):
            code = exchange.advance(
                self.sewers, self._times, until_s, self.lands, self.ends, self.holes, self.covers.inlets,
                self.covers.calm_s, self.surface is not None, surface.ground, surface.water,
                self._surface_rain(until_s), *leaks, np.zeros(leaks[0].size), surface.soil, surface.record,
            )  # fmt: skip
        if code:
            raise RuntimeError(
                f"SWMM stopped at {hhmm(self.setup.start, self.now_us)}: {swmm.error() or f'error {code}'}"
            )
        if rates is not None:
            district = self._point_nodes // DISTRICT
            passed, first = (self.sewers.clock - before)[district], self.sewers.first[district]
            given = rates * passed + 0.5 * first * (self._leak_rate - rates)
            self.leaked_sewer_m3 += float(given.sum())
            self._leak_wait -= given
            self._leak_rate = rates
        return float(self._times[SWMM_S])

    def _surface_rain(self, until_s: float) -> FloatArray:
        """Rain on the surface, which with sewers flows as long as they do: to a moment before each exchange."""
        begin_s, end_s = to_s(self.now_us), until_s
        if self.swmm:
            begin_s, end_s = self._times[SWMM_S], until_s - EARLY_S if self.lands else until_s
        return self.rain.on_surface(until_s - to_s(self.now_us), end_s - begin_s) * self._rain_on_surface

    def _leak_arrays(self) -> tuple[NDArray[np.int64], FloatArray]:
        """What has leaked onto the surface, to be spread over the coming interval."""
        cells = np.array(sorted(self._leaks), dtype=np.int64)
        volumes = np.array([self._leaks[int(c)] for c in cells], dtype=float)
        self._leaks.clear()
        return cells, volumes

    def _feed_nodes(self, seconds: float) -> FloatArray | None:
        """Leaks (without a surface) and events as inflows of manholes; gives the leaks' rates, m3/s."""
        assert self.swmm is not None
        assert self.sewer is not None
        per = self.sewer.flow_m3s
        extra = dict(self._extra)
        rates = None
        if not self.surface and self._points:
            tail = 0.5 * self.sewers.first[self._point_nodes // DISTRICT] * self._leak_rate
            rates = np.maximum(self._leak_wait - tail, 0.0) / seconds
            rates[rates < LEAST_INFLOW_M3S] = 0.0
            changed = np.flatnonzero((rates > 0) | (self._leak_rate > 0))
            for k in changed:
                id = self._points[k].node.id
                extra[id] = self._extra.get(id, 0.0) + float(rates[k])
        if extra:
            names = sorted(extra)
            self.swmm.set(NODE_LATFLOW, self.swmm.index(NODE, names), np.array([extra[n] for n in names]) / per)
        return rates

    def _advance_surface(self, until_s: float) -> None:
        assert self.surface is not None
        cells, volumes = self._leak_arrays()
        now, debt = to_s(self.now_us), np.zeros(cells.size + self.outside.around.inflows.cells.size)
        chunks = max(int(np.ceil((until_s - now) / SURFACE_CHUNK_S)), 1)
        dt = (until_s - now) / chunks
        for k in range(chunks):
            begin, end = now + k * dt, now + (k + 1) * dt
            self.outside.hold(0.5 * (begin + end))
            given = self.outside.bring(cells, volumes / chunks, begin, end)
            self.surface.flow(begin, dt, self._surface_rain(until_s), *given, debt)

    def _after(self, begin_us: int) -> None:
        """What is watched once an exchange: pumps under water, means of the interval, curves for the summary."""
        seconds = to_s(self.now_us - begin_us)
        self.rain.fell(seconds)
        sums = {"up": float(self.holes.up.sum()), "down": float(self.holes.down.sum())}
        sums["flooding"] = self.swmm.totals()["flooding"] if self.swmm else 0.0
        self._rates = {k: (sums[k] - self._last[k]) / seconds for k in sums}
        self._last = sums
        self.covers.watch(begin_us, self.now_us)
        if not self.surface:
            return
        self.gathered.add(to_s(self.now_us), *(self.surface.flooded_area(limit) / 1e4 for limit in (0.15, 0.27, 0.40)))
        if self.areas:
            self.gathered.add_zones(self.surface.depth() > 0.15, [a.cells for a in self.areas], self.surface.cell_area)
        if self.commands and self.commands.pumps:
            depth = self.surface.water.h.ravel()
            for pump, cell in zip(self.commands.pumps, self._wells, strict=True):
                if cell < 0:
                    continue
                limit = self.config.pump_returns_below if DROWNED in pump.causes else self.config.pump_fails_at
                text = f"{depth[cell]:.2f} m of water at its station"
                self.commands.cause(self.now_us, pump.id, DROWNED, bool(depth[cell] > limit), text)
        self._watch_streets()

    def _watch_streets(self) -> None:
        """Note when a street is first under the closing depth."""
        if "street" not in self.places:
            return
        lines = self.places["street"]
        assert isinstance(lines, Lines)
        depth = self.take("street_depth")
        self.gathered.add_streets(to_s(self.now_us), depth)
        for k in np.flatnonzero(depth > CLOSED_ROAD_M):
            name = lines.names[k]
            if name not in self.gathered.closed_at:
                self.gathered.closed_at[name] = to_s(self.now_us)
                text = f"{name} is under more than 27 cm of water"
                self.setup.journal.write(self.now_us, "street_flooded", text, street=name)

    def apply(self, event: Event) -> None:
        if self.commands is None or self.sewer is None:
            raise ValueError(f"drainage.{event.verb} needs a sewer file")
        begins, args = event.phase == "start", event.args
        if self.covers.apply(self.now_us, event):
            return
        if event.verb == "pump_outage":
            self.commands.cause(self.now_us, args.pump, FAILED, begins)
        elif event.verb == "set_pump":
            self.commands.command(args.pump, args.speed if begins else None)
        elif event.verb == "set_gate":
            self.commands.command(args.gate, args.opening if begins else None)
        elif event.verb == "inflow":
            more = args.flow if begins else -args.flow
            left = self._extra.get(args.node, 0.0) + more
            self._extra[args.node] = left if abs(left) > 1e-12 else 0.0
        else:
            raise ValueError(f"drainage has no verb '{event.verb}'")

    # ------------------------------------------------------------------ the end

    def balances(self) -> list[Balance]:
        return balances(self)

    def waiting_m3(self) -> float:
        """Leaks and inflows that have been taken over but not yet put into SWMM or onto the ground."""
        placed = self.surface.account()["leaked"] if self.surface else self.leaked_sewer_m3
        return self.leaked_m3 + self.outside.around.given_m3 - self.leaked_river_m3 - placed

    def summary(self) -> dict[str, Metric]:
        return summary(self) | (self.dispatch.summary() if self.dispatch else {})

    def tables(self) -> dict[str, Table]:
        return tables(self) | (self.dispatch.tables() if self.dispatch else {})

    def close(self) -> None:
        if self.swmm and self.swmm.is_open:
            self.swmm.close()
            write_restated(self)


def _points(ids: list[str], xy: list[Any]) -> Points:
    return Points(tuple(ids), np.array(xy, dtype=float).reshape(-1, 2), tuple(ids))
