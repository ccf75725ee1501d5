"""The page: whole in itself, escaped, small, and true to what was recorded."""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.twin.results.small_city import DEPTH, DOMAINS, write_city
from twin.cli.results import report_command
from twin.report.page import build_report
from twin.results.view import RunView


class Links(HTMLParser):
    """Collects every address that a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [str(v) for k, v in attrs if k in ("src", "href", "srcset", "data")]


@pytest.fixture(scope="module")
def text(runs: Path) -> str:
    """The storm held against the dry evening."""
    page = build_report(RunView(runs / "storm-0001"), RunView(runs / "dry-0001"), DOMAINS)
    return page.read_text(encoding="utf-8")


def payload(text: str) -> dict:
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


def unpack(blob: str, dtype: str, n: int) -> np.ndarray:
    """What the browser does: gunzip, then add up over time (wrapping)."""
    steps = np.frombuffer(gzip.decompress(base64.b64decode(blob)), dtype).reshape(-1, n)
    return np.cumsum(steps, axis=0, dtype=dtype)


def test_nothing_is_fetched(text: str) -> None:
    """Neither script nor style nor picture comes from elsewhere."""
    links = Links()
    links.feed(text)
    assert [link for link in links.found if not link.startswith("data:")] == []
    assert "@import" not in text


def test_user_text_is_escaped(text: str) -> None:
    """The journal says `<Agas & Co>`."""
    assert "&lt;Agas &amp; Co&gt;" in text
    assert "<Agas" not in text


def test_the_packed_depths_are_the_recorded_ones(text: str, runs: Path) -> None:
    """Whole centimetres below the recorded depth; what is under the first limit is left out."""
    layer = payload(text)["layers"][0]
    packed = unpack(layer["runs"][0], "u1", layer["nx"] * layer["ny"])
    depth = RunView(runs / "storm-0001").field("drainage", "depth")[1]
    expected = np.where(depth >= np.float32(DEPTH.breaks[0]), np.floor(depth * 100 + 1e-3), 0)
    assert np.array_equal(packed, expected)
    assert not unpack(layer["runs"][1], "u1", layer["nx"] * layer["ny"]).any()


def test_the_packed_pressures_are_the_recorded_ones(text: str, runs: Path) -> None:
    """Within half a step of 65,000 of the range; classes exact."""
    layer = next(x for x in payload(text)["layers"] if x["title"] == "Water pressure")
    head = RunView(runs / "storm-0001").field("water", "pressure")[1]
    values = layer["low"] + layer["step"] * unpack(layer["runs"][0]["val"], "<u2", layer["n"])
    assert np.abs(values - head).max() <= 0.51 * layer["step"]
    assert np.array_equal(unpack(layer["runs"][0]["cls"], "u1", layer["n"]), np.digitize(head, layer["breaks"]))


def test_it_opens_at_the_worst_picture(text: str, runs: Path) -> None:
    """The picture with most water on the ground."""
    depth = RunView(runs / "storm-0001").field("drainage", "depth")[1]
    assert payload(text)["worst"] == int(np.where(depth >= 0.02, depth, 0).sum(axis=1).argmax())


def test_without_a_grid_it_opens_at_the_heaviest_moment(runs: Path) -> None:
    """The main bursts at 18:00, picture 24 of the streets."""
    dry = {k: type(d)(**{**vars(d), "layers": d.layers if k == "traffic" else ()}) for k, d in DOMAINS.items()}
    page = build_report(RunView(runs / "storm-0001"), None, dry).read_text(encoding="utf-8")
    assert payload(page)["clock"][payload(page)["worst"]] == "18:00"


def test_the_figures_and_verdicts_are_there(text: str) -> None:
    assert "1 of 2 expectations hold" in text
    assert "ledger closes" in text
    assert re.search(r'<td>24\.8</td><td>31\.2</td><td class="worse">−6\.4 ✗</td>', text)
    assert "4 h 55 min" in text


def test_a_run_alone_has_no_baseline(runs: Path) -> None:
    page = build_report(RunView(runs / "dry-0001"), None, DOMAINS).read_text(encoding="utf-8")
    body = page[page.index("<header>") : page.index('<script type="application/json"')]
    assert "This run" in body
    assert "Baseline" not in body
    assert "Difference" not in body


def test_a_run_without_maps_still_has_a_page(tmp_path: Path) -> None:
    """Domains without layers: figures, story and curves only."""
    bare = {k: type(d)(**{**vars(d), "layers": ()}) for k, d in DOMAINS.items()}
    page = build_report(RunView(write_city(tmp_path, nt=13)), None, bare).read_text(encoding="utf-8")
    assert 'id="slider"' not in page
    assert "What happened" in page


def test_a_city_of_325_000_cells_is_small_and_quick(tmp_path: Path) -> None:
    """650 x 500 cells, 5,000 streets, 60 pictures: under 8 MB and 6 s (2 s when the machine is idle)."""
    run = write_city(tmp_path, nx=650, ny=500, cell_m=5.0, rows=48, columns=54)
    begun = time.process_time()
    page = build_report(RunView(run), None, DOMAINS)
    assert time.process_time() - begun < 6.0
    assert page.stat().st_size < 8e6


def test_the_command_says_where_the_page_is(runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setattr("twin.domains.INSTALLED", DOMAINS)
    assert report_command(runs / "storm-0001", runs / "dry-0001", True) == 0
    told = capsys.readouterr().out
    assert f"report  {runs / 'storm-0001' / 'report.html'}" in told
    for name in ("map", "curves-water", "timeline"):
        path = runs / "storm-0001" / "figures" / f"{name}.png"
        assert path.read_bytes().startswith(b"\x89PNG")
        assert str(path) in told
