"""Laws that any terminal must keep, whatever its times and rules: Little's law and the utilisation law on every queue.

Queues are cranes, blocks, gate lanes, stations and remote operators. The log says when a truck joins, when its service
begins and when it ends; the integral of a queue's length over time must then be the sum of all waits (Little 1961,
Operations Research 9(3), 383–387, exact over any span when those who still wait are counted), and the time that a
queue's servers work the sum of all services. Where an engine counts waits and work itself, its counts take the place
of the log's. A queue that loses or invents a truck, serves one that is not there or more at a time than it has servers
breaks these sums.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from port import codes as c
from port.control import Engine
from twin.clock import US

HOUR_US = 3.6e9
GANTRY_ENDS = frozenset({c.L_STORE, c.L_RETRIEVE, c.L_RECEIVE, c.L_DELIVER})


@dataclass
class Queue:
    """A line and its servers while the log is read. Times in µs; trucks by number, servers by any key.

    servers  0 where the log does not say when a service begins: then the whole stay counts as the wait
    area_us, busy_us : integrals over time of the trucks that wait and of the servers at work
    waited_us, served_us : sums of the waits and services that are over
    """

    kind: str
    name: str
    servers: int
    line: dict[int, int] = field(default_factory=dict)
    serving: dict[int, tuple[int, int]] = field(default_factory=dict)
    last_us: int = 0
    area_us: int = 0
    busy_us: int = 0
    waited_us: int = 0
    served_us: int = 0
    came: int = 0
    begun: int = 0
    ended: int = 0
    broken: list[str] = field(default_factory=list)

    def pass_to(self, now: int) -> None:
        """Time goes on with this many waiting and at work."""
        self.area_us += len(self.line) * (now - self.last_us)
        self.busy_us += len(self.serving) * (now - self.last_us)
        self.last_us = now

    def join(self, now: int, truck: int, ahead: bool = False) -> None:
        """A truck comes, to the end of the line or to its head."""
        self.pass_to(now)
        if truck in self.line:
            self.broken.append(f"truck {truck} joins twice")
        self.line = {truck: now, **self.line} if ahead else {**self.line, truck: now}
        self.came += 1

    def begin(self, now: int, server: int, truck: int | None = None) -> None:
        """A server takes a truck, the first of the line where the log does not name it."""
        self.pass_to(now)
        chosen = next(iter(self.line), -1) if truck is None else truck
        since = self.line.pop(chosen, None)
        if since is None or server in self.serving:
            self.broken.append(f"server {server} begins with {'nobody' if since is None else 'two trucks'}")
            return
        self.waited_us += now - since
        self.begun += 1
        self.serving[server] = chosen, now
        if self.servers and len(self.serving) > self.servers:
            self.broken.append(f"{len(self.serving)} served at a time by {self.servers}")

    def end(self, now: int, server: int, truck: int | None = None) -> None:
        """A service is over."""
        self.pass_to(now)
        served, since = self.serving.pop(server, (-1, now))
        if served < 0 or (truck is not None and truck != served):
            self.broken.append(f"server {server} ends with truck {truck} but began with {served}")
        self.served_us += now - since
        self.ended += 1

    def leave(self, now: int, truck: int) -> None:
        """A stay is over, where only the whole stay is known."""
        self.begin(now, truck, truck)
        self.serving.pop(truck, None)
        self.ended += 1

    def still_waiting_us(self) -> int:
        """Waits, so far, of those who have not begun."""
        return sum(self.last_us - since for since in self.line.values())


def queues_of(engine: Engine) -> list[Queue]:
    """Every queue of a finished run, read from its log (level 1 or 2)."""
    plan = engine.plan
    cranes = [Queue("quay crane", x.id, 1) for x in plan.site.cranes]
    counts = plan.gantries.tolist()
    blocks = [Queue("block", x, n) for x, n in zip(plan.site.block_ids, counts, strict=True)]
    gate, way_out = Queue("gate in", "gate, in", 0), Queue("gate out", "gate, out", 0)
    stations = [Queue("station", s.id, s.bays) for s in plan.terminal.stations]
    operators = Queue("remote operators", "operators", plan.terminal.fleet.remote.operators)
    of_gantry, fleet, before, taken = plan.gantry_block.tolist(), plan.fleet_size, (-1, -1), -1
    for now, code, who, a, b in engine.rows().tolist():
        if code == c.L_STANDS:
            cranes[a].join(now, who)
        elif code == c.L_HANDOVER:
            cranes[who].begin(now, who, a)
        elif code == c.L_READY:
            cranes[who].end(now, who)
        elif code == c.L_AT_BLOCK:
            blocks[a].join(now, who, before == (a, who))
        elif code == c.L_GANTRY:
            taken = next(iter(blocks[of_gantry[who]].line), -1)
            blocks[of_gantry[who]].begin(now, who)
        elif code in GANTRY_ENDS:
            blocks[of_gantry[who]].end(now, who, b)
        elif code == c.L_ARRIVED:
            gate.join(now, who)
        elif code == c.L_ADMITTED:
            gate.leave(now, who)
        elif code == c.L_AT and a == 0 and who >= fleet:
            way_out.join(now, who)
        elif code == c.L_DEPARTED:
            way_out.leave(now, who)
        elif code == c.L_STATION:
            stations[a].join(now, who)
        elif code == c.L_PLUGGED:
            stations[a].begin(now, who, who)
        elif code == c.L_CHARGED:
            stations[a].end(now, who, who)
        elif code == c.L_CALLS:
            operators.join(now, who)
        elif code == c.L_TAKEN:
            operators.begin(now, who, who)
        elif code == c.L_FREED:
            operators.end(now, who, who)
        if code in GANTRY_ENDS or code == c.L_GANTRY:
            before = of_gantry[who], taken if code == c.L_GANTRY else b
        else:
            before = -1, -1
    found = [*cranes, *blocks, gate, way_out, *stations, operators]
    for queue in found:
        queue.pass_to(engine.now_us)
    return found


def law_rows(engine: Engine) -> list[dict[str, Any]]:
    """A row for each queue: the three figures of Little's law, the two of the utilisation law, and what is left over.

    `left_over_us` is the integral of the length less the sum of waits, `work_left_over_us` the integral of servers at
    work less the sum of services; both must be 0. For quay cranes the sums are those that the engine has kept.
    """
    hours = engine.now_us / HOUR_US
    rows = []
    kept = {crane.id: crane for crane in engine.world.cranes}
    for q in queues_of(engine):
        waited, served = q.waited_us, q.served_us
        if q.kind == "quay crane":
            waited, served = kept[q.name].waited_us, kept[q.name].busy_us
        running = sum(q.last_us - since for _, since in q.serving.values())
        length = q.area_us / engine.now_us
        rows.append(
            {
                "queue": q.name,
                "kind": q.kind,
                "came": q.came,
                "arrivals_per_h": q.came / hours,
                "mean_wait_s": (waited + q.still_waiting_us()) / q.came / US if q.came else None,
                "mean_length": length,
                "left_over_us": q.area_us - waited - q.still_waiting_us(),
                "servers": q.servers or None,
                "mean_service_s": served / q.ended / US if q.servers and q.ended else None,
                "busy_share": q.busy_us / (q.servers * engine.now_us) if q.servers else None,
                "work_left_over_us": q.busy_us - served - running if q.servers else 0,
                "broken": q.broken[:3],
            }
        )
    return rows


def total_rows(engine: Engine, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sums that an engine keeps over all queues of a kind, against the log: each `left_over` must be 0."""
    sums, queues = engine.sums(), queues_of(engine)
    inside = sum(engine.now_us - v.arrived_us for v in engine.world.visitors if v.departed_us < 0)
    stays = _integral_of_visits(engine)

    def total(kind: str, name: str) -> int:
        return sum(getattr(q, name) for q in queues if q.kind == kind)

    return [
        {"sum": "waits at blocks, s", "left_over": (total("block", "waited_us") - sums["block_waited_us"]) / US},
        {"sum": "services at blocks", "left_over": total("block", "begun") - sums["block_waits"]},
        {"sum": "visits of road trucks, s", "left_over": (stays - sums["turns_us"] - inside) / US},
        {"sum": "takeovers", "left_over": total("remote operators", "ended") - sums["takeovers"]},
        {"sum": "visits to stations", "left_over": total("station", "ended") - sums["swaps"]},
    ]


def _integral_of_visits(engine: Engine) -> int:
    """Integral over time of the road trucks between arrival and departure, from the log."""
    area, inside, last = 0, 0, 0
    for now, code, *_ in engine.rows().tolist():
        if code in (c.L_ARRIVED, c.L_DEPARTED):
            area, last = area + inside * (now - last), now
            inside += 1 if code == c.L_ARRIVED else -1
    return area + inside * (engine.now_us - last)
