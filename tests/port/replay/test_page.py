"""The page: its bytes, its window of time, the command and its messages, and the page in a real browser."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from port.replay.page import replay_page
from port.replay.record import read_yard_log
from port.replay.states import at_steps, machine_steps, ships
from port.replay.tracks import IN_LINE, make_tracks, shapes_of, tapered
from tests.port.replay.conftest import play
from twin.cli.main import app
from twin.report.page import build_report
from twin.results.view import RunView

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--virtual-time-budget=10000", "--dump-dom"),
)


def payload_of(page: str) -> dict:
    """The JSON inside a page."""
    found = re.search(r'<script type="application/json" id="payload">(.+?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def unpacked(text: str) -> np.ndarray:
    """A column of whole numbers."""
    return np.cumsum(np.frombuffer(gzip.decompress(base64.b64decode(text)), "<i4"))


def test_a_page_is_whole_and_asks_for_nothing(small):
    """No address of the network, every script inside, equal runs give equal bytes, under 100 kB an hour here."""
    page = replay_page(small["fast"])
    assert not re.search(r"""(src|href)=["']|https?://|@import|url\((?!#)""", page)
    assert "{{" not in page
    assert page.count('"use strict"') == 1
    assert len(page.encode()) < 300_000
    again = replay_page(small["simpy"])
    assert payload_of(page) == payload_of(again)


def test_a_window_shows_what_the_whole_shows(small):
    """Half an hour out of the middle: the same trucks at the same spots, seconds counted from its beginning."""
    whole, part = (payload_of(replay_page(small["fast"], *span)) for span in ((), (3000.0, 4800.0)))
    assert part["length_s"] == 1800
    assert part["before_s"] == 3000
    assert part["clock_s"] - whole["clock_s"] == 3000
    times = unpacked(part["key_t"])
    assert times.min() == 0
    assert times.max() == 18_000
    rest = json.loads(gzip.decompress(base64.b64decode(part["rest"])))
    everybody = json.loads(gzip.decompress(base64.b64decode(whole["rest"])))
    assert set(rest["names"]) < set(everybody["names"])
    assert len(rest["names"]) == len(unpacked(part["key_n"])) == len(unpacked(part["act_n"]))
    assert rest["ships"][0]["berthed"] == -3000


def test_the_command_writes_a_page(small, tmp_path):
    out = tmp_path / "yard.html"
    run = str(small["fast"].path)
    told = CliRunner().invoke(app, ["port", "replay", run, "--out", str(out), "--from", "1h", "--to", "2 h", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["bytes"] == out.stat().st_size
    assert (found["from_s"], found["to_s"]) == (3600, 7200)


def test_the_page_lies_in_the_runs_folder_and_the_report_links_to_it(small, tmp_path):
    run = tmp_path / "small-0009"
    shutil.copytree(small["fast"].path, run)
    assert "replay.html" not in build_report(RunView(run)).read_text(encoding="utf-8").split("This run</h2>")[1]
    told = CliRunner().invoke(app, ["port", "replay", str(run)])
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith(f"{run / 'replay.html'}  0.")
    assert '<a href="replay.html">replay.html</a>' in build_report(RunView(run)).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--from", "2h", "--to", "1h"], "--from 2h --to 1h: the run lasts from 0 to 3 h"),
        (["--from", "4h"], "--from 4h --to the end: the run lasts from 0 to 3 h"),
        (["--from", "soon"], "--from: 'soon' is not a number with a unit"),
        (["--out", "yard.pdf"], "--out yard.pdf: write .html or .htm"),
        (["--out", "nowhere/yard.html"], "--out nowhere/yard.html: there is no folder nowhere"),
    ],
)
def test_wrong_options_are_one_message(small, tmp_path, monkeypatch, options, says):
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, ["port", "replay", str(small["fast"].path), "--out", "y.html", *options])
    assert told.exit_code == 2
    assert says in told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def _no_run(folder: Path) -> Path:
    return folder / "gone-0001"


def _unfinished(folder: Path) -> Path:
    (folder / ".yard-0001.part").mkdir()
    return folder / ".yard-0001.part"


def _not_a_run(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


@pytest.mark.parametrize("command", ["replay", "figures", "messages"])
@pytest.mark.parametrize(
    ("made", "says"),
    [
        (_no_run, "there is no such run"),
        (_unfinished, "this run was never finished"),
        (_not_a_run, "this is not a whole run (no readable summary.json)"),
    ],
)
def test_what_is_no_run_is_one_message(tmp_path, command, made, says):
    run = made(tmp_path)
    out = tmp_path / ("out.html" if command == "replay" else "out")
    told = CliRunner().invoke(app, ["port", command, str(run), "--out", str(out)])
    assert told.exit_code == 2
    assert says in told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize("command", ["replay", "figures", "messages"])
def test_a_run_without_a_port_is_one_message(dry_run, tmp_path, command):
    out = tmp_path / ("out.html" if command == "replay" else "out")
    told = CliRunner().invoke(app, ["port", command, str(dry_run), "--out", str(out)])
    assert told.exit_code == 2
    assert told.stderr.strip() == f"{dry_run}: the run has no port"
    assert not out.exists()


def test_a_run_that_kept_nothing_says_how_to_keep_it(tmp_path):
    run = play(tmp_path, "plain", more="")
    assert not list((run.path / "engines" / "port").glob("*.npz"))
    told = CliRunner().invoke(app, ["port", "replay", str(run.path), "--out", str(tmp_path / "y.html")])
    assert told.exit_code == 2
    assert "Add `record: trucks` to `port:` and run it again" in told.stderr


def test_a_spoilt_log_is_one_message(small, tmp_path):
    run = tmp_path / "small-0009"
    shutil.copytree(small["fast"].path, run)
    log = run / "engines" / "port" / "yard.npz"
    log.write_bytes(log.read_bytes()[:2000])
    told = CliRunner().invoke(app, ["port", "replay", str(run), "--out", str(tmp_path / "y.html")])
    assert told.exit_code == 2
    assert "this log cannot be read" in told.stderr
    assert len(told.stderr.splitlines()) == 1


PROBE = """
<pre id="told"></pre><script>
(async () => {
  const errors = [];
  addEventListener("error", (e) => errors.push(e.message));
  addEventListener("unhandledrejection", (e) => errors.push(String(e.reason)));
  for (let n = 0; document.body.dataset.ready !== "1" && n < 200; n++) await new Promise((r) => setTimeout(r, 20));
  const { yard, view, painter, state, go, paint, choose } = window.replay;
  const told = { errors, opened: document.getElementById("clock").textContent, moments: [] };
  for (const t of TIMES) {
    go(t);
    const now = paint();
    told.moments.push({
      t, clock: document.getElementById("clock").textContent, lines: now.lines, cranes: now.cranes,
      trucks: now.trucks.map(({ k, at }) => [yard.names[k], at.x, at.y, at.boxes]), outside: now.outside,
      ships: yard.shipsAt(t).map((s) => [s.name, s.done]), banner: document.getElementById("banner").textContent,
    });
  }
  const key = (name, more = {}) =>
    document.dispatchEvent(new KeyboardEvent("keydown", { key: name, ...more, bubbles: true }));
  go(1000); key("ArrowRight"); key("ArrowRight", { shiftKey: true });
  told.stepped = state.t;
  const slider = document.getElementById("slider");
  slider.value = 2000; slider.dispatchEvent(new Event("input"));
  told.slid = document.getElementById("clock").textContent;
  const wide = view.k;
  key("+"); told.zoomed = view.k / wide; key("0"); told.fitted = view.k / wide;
  const truck = paint().trucks.find(({ k }) => k === 2), [x, y] = view.truck(truck.at);
  const canvas = document.getElementById("canvas"), box = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  for (const type of ["pointerdown", "pointerup"])
    canvas.dispatchEvent(new PointerEvent(type, { clientX: box.left + x, clientY: box.top + y, bubbles: true }));
  told.followed = state.follow && [state.follow.kind, state.follow.k];
  told.card = document.getElementById("card").textContent;
  go(2600);
  const later = window.replay.paint().trucks.find(({ k }) => k === state.follow.k);
  told.centred = [view.x([later.at.x, later.at.y]) - view.w / 2, view.y([later.at.x, later.at.y]) - view.h / 2];
  key("Escape"); told.released = state.follow === null;
  document.getElementById("speed").value = "120";
  document.getElementById("speed").dispatchEvent(new Event("change"));
  key(" "); told.playing = [state.playing, document.getElementById("play").textContent];
  const from = state.t;
  for (let n = 0; n < 100 && state.t - from < 5; n++) await new Promise((r) => setTimeout(r, 50));
  key(" "); told.played = state.t - from; told.paused = state.playing;
  const pixels = painter.g.getImageData(0, 0, canvas.width, canvas.height).data, colours = new Set();
  for (let i = 0; i < pixels.length; i += 4) colours.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
  told.colours = colours.size;
  told.overflow = document.documentElement.scrollWidth - innerWidth;
  told.rows = document.querySelectorAll("#now tr").length;
  told.happened = document.querySelectorAll("#told li.past").length;
  document.getElementById("told").id = "list";
  document.querySelector("pre").id = "told";
  document.getElementById("told").textContent = JSON.stringify(told);
})();
</script>
"""


@pytest.mark.parametrize("width", [1280, 800])
def test_the_page_plays_in_a_browser(small, tmp_path, width):
    """Trucks where the tracks have them (to 0.1 m and 0.1 s, as kept), lines, cranes, keys, clicks, no overflow."""
    browser = next((b for b in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if b), None)
    if browser is None:
        pytest.skip("needs Chromium or Chrome")
    run = small["fast"]
    moments = [0.0, 600.0, 2400.5, 5550.0, 7300.0, 10_799.0]
    probe = PROBE.replace("TIMES", json.dumps(moments)).replace('<pre id="told">', "<pre>")
    page = tmp_path / "yard.html"
    page.write_text(replay_page(run).replace("</body>", probe + "</body>"), encoding="utf-8")
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = [browser, *FLAGS, f"--window-size={width},900", profile, f"{page.as_uri()}#t=3600"]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout
    found = re.search(r'<pre id="told">(.+?)</pre>', dom, re.S)
    assert found is not None, "the page never became ready"
    told = json.loads(html.unescape(found[1]))
    assert told["errors"] == []
    assert told["opened"] == "09:00:00"
    _held_against_the_run(run, told["moments"])
    assert told["stepped"] == 1310
    assert told["slid"] == "08:33:20"
    assert told["zoomed"] == pytest.approx(1.4)
    assert told["fitted"] == pytest.approx(1.0)
    assert told["followed"][0] == "truck"
    assert "driverless truck" in told["card"]
    assert told["centred"] == pytest.approx([0, 0], abs=1e-6)
    assert told["released"]
    assert told["playing"] == [True, "❚❚ Pause"]
    assert told["played"] >= 5
    assert not told["paused"]
    assert told["colours"] > 20
    assert told["overflow"] <= 0
    assert told["rows"] >= 18
    assert told["happened"] > 3


def _held_against_the_run(run, moments) -> None:
    log = read_yard_log(run)
    tracks = make_tracks(log)
    shapes, along = shapes_of(log.scene)
    corner = np.concatenate(shapes).min(axis=0)
    names = [*log.scene["trucks"], *log.scene["road_trucks"]]
    cranes, _ = machine_steps(log, run)
    for moment in moments:
        t = moment["t"]
        drawn = {name: (x, y, boxes) for name, x, y, boxes in moment["trucks"]}
        there = {n: track for n, track in zip(names, tracks, strict=True) if len(track.t) and track.present(t)}
        assert set(drawn) == set(there)
        for name, track in there.items():
            lane, s, lat = track.at(t)
            k = min(max(int(np.searchsorted(along[lane], s, side="right")) - 1, 0), len(along[lane]) - 2)
            ahead = (shapes[lane][k + 1] - shapes[lane][k]) / (along[lane][k + 1] - along[lane][k])
            beside = tapered(lat, s, along[lane][-1]) * np.array([ahead[1], -ahead[0]])
            spot = shapes[lane][k] + ahead * (s - along[lane][k]) + beside - corner
            x, y, boxes = drawn[name]
            assert np.hypot(spot[0] - x, spot[1] - y) < 1.6, f"{name} at {t} s"
            assert boxes == at_steps(track.boxes, t)
        lines = [sum(tr.act(t) == (IN_LINE, k) for tr in there.values()) for k in range(len(log.scene["places"]))]
        assert moment["lines"] == lines
        assert moment["cranes"] == [at_steps(steps, t) for steps in cranes]
        afloat = {ship["name"]: ship for ship in ships(log, run)}
        assert all(done == sum(m <= t for m in afloat[name]["moves"]) for name, done in moment["ships"])
    assert len(moments[2]["ships"]) == 2
    assert "gate is closed" in moments[3]["banner"]
    assert "wind" in moments[4]["banner"]
