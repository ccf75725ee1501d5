"""What happened at the terminal, in sentences, from a finished run and the one that it is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.clock import hhmm
from twin.model import Beat

if TYPE_CHECKING:
    from twin.results.view import RunView

LINKS = ("unit_out", "unit_back", "cellular_out", "cellular_back")
"""News of roadside units and the 5G network."""
DAY_US = 86_400_000_000
"""A run shorter than a day says nothing of a year."""
NOTHING = 0.01
"""A change of the moves by this share is luck (another order of trucks), not the drill."""
PACE = 0.02
"""So much of the crane rate is told although the moves are the same: the ships were there long enough."""


def story(view: RunView, baseline: RunView | None) -> list[Beat]:
    """Stops, closed lanes, starved cranes and late ships by time, and the sum of it at the end."""
    events = [e for e in view.events() if e.get("section") == "port"]
    beats = [_stop(view, e, events) for e in events if e["what"] == "cranes_stopped"]
    beats += [_plain(e) for e in events if e["what"] in ("gate_closed", "gate_open", "breakdown", "repaired")]
    beats += [_plain(e) for e in events if e["what"] in ("trucks_stopped", "trucks_back")]
    beats += _links(events)
    beats += [*_starved(events), *_late(events, baseline), *_lanes(view, events)]
    beats += _aside(events)
    return [*beats, *_gridlocks(events), *_sum(view, baseline), *_lost_trucks(view), *_lacking(view)]


def _plain(event: dict[str, Any], weight: int = 1) -> Beat:
    text = str(event["text"])
    return Beat(event["time_us"], f"{text[0].upper()}{text[1:]}.", weight)


def _links(events: list[dict[str, Any]]) -> list[Beat]:
    """Outages of units and of the 5G network; units that go or come back together in one sentence."""
    together: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for e in events:
        if e["what"] in LINKS:
            together.setdefault((e["time_us"], e["what"]), []).append(e)
    beats = []
    for (time_us, what), found in together.items():
        if len(found) == 1:
            beats.append(_plain(found[0], 2))
            continue
        names = [str(e["unit"]) for e in found]
        words, rest = "fail" if what == "unit_out" else "work again", str(found[-1]["text"]).partition(";")[2]
        text = f"Roadside units {', '.join(names[:-1])} and {names[-1]} {words}{';' if rest else ''}{rest}."
        beats.append(Beat(time_us, text, 2))
    return beats


def _stop(view: RunView, event: dict[str, Any], events: list[dict[str, Any]]) -> Beat:
    """A stop with its end."""
    key = (event.get("cause"), event.get("machines"))
    back = next(
        (
            e["time_us"]
            for e in events
            if e["what"] == "cranes_back"
            and e["time_us"] > event["time_us"]
            and (e.get("cause"), e.get("machines")) == key
        ),
        None,
    )
    end = f"until {hhmm(view.start, back)}" if back is not None else "until the end"
    text = str(event["text"])
    return Beat(event["time_us"], f"{text[0].upper()}{text[1:]}, {end}.", 3)


def _starved(events: list[dict[str, Any]]) -> list[Beat]:
    """One sentence a ship whose cranes waited for boxes, at the moment of the last wait."""
    waits: dict[str, list[dict[str, Any]]] = {}
    for e in events:
        if e["what"] == "crane_starved":
            waits.setdefault(e["vessel"], []).append(e)
    return [
        Beat(found[-1]["time_us"], f"{ship} could not be worked: its cranes waited {_minutes(found)} for boxes.", 2)
        for ship, found in waits.items()
    ]


def _minutes(found: list[dict[str, Any]]) -> str:
    total = sum(e["minutes"] for e in found)
    return f"{total:.0f} min" if total < 120 else f"{total / 60:.1f} h"


def _late(events: list[dict[str, Any]], baseline: RunView | None) -> list[Beat]:
    """Ships that left late, and not as late in the comparison run."""
    before: dict[str, float] = {}
    if baseline is not None:
        told = [e for e in baseline.events("vessel_left") if e.get("section") == "port"]
        before = {e["vessel"]: e["delay_h"] for e in told}
    return [
        _plain(e, 2)
        for e in events
        if e["what"] == "vessel_left" and e["delay_h"] > max(0.05, before.get(e["vessel"], 0.0) + 0.05)
    ]


def _lanes(view: RunView, events: list[dict[str, Any]]) -> list[Beat]:
    """The first lane under water, the deepest, and when the last one opened again."""
    closed = [e for e in events if e["what"] == "lane_closed"]
    if not closed:
        return []
    shut: set[str] = set()
    clear_us = None
    for e in events:
        if e["what"] == "lane_closed":
            shut.update(e["lanes"])
            clear_us = None
        elif e["what"] == "lane_open":
            shut.difference_update(e["lanes"])
            clear_us = e["time_us"] if not shut else None
    names = {lane for e in closed for lane in e["lanes"]}
    deepest = max(e.get("depth_m", 0.0) for e in closed)
    end = f"the last opens again at {hhmm(view.start, clear_us)}" if clear_us is not None else "to the end of the run"
    first = closed[0]["time_us"]
    count = "one lane" if len(names) == 1 else f"{len(names)} lanes"
    text = f"Water closes {count} of the terminal (up to {100 * deepest:.0f} cm); {end}."
    return [Beat(first, text, 3)]


def _lacking(view: RunView) -> list[Beat]:
    """Ships that lie there at the end with all else done: their missing boxes have not come."""
    beats = []
    for ship in view.table("port", "vessels"):
        here = ship["berthed_s"] is not None and ship["left_s"] is None
        missing = ship["boxes_missing"]
        if (
            here
            and missing > 0
            and ship["discharged"] == ship["discharge"]
            and ship["loaded"] + missing == ship["load"]
        ):
            text = (
                f"{ship['vessel']} still lies at berth {ship['berth']}: {missing} of its boxes have not come by road."
            )
            beats.append(Beat(None, text, 3))
    return beats


def _aside(events: list[dict[str, Any]]) -> list[Beat]:
    """One sentence for all trucks whose goal was cut off while they drove to it, at the first of them."""
    found = [e for e in events if e["what"] == "truck_aside"]
    if not found:
        return []
    trucks, goals = len({e["truck"] for e in found}), sorted({e["goal"] for e in found})
    shown = ", ".join(goals[:4]) + (f" and {len(goals) - 4} more" if len(goals) > 4 else "")
    who = "One truck waits" if trucks == 1 else f"{trucks} trucks wait"
    return [Beat(found[0]["time_us"], f"{who} beside the lanes: no open way leads to {shown}.", 2)]


def _gridlocks(events: list[dict[str, Any]]) -> list[Beat]:
    """One sentence for all rings of full lanes, at the first of them."""
    found = [e for e in events if e["what"] == "gridlock"]
    if not found:
        return []
    lanes = sorted({e["lane"] for e in found})
    times = len({e["time_us"] for e in found})
    shown = ", ".join(lanes[:4]) + (f" and {len(lanes) - 4} more" if len(lanes) > 4 else "")
    often = "once" if times == 1 else f"{times} times"
    return [Beat(found[0]["time_us"], f"Trucks blocked each other on full lanes {often} ({shown}).", 2)]


def _sum(view: RunView, baseline: RunView | None) -> list[Beat]:
    rate, moves = view.metric("port.crane_rate"), view.metric("port.moves")
    if rate is None:
        return []
    if baseline is None or baseline.metric("port.crane_rate") is None:
        year = view.metric("port.teu_per_year")
        pace = f" ({year / 1e6:.2f} million TEU a year at this pace)" if year and view.duration_us >= DAY_US else ""
        return [Beat(None, f"The terminal makes {moves:,.0f} moves{pace}, {rate:.1f} an hour and crane.", 3)]
    other, other_rate = baseline.metric("port.moves"), baseline.metric("port.crane_rate")
    if abs(moves - other) <= NOTHING * other:
        as_many = "as many as" if moves == other else "hardly other than"
        text = f"The terminal makes {moves:,.0f} moves, {as_many} in the comparison run"
        if abs(rate - other_rate) <= PACE * other_rate:
            return [Beat(None, f"{text}.", 2)]
        return [Beat(None, f"{text}; {other_rate:.1f} → {rate:.1f} an hour and crane.", 3)]
    change = "fewer" if moves < other else "more"
    text = (
        f"The terminal makes {moves:,.0f} moves, {abs(moves - other):,.0f} {change} than in the comparison run; "
        f"{other_rate:.1f} → {rate:.1f} an hour and crane."
    )
    turn, other_turn = view.metric("port.truck_turn_time"), baseline.metric("port.truck_turn_time")
    if turn is not None and other_turn is not None and abs(turn - other_turn) >= 0.5:
        text += f" A road truck's visit takes {turn:.0f} min instead of {other_turn:.0f}."
    return [Beat(None, text, 3)]


def _lost_trucks(view: RunView) -> list[Beat]:
    lost = view.metric("port.trucks_unserved")
    if not lost:
        return []
    who = "One road truck leaves" if lost == 1 else f"{lost:,.0f} road trucks leave"
    return [Beat(None, f"{who} the terminal without the work done.", 2)]
