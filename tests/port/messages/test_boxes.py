"""Bay plans and orders: what is read, in which order it is worked, and how a broken file is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from port.messages.boxes import Box, Cell, read_bayplans, read_orders
from port.messages.edifact import EdifactError, interchange, parse
from port.messages.stowage import in_order, read_work
from tests.port.messages.papers import BAPLIE, DISCHARGING, LOADING, closed, number


@pytest.fixture
def write(tmp_path):
    def made(text: str, name: str = "plan.edi"):
        path = tmp_path / name
        path.write_text(text, encoding="latin-1")
        return path

    return made


def test_a_bay_plan_is_read_whole(write):
    (plan,) = read_bayplans(write(closed(BAPLIE)))
    assert (plan.vessel, plan.voyage, plan.departs, plan.arrives) == ("AURORA", "024W", "CNSHA", "DEHAM")
    assert len(plan.boxes) == 6
    assert plan.notes == ()
    third = plan.boxes[2]
    assert third == Box(number(2), "42G1", 12000.0, Cell(2, 1, 86), "CNSHA", "DEHAM", "full", "COS")
    assert plan.boxes[3].full == "empty"


def test_orders_are_read_with_their_kind(write):
    order, other = read_orders(write(closed(LOADING, DISCHARGING)))
    assert (order.load, order.port, len(order.boxes)) == (True, "DEHAM", 3)
    assert (other.load, len(other.boxes)) == (False, 2)
    assert order.boxes[0].weight_kg == 21000.0


def test_discharge_goes_bay_by_bay_from_the_top(write):
    """Bays 1 to 3 before bay 6; deck before hold, 84 before 82; the box for Rotterdam stays."""
    work = read_work(write(closed(BAPLIE)), write(closed(LOADING), "load.edi"))
    cells = [b.cell.code for b in work.discharge if b.cell]
    assert cells == ["0020186", "0010284", "0010282", "0010102", "0060082"]


def test_loading_goes_from_the_hold_up_and_boxes_without_a_place_come_last(write):
    work = read_work(write(closed(BAPLIE)), write(closed(LOADING), "load.edi"))
    assert [b.number for b in work.load] == [number(11), number(10), number(12)]
    assert work.port == "DEHAM"


def test_a_discharge_order_counts_more_than_the_plan_and_takes_places_from_it(write):
    work = read_work(write(closed(BAPLIE)), write(closed(DISCHARGING, LOADING), "both.edi"))
    assert [b.cell.code for b in work.discharge if b.cell] == ["0010284", "0010282"]


def test_a_second_plan_tells_what_came_aboard(write):
    kind, body = BAPLIE
    off = [s.replace("LOC+61+DEHAM", "LOC+61+NLRTM").replace("LOC+5+CNSHA", "LOC+5+DEHAM") for s in body]
    onward = [s.replace("LOC+9+CNSHA", "LOC+9+DEHAM") for s in off]
    work = read_work(write(closed(BAPLIE, (kind, onward))), None)
    assert len(work.load) == 6


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 4), st.sampled_from([2, 4, 6, 82, 84])), unique=True))
def test_no_box_is_asked_for_with_another_on_it(places):
    """In both directions; a 40 ft box (even bay) stands on, or under, both bays beside it."""
    boxes = [Box("", cell=Cell(*p)) for p in places if p[0] % 4]

    def over(a: Cell, b: Cell) -> bool:
        deck = (a.tier >= 70) == (b.tier >= 70)
        return deck and a.row == b.row and abs(a.bay - b.bay) <= a.bay % 2 ^ b.bay % 2 and a.tier > b.tier

    for load in (False, True):
        done = [b.cell for b in in_order(boxes, load)]
        for k, first in enumerate(done):
            for later in done[k + 1 :]:
                assert first is not None
                assert later is not None
                assert not (over(first, later) if load else over(later, first))


TEXT = closed(BAPLIE)
BROKEN = {
    "cut off": (TEXT[: TEXT.index("UNZ")], "ends with UNT, not with UNZ"),
    "no end": (TEXT.rstrip().rstrip("'"), "has no end"),
    "count": (TEXT.replace("UNT+49", "UNT+48"), r"message 1 \(BAPLIE\), segment 49 \(UNT\), line 50: it counts 48"),
    "reference": (TEXT.replace("UNT+49+1", "UNT+49+2"), "is not that of UNH"),
    "messages": (TEXT.replace("UNZ+1", "UNZ+2"), "UNZ counts 2 messages, but the file has 1"),
    "interchange": (TEXT.replace("UNZ+1+REF1", "UNZ+1+REF2"), "is not that of UNB"),
    "place": (TEXT.replace("0010284", "00I0284"), r"segment 14 \(LOC\), line 15: '00I0284' is no stowage location"),
    "weight": (TEXT.replace("KGM:10000", "KGM:1O000"), r"segment 8 \(MEA\), line 9: 'KGM:1O000' is no weight"),
    "tag": (TEXT.replace("RFF+BM:1'", "Rf+BM:1'", 1), "line 12: 'Rf.BM:1' is no segment"),
    "twice": (TEXT.replace(number(1), number(0)), rf"container {number(0)} stands in segment 7 already"),
    "same place": (TEXT.replace("0010284", "0010282"), "location 0010282 is taken by the container of segment 7"),
    "overlap": (TEXT.replace("0020186", "0020282"), "location 0020282 is taken"),
    "empty": ("", "no EDIFACT segment"),
    "not edifact": ("hello world'", "is no segment"),
    "kind": (closed(LOADING), "the message is a COPRAR, BAPLIE is wanted"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_named_and_located(write, case):
    text, words = BROKEN[case]
    assert case == "kind" or text != TEXT
    with pytest.raises(EdifactError, match=words) as error:
        read_bayplans(write(text))
    assert "plan.edi" in str(error.value)


def test_a_wrong_check_digit_is_a_note_with_its_place(write):
    (plan,) = read_bayplans(write(TEXT.replace(number(0), number(0)[:-1] + str((int(number(0)[-1]) + 1) % 10))))
    assert len(plan.notes) == 1
    assert f"line 13: {number(0)[:-1]}" in plan.notes[0]
    assert "check digit should be" in plan.notes[0]


def test_an_order_with_a_wrong_count_or_an_unknown_box_is_refused(write):
    kind, body = DISCHARGING
    with pytest.raises(EdifactError, match="counts 3 containers, but the message has 2"):
        read_orders(write(closed((kind, [*body[:-1], "CNT+16:3"]))))
    with pytest.raises(EdifactError, match="'44' is no order"):
        read_orders(write(closed((kind, ["BGM+44+X+9", *body[1:]]))))
    other = (kind, [s.replace(number(1), number(30)) for s in body])
    with pytest.raises(ValueError, match="the bay plan does not have it"):
        read_work(write(TEXT), write(closed(other), "order.edi"))


def test_other_separators_and_released_signs_are_understood():
    """UNA names the separators; the release sign takes the meaning from the next one."""
    text = "UNA|~.^ #UNB~UNOA|2~A~B~260101|1200~R#\nUNH~1~BAPLIE|D|95B|UN#\nFTX~AAA~~~5^#6^~7#\nUNT~3~1#UNZ~1~R#"
    (message,) = parse(text, "x.edi")
    assert message.parts[1].get(3) == "5#6~7"
    assert [p.line for p in message.parts] == [2, 3, 4]


@given(st.text("ABC'+:? Z09", max_size=20).map(str.strip))
def test_what_is_written_is_read_back(words):
    text = interchange("A", "B", "260101:1200", "R", [[["UNH", ["BAPLIE", "D", "95B", "UN"]], ["FTX", "AAA", words]]])
    (message,) = parse(text, "x.edi")
    assert message.parts[1].get(1) == words
    assert (message.kind, message.release, message.reference) == ("BAPLIE", "D.95B", "1")
