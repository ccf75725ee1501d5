"""The ledger names what is lost."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.test_engine import coupled
from tests.twin.toys import Pond, Spring
from twin.ledger import Ledger, LinkAccount, ModelAccount
from twin.model import Balance


def test_a_model_that_leaks_is_named_with_the_amount():
    engine = coupled([Spring("spring"), Pond("pond", leak=1e-6)])
    engine.run()
    (problem,) = engine.ledger().problems()
    assert problem.startswith("the ledger does not close: pond has +0.00214")
    assert "m3 of water too little" in problem


def test_a_lost_truck_is_an_error_however_many_arrived():
    account = LinkAccount("a -> b", "arrivals", "1", 1e6, 1e6 - 1, 0)
    assert not account.closed
    assert LinkAccount("a -> b", "arrivals", "1", 1e6, 1e6 - 1, 1).closed


@given(st.lists(st.floats(-1e6, 1e6), max_size=6), st.floats(0, 1e6))
def test_error_is_what_came_less_what_is_there(flows, start):
    inflow = {f"i{i}": f for i, f in enumerate(flows)}
    balance = Balance("water", "m3", start, start + float(np.sum(flows)), inflow)
    assert ModelAccount("m", balance).relative < 1e-9 or sum(map(abs, flows)) + start < 1e-6


def test_not_a_number_never_closes():
    assert not ModelAccount("m", Balance("water", "m3", 0.0, float("nan"))).closed


def test_csv_adds_up_in_a_spreadsheet(tmp_path):
    engine = coupled([Spring("spring"), Pond("pond")])
    engine.run()
    engine.ledger().write_csv(tmp_path / "ledger.csv")
    rows = list(csv.DictReader((tmp_path / "ledger.csv").open()))
    pond = [r for r in rows if r["account"] == "pond: water"]
    came = sum(float(r["amount"]) for r in pond if r["direction"] == "in")
    stock = {r["item"]: float(r["amount"]) for r in pond if r["direction"] == "stock"}
    assert stock["stored at end"] - stock["stored at start"] == pytest.approx(came, rel=1e-12)


def test_an_empty_ledger_closes():
    assert Ledger().closed
    assert Ledger().as_dict()["worst"] is None


def test_a_model_that_tells_another_figure_than_the_link_is_named():
    engine = coupled([Spring("spring"), pond := Pond("pond")])
    engine.run()
    pond.got += 1.0
    pond.volume[0] += 1.0
    (problem,) = engine.ledger().problems()
    assert "pond says it has received" in problem
    assert "spring.water -> pond.inflow carried" in problem
