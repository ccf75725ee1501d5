"""A run with ship's papers, and the messages, cycles, figures and pictures that are made of it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from port.cli import port_app
from port.figures.gantt import stretches
from port.messages.edifact import level_a, read_messages
from port.messages.iso6346 import fault
from port.messages.report import files_of, passed
from port.reading import read_terminal
from port.state import DISCHARGE, GATE_IN, GATE_OUT, LOAD
from port.tic40.events import events
from tests.port.messages.conftest import write_terminal
from tests.port.messages.papers import BAPLIE, DISCHARGING, LOADING, closed, number


def kpi(run, name, of):
    return next(r["value"] for r in run.table("port", "tic40_kpis") if (r["kpi"], r["id"]) == (name, of))


def test_numbers_and_order_of_moves_follow_the_papers(paper_run):
    """Five boxes leave and three are loaded in the order of the plan; `Meridian`, without papers, is not listed.

    The two kinds overlap at the seam: loading is ordered when all discharge has been, while the last boxes still come
    off."""
    ship = paper_run.table("port", "vessels")[0]
    assert (ship["discharge"], ship["load"], ship["discharged"], ship["loaded"]) == (5, 3, 5, 3)
    rows = paper_run.table("port", "containers")
    assert {r["vessel"] for r in rows} == {"Aurora"}
    off, on = ([r for r in rows if r["move"] == kind] for kind in (DISCHARGE, LOAD))
    assert [r["container"] for r in off] == [number(k) for k in (2, 1, 0, 3, 5)]
    assert [r["container"] for r in on] == [number(k) for k in (11, 10, 12)]
    assert [r["full"] for r in off] == ["full", "full", "full", "empty", "full"]
    assert rows[0]["move"] == DISCHARGE
    assert rows[-1]["move"] == LOAD


def test_messages_are_whole_and_count_every_container(paper_run, tmp_path):
    """UNB, UNH, UNT and UNZ counts are checked by reading the files back; CNT+16 is the number of EQD; every container
    of the tables is in exactly one message of its kind."""
    moves, trucks = paper_run.table("port", "moves"), paper_run.table("port", "trucks")
    total = {}
    for name, text, count in files_of(paper_run, "DEHAM-T1", "COS"):
        path = tmp_path / name
        path.write_text(text, encoding="latin-1")
        (message,) = read_messages(path)
        boxes = [p.get(1) for p in message.parts if p.tag == "EQD"]
        (cnt,) = [p.get(0, 1) for p in message.parts if p.tag == "CNT"]
        assert len(boxes) == len(set(boxes)) == count == int(cnt)
        assert all(fault(b) is None for b in boxes)
        begin = next(p for p in message.parts if p.tag == "BGM")
        total[message.kind, begin.get(0)] = total.get((message.kind, begin.get(0)), 0) + count
    assert total["COARRI", "44"] == sum(r["cycle"] == DISCHARGE for r in moves)
    assert total["COARRI", "46"] == sum(r["cycle"] == LOAD for r in moves)
    assert total["CODECO", "34"] == sum(r["cycle"] == "RECEIVE" for r in moves)
    carried = sum(r["cycle"] == GATE_OUT and r["container"] is not None for r in moves)
    assert total["CODECO", "36"] == carried
    assert carried <= sum(r["task"] == "collect" for r in trucks)


def test_a_report_says_what_the_papers_say(paper_run, tmp_path):
    """The 40 ft box of bay 2: ship, place, size, ports and weight, at the minute of its move."""
    files = {name: text for name, text, _ in files_of(paper_run, "T", "L")}
    text = files["coarri-01-Aurora-discharge.edi"]
    assert "TDT+20+024W+1+++++:103::AURORA'" in text
    at = text.index(f"EQD+CN+{number(2)}+42G1:102:5++3+5'")
    group = text[at : text.index("EQD", at + 3)].splitlines()
    assert group[1].startswith("DTM+203:202607011")
    assert group[2:] == [
        *("LOC+147+0020186:139:5'", "LOC+9+CNSHA:139:6'", "LOC+11+DEHAM:139:6'", "MEA+AAE+G+KGM:12000'"),
    ]
    assert f"EQD+CN+{number(3)}+22G1:102:5++3+4'" in text


def test_a_box_comes_in_when_its_truck_does(paper_run):
    """Gate-in is the truck's admission, before the gantry lifts the box; gate-out carries the collected one."""
    found = passed(paper_run)
    admitted = {(r["truck"], r["end_s"]) for r in paper_run.table("port", "moves") if r["cycle"] == GATE_IN}
    assert found.gate[GATE_IN]
    assert {(m.truck, m.time_s) for m in found.gate[GATE_IN]} <= admitted
    assert len({m.number for m in found.gate[GATE_OUT]}) == len(found.gate[GATE_OUT])


def test_cycles_follow_each_other_without_gaps(paper_run):
    """TIC4.0: a machine's cycle begins where the one before has ended; all boxes of the quay and yard are in it."""
    lines = [json.loads(line) for line in events(paper_run, "T")]
    ended = {}
    for line in lines:
        (che,) = line["che"]
        (cycle,) = che["cycle"]
        assert cycle["starttimestamp"] == ended.get(che["id"], "2026-07-01T16:00:00.000+08:00")
        assert cycle["endtimestamp"] == line["msg"]["timestamp"]
        ended[che["id"]] = cycle["endtimestamp"]
        assert {"STS": "QC", "RMG": "Y0"}[che["type"]] == che["id"][:2]
    boxes = sum(c["move"]["counter"]["output"]["actual"]["box"] for x in lines for c in x["che"][0]["cycle"])
    assert boxes == sum(r["cycle"] not in (GATE_IN, GATE_OUT) for r in paper_run.table("port", "moves"))


def test_kpis_after_tic40(paper_run):
    """Against the other tables of the same run: GBH from mooring to departure, QCM, QTpC, crane productivity, ECC."""
    ship = paper_run.table("port", "vessels")[0]
    assert kpi(paper_run, "GBH", "Aurora") == pytest.approx((ship["left_s"] - ship["berthed_s"]) / 3600, abs=1e-4)
    assert kpi(paper_run, "QCM", "Aurora") == 8
    moves = [r for r in paper_run.table("port", "moves") if r["cycle"] in (DISCHARGE, LOAD)]
    assert kpi(paper_run, "QTpC", "terminal") == len(moves)
    assert kpi(paper_run, "QTpT", "terminal") is None, "Meridian's boxes have no size"
    crane = paper_run.table("port", "cranes")[0]
    assert kpi(paper_run, "productivity", crane["crane"]) == pytest.approx(crane["moves_per_h"], abs=0.01)
    assert 1.0 <= kpi(paper_run, "ECC", "Aurora") <= 2.0


def test_commands_write_their_files(paper_run, tmp_path):
    runner = CliRunner()
    out = runner.invoke(port_app, ["messages", str(paper_run.path), "--out", str(tmp_path / "edi"), "--json"])
    assert out.exit_code == 0, out.output
    names = {f["file"] for f in json.loads(out.output)["files"]}
    assert {p.name for p in (tmp_path / "edi").iterdir()} == names
    assert {"tic40_events.jsonl", "codeco-gate-in.edi", "coarri-02-Meridian-discharge.edi"} <= names
    out = runner.invoke(port_app, ["figures", str(paper_run.path), "--out", str(tmp_path / "png")])
    assert out.exit_code == 0, out.output
    for name in ("gantt.png", "lanes.png"):
        assert (tmp_path / "png" / name).read_bytes()[:4] == b"\x89PNG"


def test_bayplan_shows_a_plan_and_names_a_broken_one(tmp_path):
    runner = CliRunner()
    path = tmp_path / "plan.edi"
    path.write_text(closed(BAPLIE), encoding="latin-1")
    out = runner.invoke(port_app, ["bayplan", str(path), "--json", "--out", str(tmp_path / "plan.png")])
    assert out.exit_code == 0, out.output
    assert [b["leaves_here"] for b in json.loads(out.output)["boxes"]].count(True) == 5
    assert (tmp_path / "plan.png").read_bytes()[:4] == b"\x89PNG"
    path.write_text(closed(BAPLIE).replace("KGM:10000", "KGM:heavy"), encoding="latin-1")
    assert runner.invoke(port_app, ["bayplan", str(path)]).exit_code != 0


def test_papers_in_a_terminal_file_are_checked(tmp_path):
    """Broken papers, numbers beside them that differ, boxes for nobody, and doubtful container numbers."""
    (tmp_path / "plan.edi").write_text(closed(BAPLIE), encoding="latin-1")
    (tmp_path / "both.edi").write_text(closed(LOADING, DISCHARGING), encoding="latin-1")
    terminal, problems = read_terminal(write_terminal(tmp_path, bayplan="plan.edi", coprar="both.edi"))
    assert terminal is not None
    assert isinstance(terminal.calls, tuple)
    assert (terminal.calls[0].discharge, terminal.calls[0].load, problems) == (2, 3, [])
    for change, words in (
        ({"bayplan": "plan.edi", "discharge": 7}, "discharge: 7, but the ship's papers have 5"),
        ({"bayplan": "none.edi"}, "there is no file 'none.edi'"),
        ({"coprar": "plan.edi"}, "the message is a BAPLIE, COPRAR is wanted"),
    ):
        terminal, problems = read_terminal(write_terminal(tmp_path, **change))
        assert terminal is None
        assert words in problems[0].text
        assert "terminal.yaml:1" in problems[0].where
    wrong = number(0)[:-1] + str((int(number(0)[-1]) + 1) % 10)
    (tmp_path / "plan.edi").write_text(closed(BAPLIE).replace(number(0), wrong), encoding="latin-1")
    terminal, problems = read_terminal(write_terminal(tmp_path, bayplan="plan.edi"))
    assert terminal is not None
    assert [p.warn for p in problems] == [True]
    assert "check digit" in problems[0].text


def test_a_run_without_a_port_or_a_wrong_folder_is_refused(paper_run, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    out = CliRunner().invoke(port_app, ["messages", str(paper_run.path), "--out", str(tmp_path / "file")])
    assert out.exit_code != 0
    out = CliRunner().invoke(port_app, ["figures", str(tmp_path), "--out", str(tmp_path / "x")])
    assert out.exit_code != 0


def test_stretches_of_work_end_where_the_crane_pauses():
    """Moves 100 s apart are one stretch; 900 s without one is a pause."""
    assert stretches([100.0, 200.0, 300.0, 1200.0]) == [(40.0, 300.0), (1140.0, 1200.0)]


def test_names_fit_the_signs_of_level_a():
    assert level_a("Müller & Søn_1") == "MULLER & S-N-1"
