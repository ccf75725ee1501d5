"""Bad demand, found before the run and named with its place."""

from __future__ import annotations

import gzip

import pytest


def trips(*items):
    return "".join(
        f'<trip id="t{k}" type="{v}" depart="{k}" from="{a}" to="{b}"/>\n' for k, (v, a, b) in enumerate(items)
    )


def test_ends_that_cannot_be_reached_are_named(detour_net, demand, check):
    """Main Street is one way: nothing leads from CD back to AB; the bus lane edge BC is open to cars on lane 1."""
    found = check({"network": detour_net, "demand": [demand(trips(("car", "AB", "CD"), ("car", "CD", "AB")))]})
    assert found == [
        "demand.rou.xml:4 't1' has no way from edge 'CD' to 'AB' for class 'passenger'. Mend it, or leave such trips "
        "out with `skip_invalid: true`"
    ]


def test_many_such_trips_are_counted(detour_net, demand, check):
    found = check({"network": detour_net, "demand": [demand(trips(*[("car", "CD", "AB")] * 9))]})
    assert len(found) == 4
    assert found[-1] == "9 trips in all have no way to their end"


def test_a_way_for_cars_only_is_none_for_trucks(detour_net, demand, check):
    """Trucks may not use the lanes of BC; by Side Lane they reach CD all the same, but BC itself never."""
    demand_file = demand(trips(("truck", "AB", "CD"), ("truck", "AB", "BC")))
    found = check({"network": detour_net, "demand": [demand_file]})
    assert [text.split(" ")[1] for text in found] == ["'t1'"]
    assert "for class 'truck'" in found[0]


def test_skip_invalid_makes_them_warnings_and_the_run_counts_them(detour_net, demand, check, run_on):
    config = {"network": detour_net, "demand": [demand(trips(("car", "AB", "CD"), ("car", "CD", "AB")))],
              "skip_invalid": "true"}  # fmt: skip
    assert check(config) == []
    run = run_on(config)
    run.to(300)
    assert run.value("trips_finished") == 1
    assert run.value("discarded") == 1


@pytest.mark.parametrize("packed", [False, True])
def test_disorder_is_found_in_flows_and_in_packed_files(detour_net, demand, check, packed):
    """A flow counts by its begin; a gzipped file is read as the plain one."""
    file = demand('<flow id="f" type="car" begin="100" end="200" number="3" from="AB" to="CD"/>\n'
                  '<trip id="late" type="car" depart="50" from="AB" to="CD"/>')  # fmt: skip
    if packed:
        packed_file = file.with_name("demand.rou.xml.gz")
        packed_file.write_bytes(gzip.compress(file.read_bytes()))
        file = packed_file
    (text,) = check({"network": detour_net, "demand": [file]})
    assert "'late' departs at 50 s, after one that departs at 100 s" in text
    assert text.startswith(f"{file.name}:")


def test_an_edge_that_looks_like_another_is_suggested(detour_net, demand, check):
    (text,) = check({"network": detour_net, "demand": [demand(trips(("car", "Ab", "CD")))]})
    assert "uses edge 'Ab'" in text
    assert "Did you mean 'AB'" in text


def test_a_negative_departure_and_a_demand_of_nothing(detour_net, demand, check):
    (text,) = check(
        {"network": detour_net, "demand": [demand('<trip id="a" type="car" depart="-5" from="AB" to="CD"/>')]}
    )
    assert "departs before 0 s" in text
    (text,) = check({"network": detour_net, "demand": [demand("")]})
    assert "there is no trip in the demand" in text
