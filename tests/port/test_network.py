"""Ways through the terminal."""

from __future__ import annotations

import math

import pytest

from port.layout import complete, generate, share_out
from port.network import Router, Site, nearest_spot
from port.terminal import Terminal
from tests.port.sites import terminal


def test_a_way_has_the_length_and_turns_of_the_drawing():
    """Gate (160, 0) to the middle of block Y01's lane (80, 165): 60 + 80 + 105 m, two turns of 90°."""
    site = Site.of(terminal())
    router = Router(site, turn_s=7.0)
    way = router.way(site.gate_spot, site.block_spots[0])
    assert [site.lane_ids[s.lane] for s in way] == ["gate", "main-1", "Y01"]
    assert sum(s.length_m for s in way) == pytest.approx(245.0)
    assert sum(s.turn for s in way) == 2
    expected = 60 / (5 / 3.6) + 80 / (35 / 3.6) + 105 / (20 / 3.6) + 14.0
    assert router.seconds(site.gate_spot, site.block_spots[0]) == pytest.approx(expected)


def test_a_closed_lane_is_driven_round_and_can_cut_off():
    """With main-1 under water, block Y01 is reached over Y02 and the quay; with quay-2 too, not at all."""
    site = Site.of(terminal())
    router = Router(site, 0.0)
    lane = {name: i for i, name in enumerate(site.lane_ids)}
    router.close(frozenset({lane["main-1"]}))
    names = [site.lane_ids[s.lane] for s in router.way(site.gate_spot, site.block_spots[0])]
    assert names == ["gate", "main-2", "Y02", "quay-2", "Y01"]
    router.close(frozenset({lane["main-1"], lane["quay-2"]}))
    assert router.way(site.gate_spot, site.block_spots[0]) is None
    router.close(frozenset())
    assert len(router.way(site.gate_spot, site.block_spots[0])) == 3


def test_a_one_way_lane_is_not_driven_backwards():
    lanes = [
        {"id": "a", "line": [[0, 0], [100, 0]], "oneway": True},
        {"id": "b", "line": [[100, 0], [100, 100]]},
        {"id": "c", "line": [[100, 100], [0, 0]]},
    ]
    blocks = [{"id": "Y", "lane": "a", "bays": 3}]
    site = Site.of(terminal(lanes=lanes, blocks=blocks, berths=[{"id": "B", "line": [[90, 90], [110, 110]]}], calls=[]))
    router = Router(site, 0.0)
    assert [s.lane for s in router.way((0, 30.0), (0, 70.0))] == [0]
    assert [s.lane for s in router.way((0, 70.0), (0, 30.0))] == [0, 1, 2, 0]
    assert router.seconds((0, 70.0), (0, 30.0)) * 20 / 3.6 == pytest.approx(30 + 100 + math.hypot(100, 100) + 30)


@pytest.mark.parametrize("heading", [0.0, 37.0, 180.0, -90.0])
def test_a_generated_terminal_lies_in_front_of_its_gate(heading):
    """The quay's middle is `depth` metres from the gate along the heading, and each block can be reached."""
    made = complete(Terminal.model_validate({"origin": (500.0, 900.0), "heading": f"{heading} deg", "berths": 4}))
    (ax, ay), (bx, by) = made.berths[0].line[0], made.berths[-1].line[1]
    x, y = (ax + bx) / 2 - 500.0, (ay + by) / 2 - 900.0
    assert math.degrees(math.atan2(x, y)) % 360 == pytest.approx(heading % 360, abs=0.01)
    assert math.hypot(x, y) == pytest.approx(700.0, abs=0.01)
    assert math.dist((ax, ay), (bx, by)) == pytest.approx(1292.0, abs=0.01)
    site = Site.of(made)
    router = Router(site, 7.0)
    assert all(math.isfinite(router.seconds(site.gate_spot, spot)) for spot in site.block_spots)
    assert (len(site.cranes), len(site.block_ids), sum(b.gantries for b in made.blocks)) == (10, 28, 28)


def test_a_small_canal_terminal_shares_gantries_among_fewer_blocks():
    made = generate(4, (0.0, 0.0), 0.0, berth_length=130.0, depth=300.0)
    assert len(made["blocks"]) == 14
    assert sum(b["gantries"] for b in made["blocks"]) == 28


def test_a_layout_without_room_is_refused():
    with pytest.raises(ValueError, match="do not fit along 60 m"):
        generate(1, (0, 0), 0.0, berth_length=60.0, blocks=4)
    with pytest.raises(ValueError, match="leaves no room"):
        generate(1, (0, 0), 0.0, depth=140.0)


def test_shares_add_up():
    assert share_out(10, 4) == [2, 3, 2, 3]
    assert share_out(2, 3) == [1, 1, 1]


def test_the_nearest_spot_is_found_along_a_bend():
    import numpy as np

    bend = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])
    assert nearest_spot((bend,), (12.0, 4.0)) == (0, pytest.approx(14.0))
