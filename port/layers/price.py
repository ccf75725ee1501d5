"""What each layer and rule of a terminal costs: it is taken away alone, with the same luck, and the runs are compared.

Every switch that the file has on is one experiment. The base and all experiments see the same seeds, and all draws are
made by name, so differences are paired and their intervals narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from port.radio.link import FloatArray
from port.replications import Replications, interval, replicate
from port.simulate import Change
from port.terminal import Terminal
from twin.cli.show import Row
from twin.clock import US

Other = Callable[[Terminal], Terminal]


@dataclass(frozen=True)
class Switch:
    """A layer or rule. other : the terminal without it; or the change (`weather`) that is left out.

    adds : it is not on yet, and `other` is the terminal with it.
    """

    name: str
    words: str
    other: Other | None = None
    weather: str = ""
    adds: bool = False


def changed(part: str, **values: object) -> Other:
    """The terminal with some fields of a part (or, with an empty name, of itself) set to other values."""
    if not part:
        return lambda t: t.model_copy(update=values)
    return lambda t: t.model_copy(update={part: getattr(t, part).model_copy(update=values)})


def _chain(*offs: Other) -> Other:
    def all_of(terminal: Terminal) -> Terminal:
        for off in offs:
            terminal = off(terminal)
        return terminal

    return all_of


def switches(terminal: Terminal, weather: Sequence[Change] = ()) -> Iterator[Switch]:
    """The layers and rules that a completed terminal has on, in order; those that help have a negative price."""
    t, fleet, quay, yard, roads = terminal, terminal.fleet, terminal.quay_crane, terminal.gantry, terminal.roads
    if t.radio is not None:
        yield Switch("communication", "messages by radio, their age, stops in silence", changed("", radio=None))
        if t.radio.cellular is not None:
            yield Switch("second_path", "5G beside the roadside units", changed("radio", cellular=None))
    if t.radio is not None and (t.radio.breakdown or (t.radio.cellular and t.radio.cellular.breakdown)):
        cellular = t.radio.cellular and t.radio.cellular.model_copy(update={"breakdown": None})
        off = changed("radio", breakdown=None, cellular=cellular)
        yield Switch("outages", "random outages of units and network", off)
    if t.positioning is not None:
        yield Switch("multipath", "steel that spoils positions", changed("", positioning=None))
    if quay.retry_probability > 0.0 or yard.retry_probability > 0.0 or t.positioning is not None:
        off = _chain(*(changed(part, retry_probability=0.0) for part in ("quay_crane", "gantry")))
        off = _chain(off, changed("", positioning=None))
        yield Switch("alignment", "all repeated alignments, multipath included", off)
    if t.perception is not None:
        yield Switch("corners", "blind corners, with the sensors there are", changed("", perception=None))
        if t.perception.units:
            yield Switch("roadside_sensing", "sensors that see round corners", changed("perception", units=()))
    for change in weather:
        unit = {"rain": "mm/h", "visibility": "m"}.get(change.what, "")
        yield Switch(change.what, f"{change.what} of {change.value:g} {unit}".strip(), weather=change.what)
    if fleet.remote.per_1000_km > 0.0:
        off = changed("fleet", remote=fleet.remote.model_copy(update={"per_1000_km": 0.0}))
        yield Switch("takeovers", "calls for an operator that radio does not cause", off)
    if any(m.breakdown for m in (fleet, quay, yard)):
        off = _chain(*(changed(part, breakdown=None) for part in ("fleet", "quay_crane", "gantry")))
        yield Switch("breakdowns", "failures of cranes, gantries and trucks", off)
    if t.road_trucks.reaction > 0.0 or t.road_trucks.headway > 0.0:
        off = changed("road_trucks", reaction=0.0, headway=0.0)
        yield Switch("drivers", "manned trucks start late and follow far", off)
    if roads.exclusion:
        yield Switch(
            "exclusion", "manned and driverless trucks never in a block at once", changed("roads", exclusion=False)
        )
    if roads.right_of_way != "first_come":
        off = changed("roads", right_of_way="first_come")
        yield Switch("right_of_way", f"{roads.right_of_way.replace('_', ' ')} at junctions", off)
    if roads.junctions:
        yield Switch("junctions", "one truck at a time in a junction", changed("roads", junctions=False))
    if roads.occupation:
        yield Switch("occupation", "room on the lanes, order kept, no overtaking", changed("roads", occupation=False))
    if quay.buffer or yard.buffer:
        off = _chain(changed("quay_crane", buffer=0), changed("gantry", buffer=0))
        yield Switch("buffers", "few places before cranes and blocks", off)
    if t.stations:
        yield Switch("batteries", "ways and waits to swap or charge", changed("", stations=()))


@dataclass(frozen=True)
class Priced:
    """A switch and its paired differences, with it less without it, each (mean, half width of the 95 % interval)."""

    switch: Switch
    crane_rate: tuple[float, float]
    turn_min: tuple[float, float]
    kwh_a_move: tuple[float, float]


@dataclass(frozen=True)
class Prices:
    """base : (mean, half width) of the three figures with everything on; `rows` as the switches come."""

    base: Priced
    rows: tuple[Priced, ...]
    replications: int
    hours: float


def _figures(found: Replications) -> tuple[FloatArray, FloatArray, FloatArray]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return found["crane_rate"], found["truck_turn_time"], found["energy"] / found["moves"]


def price(
    terminal: Terminal,
    replications: int,
    hours: float,
    weather: Sequence[Change] = (),
    warm_h: float = 1.0,
    policy: str = "fifo_nearest",
    first_seed: int = 1,
    tell: Callable[[str], None] = lambda _: None,
    more: Sequence[Switch] = (),
) -> Prices:
    """Run the base and every experiment.

    hours : measured, after `warm_h`.  tell : is told each experiment's name.  more : switches beside those that are on.
    """
    seeds = range(first_seed, first_seed + replications)
    duration, warm = round((hours + warm_h) * 3600 * US), round(warm_h * 3600 * US)

    def run(place: Terminal, changes: Sequence[Change]) -> tuple[FloatArray, FloatArray, FloatArray]:
        return _figures(replicate(place, seeds, duration, policy, changes, warm))

    tell("as it is")
    base = run(terminal, weather)
    rows = []
    for switch in (*switches(terminal, weather), *more):
        tell(switch.name)
        place = switch.other(terminal) if switch.other is not None else terminal
        other = run(place, [c for c in weather if c.what != switch.weather])
        sign = -1.0 if switch.adds else 1.0
        rows.append(Priced(switch, *(interval(sign * (a - b)) for a, b in zip(base, other, strict=True))))
    return Prices(Priced(Switch("all", "as it is"), *(interval(a) for a in base)), tuple(rows), replications, hours)


def table(prices: Prices) -> list[Row]:
    """A row a switch: what it costs (`on`) or would cost, the dearest first. Positive crane_rate_lost is a loss."""
    rows: list[Row] = []
    rate = prices.base.crane_rate[0]
    for p in sorted(prices.rows, key=lambda p: (p.switch.adds, p.crane_rate[0])):
        without = rate if p.switch.adds else rate - p.crane_rate[0]
        rows.append(
            {
                "layer": p.switch.name, "meaning": p.switch.words, "on": not p.switch.adds,
                "crane_rate_lost": -p.crane_rate[0], "crane_rate_lost_ci": p.crane_rate[1],
                "crane_rate_lost_pct": 100 * -p.crane_rate[0] / without,
                "turn_time_added_min": p.turn_min[0], "turn_time_added_ci_min": p.turn_min[1],
                "energy_added_kwh_a_move": p.kwh_a_move[0], "energy_added_ci_kwh_a_move": p.kwh_a_move[1],
                "certain": bool(abs(p.crane_rate[0]) > p.crane_rate[1]),
            }
        )  # fmt: skip
    return rows
