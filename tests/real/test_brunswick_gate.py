"""The trucks of Brunswick's tutorial on an errand to the terminal: through its gate, into the yard, and home again."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real import cases
from tests.real.test_brunswick import TRUCKS, prepared

EVERY = 12
"""The tutorial sends a truck every 10 s over the whole town; every twelfth, one in two minutes, goes to the terminal,
beside the one a minute of the city's own demand. The gate has two lanes and takes 60 s a truck."""
STOPS = '<stop lane="T_in_{lane}" duration="60"/><stop lane="T_yard_{lane}" duration="900" parking="true"/>'


def to_the_terminal(text: str) -> tuple[str, list[str]]:
    """The tutorial's trips, with two stops on the way of every twelfth: at the gate and in the yard. And their ids."""
    parts = re.split(r'(<trip id="[^"]+"[^>]*)/>', text)
    sent = []
    for number in range(0, len(parts) // 2, EVERY):
        head = parts[2 * number + 1]
        sent.append(re.findall(r'id="([^"]+)"', head)[0])
        stops = STOPS.format(lane=len(sent) % 2)
        parts[2 * number + 1] = f'{head}><param key="task" value="collect_import"/>{stops}</trip>'
    plain = [part + "/>" if k % 2 and not part.endswith("</trip>") else part for k, part in enumerate(parts)]
    return "".join(plain), sent


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tutorials_trucks_pass_the_gate_of_the_coupled_terminal(
    take: Callable[[str], Path], tmp_path: Path
) -> None:
    """The drill's first 85 minutes. The terminal admits and dismisses the tutorial's own trucks; nobody is lifted, and
    what the road hands over is what the terminal takes, in both directions. Measured: all 27 are admitted and return,
    96 trucks in all came to the gate and 86 left."""
    prepared(take, tmp_path, "--set", "sewer.trial=false")
    file = tmp_path / Path(TRUCKS).name
    text, errands = to_the_terminal(file.read_text())
    file.write_text(text)
    assert len(errands) == 27
    words = ("--set", "clock.duration=85 min", "--set", "timeline.0.until=+1:20", "--no-baseline", "--no-report")
    told = cases.twin(tmp_path, "run", "drill.yaml", "--quiet", "--json", *words)
    assert told.code == 0, told.err
    with (told.folder / "tables" / "traffic.trucks.csv").open() as stream:
        trucks = {row["id"]: row for row in csv.DictReader(stream)}
    through = [one for one in errands if trucks.get(one, {}).get("admitted_s")]
    home = [one for one in through if trucks[one]["left_s"]]
    print(f"{len(errands)} errands: {len(through)} admitted, {len(home)} on the road again")
    assert through == errands
    assert home == errands
    assert told.metric("traffic.teleports") == told.metric("traffic.discarded") == 0
    assert told.summary["ledger"]["closed"]
    assert all(link["sent"] == link["received"] + link["in_transit"] for link in told.summary["ledger"]["links"])
    port = cases.balance(told, "port", "trucks")
    gate = cases.balance(told, "traffic", "trucks at the terminal")
    assert gate["noted"]["refused hand-overs"] == 0
    assert port["inflow"]["gate"] == told.metric("traffic.trucks_at_gate") > len(errands)
    assert port["outflow"]["road"] >= told.metric("traffic.trucks_left") >= len(home)
