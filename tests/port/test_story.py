"""The story: from journal entries and figures to sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from port.story import story
from tests.port.sites import HOUR, START


@dataclass
class Run:
    """A finished run as far as the story reads it: events and metrics from memory."""

    metrics: dict
    entries: list = field(default_factory=list)
    start: datetime = START
    duration_us: int = 5 * HOUR
    ships: list = field(default_factory=list)

    def events(self, what=None):
        return [e for e in self.entries if what is None or e["what"] == what]

    def metric(self, name):
        return self.metrics.get(name)

    def table(self, section, name):
        return self.ships if (section, name) == ("port", "vessels") else []


def entry(hours: float, what: str, text: str = "", **data):
    return {"section": "port", "time_us": round(hours * HOUR), "what": what, "text": text, **data}


def test_a_drill_reads_in_order_with_its_ends_and_its_difference():
    """16:00 is the start; wind from 17:00 to 18:30; two lanes shut, the last opens at 19:00."""
    run = Run(
        {"port.crane_rate": 24.8, "port.moves": 900, "port.truck_turn_time": 31.0, "port.trucks_unserved": 2},
        [
            entry(1.0, "cranes_stopped", "quay cranes stop: wind 21.0 m/s", cause="wind", machines="quay cranes"),
            entry(1.2, "lane_closed", lanes=["Y01", "Y02"], depth_m=0.31),
            entry(2.0, "lane_open", lanes=["Y02"], depth_m=0.1),
            entry(2.5, "cranes_back", cause="wind", machines="quay cranes"),
            entry(3.0, "lane_open", lanes=["Y01"], depth_m=0.1),
            entry(3.5, "vessel_left", "Aurora leaves berth B1, 2.0 h late", vessel="Aurora", delay_h=2.0),
            entry(3.6, "vessel_left", "Tide leaves berth B2, 1.0 h late", vessel="Tide", delay_h=1.0),
        ],
    )
    dry = Run(
        {"port.crane_rate": 31.2, "port.moves": 1100, "port.truck_turn_time": 12.0},
        [entry(3.4, "vessel_left", vessel="Tide", delay_h=1.0)],
    )
    said = [b.text for b in sorted(story(run, dry), key=lambda b: (b.time_us is None, b.time_us or 0))]
    assert said == [
        "Quay cranes stop: wind 21.0 m/s, until 18:30.",
        "Water closes 2 lanes of the terminal (up to 31 cm); the last opens again at 19:00.",
        "Aurora leaves berth B1, 2.0 h late.",
        "The terminal makes 900 moves, 200 fewer than in the comparison run; 31.2 → 24.8 an hour and crane. "
        "A road truck's visit takes 31 min instead of 12.",
        "2 road trucks leave the terminal without the work done.",
    ]


def test_a_quiet_run_says_what_was_done():
    run = Run({"port.crane_rate": 30.0, "port.moves": 500})
    assert [b.text for b in story(run, None)] == ["The terminal makes 500 moves, 30.0 an hour and crane."]


def test_a_whole_day_says_what_a_year_would_be():
    run = Run({"port.crane_rate": 33.0, "port.moves": 3425, "port.teu_per_year": 2_000_200.0}, duration_us=24 * HOUR)
    said = [b.text for b in story(run, None)]
    assert said == ["The terminal makes 3,425 moves (2.00 million TEU a year at this pace), 33.0 an hour and crane."]


def test_waits_for_boxes_are_told_once_a_ship():
    waits = [entry(h, "crane_starved", vessel="Aurora", crane="QC01", minutes=50.0) for h in (1.0, 2.0, 3.0)]
    run = Run({"port.crane_rate": 20.0, "port.moves": 500}, waits)
    beats = [b for b in story(run, None) if b.time_us is not None]
    assert [b.text for b in beats] == ["Aurora could not be worked: its cranes waited 2.5 h for boxes."]
    assert beats[0].time_us == 3 * HOUR


def test_units_that_fail_together_are_one_sentence():
    """A feeder takes three units with it; one more fails alone later; the network comes back."""
    rest = "; 68 % of the lanes are covered, 7 hear too little to drive on"
    events = [entry(1.0, "unit_out", f"roadside unit {u} fails{rest}", unit=u) for u in ("R1", "R2", "R3")]
    events += [entry(2.0, "unit_out", "roadside unit R4 fails", unit="R4")]
    events += [entry(3.0, "cellular_back", "the 5G network is back; 100 % of the lanes are covered")]
    texts = [b.text for b in story(Run({"port.crane_rate": 20.0, "port.moves": 10}, events), None)]
    assert texts[:3] == [
        "Roadside units R1, R2 and R3 fail; 68 % of the lanes are covered, 7 hear too little to drive on.",
        "Roadside unit R4 fails.",
        "The 5G network is back; 100 % of the lanes are covered.",
    ]


def test_a_ship_that_waits_for_boxes_for_ever_is_told():
    """Nothing of a standstill is silent: all else is done, 15 boxes are missing. A ship that is worked is not."""
    ship = {"vessel": "Aurora", "berth": "B1", "berthed_s": 0.0, "left_s": None, "discharge": 30, "discharged": 30}
    waits, works = {**ship, "load": 30, "loaded": 15, "boxes_missing": 15}, {**ship, "load": 30, "loaded": 12}
    run = Run({"port.crane_rate": 20.0, "port.moves": 45}, ships=[waits, {**works, "boxes_missing": 15}])
    said = [b.text for b in story(run, None)]
    assert said[1:] == ["Aurora still lies at berth B1: 15 of its boxes have not come by road."]


def test_the_same_moves_at_another_pace_are_told():
    """33.0 to 31.6 an hour is more than luck; 33.0 to 32.8 is not."""
    day = Run({"port.crane_rate": 33.0, "port.moves": 3425})
    for rate, end in ((31.6, "; 33.0 → 31.6 an hour and crane."), (32.8, ".")):
        said = [b.text for b in story(Run({"port.crane_rate": rate, "port.moves": 3425}), day)]
        assert said == [f"The terminal makes 3,425 moves, as many as in the comparison run{end}"]
