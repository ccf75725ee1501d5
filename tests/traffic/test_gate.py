"""Container trucks between road and terminal, with a test driver in the terminal's place."""

from __future__ import annotations

import pytest

from twin.clock import US, to_us
from twin.ports import Arrival

LINKED = frozenset({"gate_arrivals", "admissions", "departures"})


def trucks(n, gap_s, gate_s=40, yard_s=100):
    return "".join(
        f'<vehicle id="t{k}" type="truck" depart="{k * gap_s}"><param key="task" value="deliver_export"/>'
        f'<route edges="AB BE EC CD"/><stop lane="EC_0" endPos="100" duration="{gate_s}"/>'
        f'<stop lane="CD_0" endPos="150" duration="{yard_s}" parking="true"/></vehicle>\n'
        for k in range(n)
    )


@pytest.fixture
def config(detour_net, demand):
    def make(n=4, gap_s=30, **more):
        gate = {"edge": "EC", "yard_edge": "CD"}
        return {"network": detour_net, "demand": [demand(trucks(n, gap_s, **more))], "gate": gate}

    return make


class Terminal:
    """Lets a truck in after `gate_s` at the gate and sends it away `yard_s` later, as the port's link would."""

    def __init__(self, run, gate_s=45, yard_s=200):
        self.run, self.gate_s, self.yard_s = run, gate_s, yard_s
        self.came: list[Arrival] = []
        self.agenda: list[tuple[int, str, str]] = []

    def exchange(self):
        for arrival in self.run.model.take("gate_arrivals"):
            self.came.append(arrival)
            self.agenda.append((arrival.time_us + to_us(self.gate_s), "admissions", arrival.id))
            self.agenda.append((arrival.time_us + to_us(self.gate_s + self.yard_s), "departures", arrival.id))
        for due in sorted(entry for entry in self.agenda if entry[0] <= self.run.now_us):
            self.agenda.remove(due)
            self.run.model.put(due[1], [Arrival(due[0], due[2])])


def test_trucks_are_handed_over_once_each_and_come_back(config, run_on):
    """Four trucks: each arrives, is admitted, served and leaves; nothing is lost at the gate."""
    run = run_on(config(), linked=LINKED)
    terminal = Terminal(run)
    run.to(900, terminal.exchange)
    assert sorted(arrival.id for arrival in terminal.came) == ["t0", "t1", "t2", "t3"]
    assert terminal.came[0].data == {"vclass": "truck", "vtype": "truck", "task": "deliver_export", "box": "40ft"}
    assert run.value("trips_finished") == 4
    _, handed = run.model.balances()
    assert (handed.inflow["gate arrivals"], handed.outflow["left"], handed.stored_now) == (4, 4, 0)
    assert handed.noted["refused hand-overs"] == 0
    for row in run.rows("trucks"):
        assert row["gate_s"] + 45 <= row["admitted_s"] <= row["gate_s"] + 55
        assert row["left_s"] >= row["gate_s"] + 245


def test_a_truck_stays_until_the_terminal_speaks(config, run_on):
    """No admission: the first truck stands at the gate on its lane for ever and the others queue behind it."""
    run = run_on(config(), linked=LINKED)
    came = []
    run.to(1200, lambda: came.extend(run.model.take("gate_arrivals")))
    assert [arrival.id for arrival in came] == ["t0"]
    assert run.value("gate_queue_most") == 3
    assert run.model.take("gate_queue")[0] == 3
    assert run.value("trucks_missing") == 3
    _, handed = run.model.balances()
    assert handed.stored_now == 1


def test_a_gate_that_is_too_slow_makes_the_queue_spill_back(config, run_on):
    """Twenty-five trucks of 13 m (15.5 m with their gap) do not fit on the lane before the gate: AB fills, too."""
    run = run_on(config(n=25, gap_s=10), linked=LINKED)
    terminal = Terminal(run, gate_s=300)
    run.to(900, terminal.exchange)
    counts = dict(zip(run.model.places["edge"].ids, run.model.take("vehicles"), strict=True))
    assert counts["AB"] > 0
    assert counts["BE"] >= 8


def test_a_truck_told_to_leave_before_it_has_parked_leaves_when_it_has(config, run_on):
    """Admission and departure in one message."""
    run = run_on(config(n=1), linked=LINKED)
    came = []
    run.to(120, lambda: came.extend(run.model.take("gate_arrivals")))
    run.model.put("admissions", [Arrival(run.now_us, "t0")])
    run.model.put("departures", [Arrival(run.now_us, "t0")])
    run.to(400)
    assert run.value("trips_finished") == 1
    assert run.rows("trucks")[0]["state"] == "left"


def test_messages_about_unknown_trucks_are_noted_not_obeyed(config, run_on):
    run = run_on(config(n=1), linked=LINKED)
    run.to(20)
    run.model.put("admissions", [Arrival(run.now_us, "t0"), Arrival(run.now_us, "ghost")])
    _, handed = run.model.balances()
    assert handed.noted["refused hand-overs"] == 2


def test_without_a_terminal_the_durations_of_the_route_file_hold(config, run_on):
    """40 s at the gate and 100 s in the yard, within the time a truck takes to pull away."""
    run = run_on(config(n=1))
    run.to(600)
    (row,) = run.rows("trucks")
    assert row["admitted_s"] - row["gate_s"] == pytest.approx(40, abs=2)
    assert run.value("trucks_left") == 1
    assert run.value("trips_finished") == 1


def test_a_truck_that_water_holds_on_its_way_is_not_at_the_gate(config, run_on):
    """The gate edge goes under 0.7 m: the truck is held before it and arrives when the water has gone."""
    run = run_on(config(n=1), linked=LINKED)
    run.to(10)
    run.flood(EC=0.7)
    came = []
    run.to(300, lambda: came.extend(run.model.take("gate_arrivals")))
    assert came == []
    assert run.value("stranded_now") == 1
    run.flood(EC=0.0)
    run.to(1200, lambda: came.extend(run.model.take("gate_arrivals")))
    assert [arrival.id for arrival in came] == ["t0"]
    assert came[0].time_us > 900 * US


def test_with_a_gate_the_model_wants_to_exchange_every_ten_seconds(config, run_on):
    run = run_on(config(n=1))
    assert run.model.next_event_us() == to_us(10)
    run.to(30)
    assert run.model.next_event_us() == to_us(40)
