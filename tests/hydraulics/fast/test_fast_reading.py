"""INP files as arrays."""

from __future__ import annotations

import numpy as np
import pytest

from hydraulics.fast.arrays import ACTIVE, CLOSED, FCV, OPEN, PRV, read
from hydraulics.fast.library import EpanetRefused


def test_values_arrive_in_si(inp):
    """US units: 1 ft, 1 in, 1 gpm and 1 psi of water (0.4333 psi per foot in EPANET)."""
    text = """
[JUNCTIONS]
A 100 448.831
B 90 0
[RESERVOIRS]
R 200
[PIPES]
1 R A 1000 12 100 0 Open
[VALVES]
V A B 12 PRV 43.33 0
"""
    network = read(inp(text, units="GPM"))
    assert network.elevation[0] == pytest.approx(30.48)
    assert network.demands()[0] == pytest.approx(0.0283168, rel=1e-5)
    assert network.diameter[0] == pytest.approx(0.3048)
    assert network.setting[network.link("V")] == pytest.approx(30.48)
    # 4.727 L / C^1.852 / d^4.871 at 1 ft3/s is the loss in feet
    loss = network.resistance[0] * network.units.cfs**1.852 / 0.3048
    assert loss == pytest.approx(4.727 * 1000 / 100**1.852)


def test_fixed_valves_have_no_setting(inp):
    """[STATUS] Open or Closed takes a valve out of work; a setting of zero does not."""
    text = """
[JUNCTIONS]
A 0 1
B 0 1
C 0 1
D 0 1
[RESERVOIRS]
R 50
[PIPES]
1 R A 100 100 100
[VALVES]
V1 A B 100 PRV 20
V2 B C 100 TCV 5
V3 C D 100 FCV 0
[STATUS]
V1 Open
V2 Closed
"""
    network = read(inp(text))
    v1, v2, v3 = (network.link(name) for name in ("V1", "V2", "V3"))
    assert (network.kind[v1], network.status[v1]) == (PRV, OPEN)
    assert np.isnan(network.setting[v1])
    assert network.status[v2] == CLOSED
    assert (network.kind[v3], network.status[v3], network.setting[v3]) == (FCV, ACTIVE, 0.0)


def test_refusal_names_element_and_section(inp):
    """EPANET's words: what is wrong, in which section, and the line."""
    with pytest.raises(EpanetRefused, match=r"undefined node X in \[PIPES\] section"):
        read(inp("[JUNCTIONS]\nA 0 1\n[RESERVOIRS]\nR 9\n[PIPES]\n1 R X 100 100 100\n"))


WRONG = {
    "zero length": ("1 R A 0 100 100", "", r"Error 211: illegal link property value 0 in \[PIPES\] section: 1 R A"),
    "zero diameter": ("1 R A 100 0 100", "", r"Error 211: .* in \[PIPES\] section: 1 R A 100 0"),
    "pump without a curve": ("1 R A 100 100 100", "[PUMPS]\nU A B", r"no head curve or power rating for pump U"),
    "tank above its maximum": ("1 R A 100 100 100", "[TANKS]\nT 30 9 1 8 10 0", r"levels for tank node T"),
    "duplicate id": ("1 R A 100 100 100", "[JUNCTIONS]\nA 0 1", r"duplicate ID label A in \[JUNCTIONS\]"),
    "node without a link": ("1 R A 100 100 100", "[JUNCTIONS]\nZ 0 1", r"unconnected node Z"),
    "rule about nothing": (
        "1 R A 100 100 100",
        "[RULES]\nRULE a\nIF TANK Q LEVEL > 3\nTHEN PIPE 2 STATUS IS CLOSED",
        r"undefined node in following line of Rule a: IF TANK Q",
    ),
    "valve at a reservoir": ("1 R A 100 100 100", "[VALVES]\nV R B 100 PRV 20", r"valve connection to tank node R"),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_input_is_named_with_its_place(inp, what):
    """One message: the element and, where EPANET knows it, the section and the line."""
    pipe, more, words = WRONG[what]
    text = f"[JUNCTIONS]\nA 0 1\nB 0 1\n[RESERVOIRS]\nR 50\n[PIPES]\n{pipe}\n2 A B 100 100 100\n{more}\n"
    with pytest.raises(EpanetRefused, match=words) as caught:
        read(inp(text))
    assert "\n" not in str(caught.value)
    assert "Error 200" not in str(caught.value)


def test_negative_demand_is_inflow(inp):
    """Water comes in at B and the reservoir gives the rest."""
    text = "[JUNCTIONS]\nA 0 3\nB 0 -1\n[RESERVOIRS]\nR 50\n[PIPES]\n1 R A 100 100 100\n2 A B 100 100 100\n"
    network = read(inp(text))
    from hydraulics.fast.solver import Engine

    batch = Engine(network).settle()
    assert batch.flow[0, network.link("1")] == pytest.approx(0.002, rel=1e-5)
    assert batch.flow[0, network.link("2")] == pytest.approx(-0.001, rel=1e-5)


def test_unknown_names_come_with_a_guess(library):
    """A near name is offered."""
    network = read(library / "Net3.inp")
    with pytest.raises(KeyError, match="Did you mean '123'"):
        network.link("12x3")


def test_patterns_and_categories_add_up(library):
    """Net3 at noon: the total demand that EPANET reports at that hour."""
    from hydraulics.fast.eps import Period

    network = read(library / "Net3.inp")
    period = Period(network)
    while period.time_s < 12 * 3600:
        period.solve()
        period.advance(12 * 3600)
    period.solve()
    assert period.moment.outflow.sum() == pytest.approx(network.demands(12 * 3600).sum())
