"""The story of a drill, read back from plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hydraulics.story import story


@dataclass
class View:
    """What the story reads of a finished run, as plain data."""

    journal: list[dict[str, Any]]
    metrics: dict[str, Any]
    leaks: list[dict[str, Any]] = field(default_factory=list)
    start: datetime = datetime(2026, 7, 1, 16)

    def metric(self, name: str) -> Any:
        return self.metrics.get(name)

    def events(self, what: str | None = None) -> list[dict[str, Any]]:
        return [entry for entry in self.journal if what in (None, entry["what"])]

    def table(self, section: str, name: str) -> list[dict[str, Any]]:
        return self.leaks if (section, name) == ("water", "leaks") else []


HOUR = 3600 * 10**6
BURST = {
    "time_us": 2 * HOUR,
    "what": "burst",
    "id": "b",
    "pipe": "P114",
    "street": "Rudower Chaussee",
    "section": "water",
}
ISOLATED = {"time_us": 3 * HOUR, "what": "isolated", "id": "b", "pipe": "P114", "volume_m3": 1410.2, "section": "water"}
METRICS = {
    "water.people_affected": 3180.0,
    "water.person_hours": 950.0,
    "water.unserved": 40.0,
    "water.min_pressure": 3.2,
    "water.min_pressure_at": "J7 (Am Studio), 18:10",
}


def test_a_burst_is_told_with_place_time_and_volume() -> None:
    beats = story(View([BURST, ISOLATED], METRICS), View([], {"water.people_affected": 12.0}))  # type: ignore[arg-type]
    assert beats[0].time_us == 2 * HOUR
    assert beats[0].text == (
        "Main P114 in Rudower Chaussee burst at 18:00 and lost 1,410 m³ until it was isolated at 19:00."
    )
    assert beats[-1].text == (
        "3,180 people had less than full pressure at some time (12 without the drill); 950 person-hours and 40 m³ of "
        "water were missed. The lowest pressure was 3 m at J7 (Am Studio), 18:10."
    )


def test_a_burst_that_nobody_isolates_runs_on() -> None:
    beats = story(View([BURST], METRICS, [{"at": "P114", "volume_m3": "2000.5"}]))  # type: ignore[arg-type]
    assert beats[0].text.endswith("lost 2,000 m³ and was still running at the end.")


def test_a_quiet_evening_is_one_sentence() -> None:
    beats = story(View([], {"water.people_affected": 0.0}))  # type: ignore[arg-type]
    assert [beat.text for beat in beats] == ["Every customer had full pressure throughout."]


def test_an_injection_and_those_who_drew_it_are_told() -> None:
    entry = {"time_us": HOUR, "what": "injected", "text": "a substance enters at J12 (200 g/min)", "section": "water"}
    metrics = {
        "water.people_above_limit": 1200.4,
        "water.person_hours_above_limit": 950.0,
        "water.above_limit_from": "17:20",
    }
    texts = [beat.text for beat in story(View([entry], metrics))]  # type: ignore[arg-type]
    assert "A substance enters at J12 (200 g/min)." in texts
    assert "From 17:20 on 1,200 people drew water above the limit, 950 person-hours in all." in texts
