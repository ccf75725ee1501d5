"""A SUMO network as the arrays of the queue engine, with capacities from stated rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from traffic.fast.actuated import actuated
from traffic.fast.classes import BIT
from traffic.fast.layout import CONN, EDGE, LANE, SIGNAL, TURN, WINDOW, Array, Roads
from traffic.fast.netfile import ConnectionSpec, EdgeSpec, LaneSpec, NetFile, Program, read_netfile
from traffic.fast.rules import CAR_M, Rules

START_MPS2 = 1.95
"""SUMO's default acceleration of 2.6 m/s2 less what dawdling (sigma 0.5) takes."""
ALWAYS = ("G", "O")
GIVE_WAY = ("g", "o", "s")
YELLOW = ("y", "Y")


@dataclass(frozen=True)
class QueueNetwork:
    """Edges, lanes and connections of a network, from which `roads` makes arrays for a set of rules."""

    edge_ids: tuple[str, ...]
    edges: tuple[EdgeSpec, ...]
    connections: tuple[ConnectionSpec, ...]
    programs: dict[str, Program]
    variants: dict[tuple[str, str], Program]
    index: dict[str, int]
    signal_ids: tuple[tuple[str, int], ...]
    """(program, link index) of each signal head."""
    allow: Array
    """(n_lanes,) classes of each lane as bits."""
    static: Roads
    """Arrays whose slots and lags belong to no rules yet."""
    turn_of: dict[tuple[int, int], int]

    @classmethod
    def read(cls, path: Path, additional: Iterable[Path] = ()) -> QueueNetwork:
        """Read a network file and the signal programs of additional files."""
        return cls.build(read_netfile(path, additional))

    @classmethod
    def build(cls, net: NetFile) -> QueueNetwork:
        """Arrays from a network as read (or as written by hand)."""
        index = {edge.id: i for i, edge in enumerate(net.edges)}
        keep = [k for k, c in enumerate(net.connections) if c.start in index and c.end in index]
        keep.sort(key=lambda k: (index[net.connections[k].start], index[net.connections[k].end]))
        renumbered = {old: new for new, old in enumerate(keep)}
        connections = [net.connections[k] for k in keep]
        edge = np.zeros(len(net.edges), EDGE)
        lane_edge: list[int] = []
        allow: list[int] = []
        for i, spec in enumerate(net.edges):
            edge[i]["length"] = spec.lanes[0].length_m
            edge[i]["speed"] = max(lane.speed_mps for lane in for_cars(spec))
            edge[i]["lane"], edge[i]["lanes"] = len(lane_edge), len(spec.lanes)
            lane_edge += [i] * len(spec.lanes)
            allow += [lane.allow for lane in spec.lanes]
        heads: dict[tuple[str, int], int] = {}
        turns: dict[tuple[int, int], int] = {}
        conn = np.zeros(len(connections), CONN)
        foes: list[int] = []
        waiting: list[int] = []
        for k, c in enumerate(connections):
            a, b = index[c.start], index[c.end]
            limit = float(edge[a]["speed"])
            speed = max(min(c.speed_mps, limit), 1.0)
            row = conn[k]
            row["start"], row["end"] = edge[a]["lane"] + c.start_lane, edge[b]["lane"] + c.end_lane
            row["turn"] = turns.setdefault((a, b), len(turns))
            row["speed"] = speed
            row["length"], row["length2"] = (c.ahead_m, c.length_m) if c.ahead_m > 0 else (c.length_m, 0.0)
            row["inner"] = -1
            row["pace"] = 1.0
            if c.ahead_m > 0:
                row["inner"] = len(lane_edge) + len(waiting)
                waiting.append(k)
            known = c.signal is not None and c.signal[0] in net.programs
            row["signal"] = heads.setdefault(c.signal, len(heads)) if known and c.signal else -1
            row["clear"] = (0.5 * (c.ahead_m + c.length_m) + CAR_M) / speed
            row["foe"] = len(foes)
            foes += [renumbered[f] for f in c.yields if f in renumbered]
            row["foes"] = len(foes) - row["foe"]
        turn = np.zeros(len(turns), TURN)
        for (a, b), t in turns.items():
            turn[t]["start"], turn[t]["end"] = a, b
        _rows(turn, conn["turn"], "conn", "conns")
        _rows(edge, turn["start"], "turn", "turns")
        lane = np.zeros(len(lane_edge) + len(waiting), LANE)
        lane["edge"][: len(lane_edge)] = lane_edge
        lane["inner"] = -1
        for n, k in enumerate(waiting):
            lane[len(lane_edge) + n]["edge"] = turn[conn[k]["turn"]]["start"]
            lane[len(lane_edge) + n]["inner"] = k
        lights, control = actuated(net.programs, tuple(heads), conn, lane, edge)
        signal = np.zeros(len(heads), SIGNAL)
        signal["control"] = control
        static = Roads(edge, lane, turn, conn, np.array(foes, np.int32), signal, np.zeros(0, WINDOW), 0, lights)
        return cls(
            tuple(index), tuple(net.edges), tuple(connections), dict(net.programs), dict(net.variants), index,
            tuple(heads), np.array(allow + [-1] * len(waiting), np.int64), static, turns,
        )  # fmt: skip

    @property
    def n_edges(self) -> int:
        return len(self.edge_ids)

    @property
    def n_lanes(self) -> int:
        """Lanes of edges, without the places to wait inside junctions."""
        return int(self.static.edge["lanes"].sum())

    def roads(self, rules: Rules, slot_m: float, pace: Mapping[tuple[str, str], float] | None = None) -> Roads:
        """The arrays for some rules; `pace` scales the headways of turns (from edge, to edge).

        A lane holds L / slot cars. Its gaps move up at w = slot / wave_s. On short lanes storage is at least
        capacity x (driving time + L / w), without which a link-transmission model jams where the road would not
        (Yperman 2007, The Link Transmission Model, section 4.3). A lane shorter than a car between a junction that is
        kept clear and a line where drivers give way takes one at a time: who follows waits before the junction.
        """
        base = self.static
        lane, edge, conn = base.lane.copy(), base.edge, base.conn
        if pace:
            conn = conn.copy()
            for (a, b), factor in pace.items():
                turn = base.turn[self.turn_of[self.index[a], self.index[b]]]
                conn["pace"][turn["conn"] : turn["conn"] + turn["conns"]] = factor
        n = self.n_lanes
        of = lane["edge"][:n]
        length, speed = edge["length"][of], edge["speed"][of]
        wave = slot_m / rules.wave_s
        lane["lag"][:n] = length / wave
        inside = np.zeros(n)
        np.maximum.at(inside, conn["end"], (conn["length"] + conn["length2"]) / conn["speed"])
        flow = 1.0 / (rules.reaction_s + slot_m / speed)
        least = np.ceil(flow * (inside + length / speed + length / wave + speed / (2 * START_MPS2)) - 1e-9)
        clear, minor = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        clear[conn["end"][[c.keep_clear for c in self.connections]]] = True
        minor[conn["start"][(conn["foes"] > 0) & (conn["signal"] < 0)]] = True
        least[clear & minor & (length < slot_m)] = 1
        lane["cap"][:n] = np.maximum(np.maximum(np.round(length / slot_m), least), 1)
        ahead = conn["length"][lane["inner"][n:]]
        lane["cap"][n:] = np.maximum(np.round(ahead / slot_m), 1)
        room = lane["cap"].astype(np.int64)
        lane["ring"] = np.cumsum(room) - room
        signal, window = self._signals(rules.yellow_s)
        return Roads(edge, lane, base.turn, conn, base.foe, signal, window, int(room.sum()), base.actuated)

    def _signals(self, yellow_s: float) -> tuple[Array, Array]:
        signal = self.static.signal.copy()
        windows: list[tuple[float, float, int]] = []
        for k, (name, link) in enumerate(self.signal_ids):
            windows += timed(signal[k], self.programs[name], link, yellow_s, len(windows))
        return signal, np.array(windows, WINDOW)

    def resolve(self, edges: Sequence[str]) -> list[int] | str:
        """A route as edge indices, or what is wrong with it."""
        found = []
        for name in edges:
            if name not in self.index:
                return f"no edge '{name}' for road vehicles"
            found.append(self.index[name])
        for a, b in pairwise(found):
            if (a, b) not in self.turn_of:
                return f"no connection from '{self.edge_ids[a]}' to '{self.edge_ids[b]}'"
        return found


def for_cars(spec: EdgeSpec) -> list[LaneSpec]:
    """The lanes that cars may use, or all where they may use none: their limit is the edge's."""
    return [lane for lane in spec.lanes if lane.allow & BIT["passenger"]] or list(spec.lanes)


def timed(row: Any, program: Program, link: int, yellow_s: float, first: int) -> list[tuple[float, float, int]]:
    """Write a program of fixed times into the row of a signal head; its greens, to stand from `first` on."""
    greens = greens_of(program, link, yellow_s)
    row["cycle"] = sum(d for d, _ in program.phases)
    row["offset"] = program.offset_s
    row["window"], row["windows"] = first, len(greens)
    return greens


def greens_of(program: Program, link: int, yellow_s: float) -> list[tuple[float, float, int]]:
    """(start, end, major) of a link's greens in s within the cycle; the end may lie in the next cycle.

    Yellow behind a green counts as green for `yellow_s`.
    """
    cycle = sum(d for d, _ in program.phases)
    spans: list[list[float]] = []
    now = 0.0
    for duration, state in program.phases:
        letter = state[link] if link < len(state) else "r"
        kind = 1 if letter in ALWAYS else 0 if letter in GIVE_WAY else -1
        if kind >= 0:
            if spans and spans[-1][2] == kind and spans[-1][1] == now:
                spans[-1][1] = now + duration
            else:
                spans.append([now, now + duration, kind])
        elif letter in YELLOW and spans and spans[-1][1] == now:
            spans[-1][1] = now + min(duration, yellow_s)
        now += duration
    if len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == cycle and spans[0][2] == spans[-1][2]:
        last = spans.pop()
        spans[0] = [last[0], cycle + spans[0][1], last[2]]
    first = program.phases[0][1] if program.phases else ""
    if spans and spans[-1][1] == cycle and link < len(first) and first[link] in YELLOW:
        spans[-1][1] += min(program.phases[0][0], yellow_s)
    return [(a, b, int(kind)) for a, b, kind in spans]


def _rows(table: Array, key: Array, first: str, number: str) -> None:
    """First row and number of rows of each group in a table that is sorted by group."""
    counts = np.bincount(key, minlength=len(table))
    table[number] = counts
    table[first] = np.cumsum(counts) - counts
