"""What a domain gets: its own seed, its own events, and which of its ports have a partner."""

from __future__ import annotations

from twin.model import Journal
from twin.scenario import check_inputs, seed_for, setup_for

BOTH = "canal: {network: net.txt}\nweather: {tide: 1 m, wind: 3 m/s}\nseed: 5\n"


def test_seeds_differ_by_section_and_scenario_and_never_change():
    """The first eight bytes of SHA-256 of '5:canal', halved; computed apart from the program with sha256sum."""
    assert seed_for(5, "canal") == 0x37DFE53BAFB3AFA5
    assert len({seed_for(s, n) for s in (5, 6) for n in ("canal", "water")}) == 4


def test_a_setup_carries_the_sections_own_things(desk, tmp_path):
    text = (
        BOTH + "timeline: [{at: 1 h, do: canal.breach, bank: north}, {at: 1 h, do: weather.set_wind, speed: 1 m/s}]\n"
    )
    scenario = desk.load(text)
    setup = setup_for(scenario, "canal", tmp_path, Journal())
    assert setup.config is scenario.sections["canal"]
    assert [event.id for event in setup.events] == ["canal.breach#0"]
    assert setup.seed == seed_for(5, "canal")
    assert setup.sections == {"canal", "weather"}
    assert (setup.duration_us, setup.exchange_us) == (5 * 3_600_000_000, 60_000_000)


def test_a_port_is_linked_only_when_its_partner_is_configured(desk, tmp_path):
    with_wind, without = desk.load(BOTH), desk.load("canal: {network: net.txt}\nweather: {tide: 1 m}\n")
    assert setup_for(with_wind, "canal", tmp_path, Journal()).linked == {"wind"}
    assert setup_for(without, "canal", tmp_path, Journal()).linked == frozenset()


def test_checks_of_all_sections_are_gathered_in_their_order(desk):
    desk.write("wind.csv", "time,wind m/s\n+0:00,1\n+1:00,x\n")
    text = "canal: {network: net.txt}\nweather: {wind: wind.csv}\ntimeline: [{at: 1 h, do: canal.breach, bank: west}]\n"
    scenario = desk.load(text)
    lines = [scenario.locate(problem).replace(f"{desk.folder}/", "") for problem in check_inputs(scenario)]
    assert lines == [
        "drill.yaml:4:17  weather.wind: wind.csv:3: 'x' is not a number",
        "drill.yaml:5:46  timeline[0].bank: no bank 'west' in net.txt.",
    ]
