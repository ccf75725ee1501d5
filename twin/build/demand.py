"""Who drives in the drill's hours: an evening's cars, the terminal's trucks, and ambulances, all with routes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from twin.build.gate import BACK, IN, OUT, YARD, GatePlan
from twin.build.recipe import GateRecipe, TrafficRecipe
from twin.build.routes import Router
from twin.build.sumo_net import SumoNet
from twin.scenario.problems import ScenarioError, suggest

FloatArray = NDArray[np.float64]

GATE_EDGES = frozenset((IN, YARD, BACK, OUT))
KIND_WEIGHT = {"residential": 1.0, "living_street": 1.0, "unclassified": 1.0, "service": 0.5, "tertiary": 0.6}
"""Trip ends per metre of street against a residential street; other streets 0.3."""
SHORTEST_TRIP_M = 400.0

# No blue-light device: with it SUMO 1.25.0 ends with a segmentation fault within three hours of this traffic.
TYPES = {
    "car": 'vClass="passenger"',
    "truck": 'vClass="truck" length="16.5" accel="1.0" decel="4.0" maxSpeed="22.2"',
    "ambulance": 'vClass="emergency" guiShape="emergency" length="6.5" speedFactor="1.3"',
}


@dataclass(frozen=True)
class Vehicle:
    """One vehicle with its route and whatever stands inside its element."""

    id: str
    kind: str
    depart_s: float
    edges: tuple[str, ...]
    options: str = ""
    inside: str = ""


def write_routes(path: Path, kinds: Iterable[str], vehicles: Iterable[Vehicle]) -> int:
    """Write a route file, sorted by departure (SUMO drops what comes too late in the file). Returns the count."""
    ordered = sorted(vehicles, key=lambda v: (v.depart_s, v.id))
    rows = ['<?xml version="1.0" encoding="UTF-8"?>', "<routes>"]
    rows += [f'  <vType id="{kind}" {TYPES[kind]}/>' for kind in kinds]
    for v in ordered:
        rows.append(
            f'  <vehicle id="{v.id}" type="{v.kind}" depart="{v.depart_s:.1f}" departLane="best" departSpeed="max"'
            f"{v.options}><route edges={quoteattr(' '.join(v.edges))}/>{v.inside}</vehicle>"
        )
    rows.append("</routes>")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return len(ordered)


def ends_of_trips(net: SumoNet, router: Router, through: float) -> tuple[FloatArray, FloatArray]:
    """Chances (n,) of each edge to begin and to end a trip.

    Within the city by length and class; at the edge of the network (streets that come from or lead out of it) by
    lanes × speed², so that a main road brings far more than a lane.
    """
    edges = [net.edges[i] for i in router.ids]
    inner = np.array([e.length_m * KIND_WEIGHT.get(e.kind.split("|")[0], 0.3) for e in edges])
    inner = np.where(router.core & (router.length > 20), inner, 0.0)
    main = router.lanes * np.array([e.speed_mps for e in edges]) ** 2
    entered, left = np.zeros(len(edges), bool), np.zeros(len(edges), bool)
    entered[router.head], left[router.tail] = True, True
    both = []
    for border, usable in ((~entered, router.starts), (~left, router.ends)):
        rim = np.where(border & usable & (router.length > 20), main, 0.0)
        share = through if rim.sum() > 0 else 0.0
        within = np.where(usable, inner, 0.0)
        both.append((1 - share) * within / within.sum() + (share * rim / rim.sum() if share else 0.0))
    return both[0], both[1]


def departures(recipe: TrafficRecipe, n: int, rng: np.random.Generator) -> FloatArray:
    """(n,) departure times in s, sorted: an even flow with the evening peak (standard deviation 40 min) on top."""
    end = recipe.hours * 3600 - 600
    peak = rng.random(n) < recipe.peak_share
    times = np.where(peak, rng.normal(recipe.peak_hour * 3600, 2400, n), rng.random(n) * end)
    outside = (times < 0) | (times > end)
    times[outside] = rng.random(int(outside.sum())) * end
    return np.sort(np.round(times, 1))


def cars(net: SumoNet, recipe: TrafficRecipe, seed: int) -> list[Vehicle]:
    """The evening's cars, with routes that spread as the streets fill."""
    router = Router(net, "passenger", GATE_EDGES)
    rng = np.random.default_rng(seed)
    begin, finish = ends_of_trips(net, router, recipe.through)
    n = recipe.vehicles
    pairs: list[tuple[int, int]] = []
    while len(pairs) < n:
        more = max(64, 2 * (n - len(pairs)))
        a, b = rng.choice(len(begin), more, p=begin), rng.choice(len(finish), more, p=finish)
        far = np.hypot(*(router.middle[a] - router.middle[b]).T) > SHORTEST_TRIP_M
        if not far.any():
            raise ValueError(f"the streets are too few for trips of {SHORTEST_TRIP_M:.0f} m: set traffic.vehicles to 0")
        pairs += list(zip(a[far].tolist(), b[far].tolist(), strict=True))
    pairs = pairs[:n]
    ways = router.assign(pairs, recipe.hours, seed + 1)
    times, where = departures(recipe, n, rng), rng.random((n, 2))
    made = []
    for k, (way, depart) in enumerate(zip(ways, times, strict=True)):
        if not way:
            continue
        first, last = router.length[way[0]], router.length[way[-1]]
        options = f' departPos="{first * (0.1 + 0.7 * where[k, 0]):.1f}"' if router.core[way[0]] else ""
        options += f' arrivalPos="{last * (0.2 + 0.7 * where[k, 1]):.1f}"' if router.core[way[-1]] else ""
        made.append(Vehicle(f"car_{k}", "car", float(depart), tuple(router.ids[e] for e in way), options))
    return made


def trucks(net: SumoNet, recipe: GateRecipe, plan: GatePlan, hours: float, seed: int) -> list[Vehicle]:
    """Container trucks: from the edge of the city to the gate (stop on the lane), the yard (parked), and out again."""
    router = Router(net, "truck")
    rng = np.random.default_rng(seed)
    begin, finish = _truck_ends(net, router)
    n = round(recipe.trucks_per_hour * max(0.0, hours - 1))
    sources, sinks = rng.choice(len(begin), n, p=begin), rng.choice(len(finish), n, p=finish)
    gate, out = router.index[IN], router.index[OUT]
    there = router.paths([(int(a), gate) for a in sources], router.free_s)
    away = router.paths([(out, int(b)) for b in sinks], router.free_s)
    times = np.sort(np.round((np.arange(n) + rng.random(n)) * 3600 * (hours - 1) / max(1, n), 1))
    service = rng.uniform(0.8, 1.2, n) * recipe.service
    yard = rng.uniform(0.7, 1.3, n) * recipe.yard_time
    export = rng.random(n) < recipe.exports
    made = []
    for k in range(n):
        if not there[k] or not away[k]:
            continue
        edges = (*(router.ids[e] for e in there[k]), YARD, BACK, *(router.ids[e] for e in away[k]))
        lane, task = k % plan.lanes, "deliver_export" if export[k] else "collect_import"
        inside = (
            f'<stop lane="{IN}_{lane}" endPos="{plan.in_length_m - 1:.1f}" duration="{service[k]:.0f}"/>'
            f'<stop lane="{YARD}_{lane}" endPos="{plan.yard_length_m - 5:.1f}" duration="{yard[k]:.0f}" '
            'parking="true"/>'
            f'<param key="task" value="{task}"/>'
        )
        made.append(Vehicle(f"truck_{k}", "truck", float(times[k]), edges, inside=inside))
    return made


def _truck_ends(net: SumoNet, router: Router) -> tuple[FloatArray, FloatArray]:
    """Trucks come from and go to the edge of the network on its larger roads; in a closed network, anywhere in it."""
    own = np.array([i in GATE_EDGES for i in router.ids])
    entered, left = np.zeros(len(own), bool), np.zeros(len(own), bool)
    entered[router.head], left[router.tail] = True, True
    main = router.lanes * np.array([net.edges[i].speed_mps for i in router.ids]) ** 2
    both = []
    for border, usable in ((~entered, router.starts), (~left, router.ends)):
        rim = np.where(border & usable & ~own & (router.length > 20), main, 0.0)
        if rim.sum() == 0:
            rim = np.where(router.core & ~own & (router.length > 20), main, 0.0)
        both.append(rim / rim.sum())
    return both[0], both[1]


def ambulances(net: SumoNet, recipe: TrafficRecipe, seed: int) -> list[Vehicle]:
    """One call every so often, from the rescue stations in turn to somebody's street.

    `ScenarioError` for a station in a street that is not there.
    """
    if recipe.ambulance_every <= 0:
        return []
    router = Router(net, "emergency", GATE_EDGES)
    rng = np.random.default_rng(seed)
    inner = np.flatnonzero(router.core & (router.length > 30)).astype(np.int64)
    bases = _bases(net, router, recipe)
    weight = np.array([router.length[k] * KIND_WEIGHT.get(net.edges[router.ids[k]].kind, 0.3) for k in inner])
    calls = np.arange(recipe.ambulance_every / 2, recipe.hours * 3600 - 900, recipe.ambulance_every)
    targets = rng.choice(inner, len(calls), p=weight / weight.sum())
    ways = router.paths([(bases[k % len(bases)], int(t)) for k, t in enumerate(targets)], router.free_s)
    return [
        Vehicle(f"ambulance_{k}", "ambulance", float(round(t)), tuple(router.ids[e] for e in way))
        for k, (t, way) in enumerate(zip(calls, ways, strict=True))
        if len(way) > 1
    ]


def stations(net: SumoNet, recipe: TrafficRecipe) -> list[tuple[str, FloatArray]]:
    """(name, place) of the rescue stations: the middles of the streets from which the ambulances come."""
    router = Router(net, "emergency", GATE_EDGES)
    return [
        (net.edges[router.ids[k]].name or f"station {n}", router.middle[k])
        for n, k in enumerate(_bases(net, router, recipe), 1)
    ]


def _bases(net: SumoNet, router: Router, recipe: TrafficRecipe) -> list[int]:
    """The street section of each rescue station."""
    inner = np.flatnonzero(router.core & (router.length > 30)).astype(np.int64)
    main = [k for k in inner if net.edges[router.ids[k]].kind.split("|")[0] in ("secondary", "tertiary", "primary")]
    choices = np.array(main or inner.tolist())
    centre = router.middle[inner].mean(axis=0)
    away = np.hypot(*(router.middle[choices] - centre).T)
    named = {"middle": int(choices[np.argmin(away)]), "edge": int(choices[np.argmax(away)])}
    return [named[s] if s in named else _street_edge(net, router, s, inner, centre) for s in recipe.ambulances_from]


def _street_edge(net: SumoNet, router: Router, street: str, inner: NDArray[np.int64], centre: FloatArray) -> int:
    """The edge of a street that is nearest to the middle of the city."""
    found = [int(k) for k in inner if net.edges[router.ids[int(k)]].name == street]
    if not found:
        names = sorted({net.edges[router.ids[int(k)]].name for k in inner} - {""})
        raise ScenarioError(
            [f"traffic.ambulances_from: there is no street '{street}' for ambulances.{suggest(street, names)}"]
        )
    return min(found, key=lambda k: (float(np.hypot(*(router.middle[k] - centre))), k))
