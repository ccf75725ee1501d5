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

    def events(self, what=None):
        return [e for e in self.entries if what is None or e["what"] == what]

    def metric(self, name):
        return self.metrics.get(name)


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


def test_waits_for_boxes_are_told_once_a_ship():
    waits = [entry(h, "crane_starved", vessel="Aurora", crane="QC01", minutes=50.0) for h in (1.0, 2.0, 3.0)]
    run = Run({"port.crane_rate": 20.0, "port.moves": 500}, waits)
    beats = [b for b in story(run, None) if b.time_us is not None]
    assert [b.text for b in beats] == ["Aurora could not be worked: its cranes waited 2.5 h for boxes."]
    assert beats[0].time_us == 3 * HOUR
