"""The page in a real browser: it draws, and slider, buttons, keys, story and address work together."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.twin.results.small_city import DOMAINS
from twin.report.page import build_report
from twin.results.view import RunView

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,900",
    "--virtual-time-budget=10000",
    "--dump-dom",
)
PROBE = """
<pre id="told"></pre><script>
(async () => {
  const errors = [];
  addEventListener("error", (e) => errors.push(e.message));
  while (document.body.dataset.ready !== "1") await new Promise((r) => setTimeout(r, 20));
  const model = (name) => Bokeh.documents.map((d) => d.get_model_by_name(name)).find((m) => m);
  const told = { errors };
  const look = () => ({
    clock: document.getElementById("clock").textContent, hash: location.hash,
    wet: model("source-0").data.image[0].reduce((n, v) => n + (v > 0), 0),
    closed: model("source-1").data.colour.filter((c) => c === "#a01a2c").length,
    hover: model("source-2").data.text[0],
    streets: [...new Set(model("source-1").data.text)].sort(),
    cursor: model("cursor-0").location,
    pressed: [...document.querySelectorAll(".modes button")].map((b) => b.getAttribute("aria-pressed")),
  });
  told.opened = look();
  const slider = document.getElementById("slider");
  slider.value = 30; slider.dispatchEvent(new Event("input"));
  told.slid = look();
  document.querySelector('[data-mode="b"]').click();
  told.baseline = look();
  document.querySelector('[data-mode="d"]').click();
  told.difference = look();
  document.querySelector('[data-mode="a"]').click();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  told.key = look();
  document.querySelector(".story button").click();
  told.story = look();
  const box = document.querySelector(".legend input");
  box.click();
  told.hidden = model("layer-0").visible;
  const map = model("map");
  told.perPixel = [(map.x_range.end - map.x_range.start) / map.inner_width,
    (map.y_range.end - map.y_range.start) / map.inner_height];
  told.overflow = document.documentElement.scrollWidth > innerWidth;
  document.getElementById("told").textContent = JSON.stringify(told);
})();
</script>
"""


def test_the_page_works_in_a_browser(runs: Path, tmp_path: Path) -> None:
    """Opened from disk at 17:30 by its address; 18:30 is picture 30 of the storm."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs Chromium or Chrome")
    page = build_report(RunView(runs / "storm-0001"), RunView(runs / "dry-0001"), DOMAINS)
    probed = tmp_path / "probed.html"
    probed.write_text(page.read_text(encoding="utf-8").replace("</body>", PROBE + "</body>"), encoding="utf-8")
    command = [browser, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"{probed.as_uri()}#t=17:30&run=a"]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout
    found = re.search(r'<pre id="told">(.+?)</pre>', dom, re.S)
    assert found is not None, "the page never became ready"
    told = json.loads(html.unescape(found[1]))
    assert told["errors"] == []
    assert told["opened"]["clock"] == "17:30"
    assert told["slid"]["clock"] == "18:30"
    assert told["slid"]["hash"] == "#t=18:30&run=a"
    assert told["slid"]["cursor"] - told["opened"]["cursor"] == 3_600_000
    state = RunView(runs / "storm-0001").field("traffic", "state")[1]
    depth = RunView(runs / "storm-0001").field("drainage", "depth")[1]
    assert told["slid"]["closed"] == int((state[30] == 2).sum()) > 0
    assert told["slid"]["wet"] == int((depth[30] >= 0.02).sum()) > 0
    assert re.fullmatch(r"Water pressure: [\d.]+ m; baseline [\d.]+ m", told["slid"]["hover"])
    assert told["slid"]["streets"] == [f"Streets: {now}; baseline open" for now in ("closed", "open", "slowed")]
    assert told["baseline"]["wet"] == told["baseline"]["closed"] == 0
    assert told["baseline"]["pressed"] == ["false", "true", "false"]
    assert told["difference"]["wet"] == told["slid"]["wet"]
    assert told["key"]["clock"] == "18:35"
    assert told["story"]["clock"] == "16:00"
    assert told["hidden"] is False
    east, north = told["perPixel"]
    assert east == pytest.approx(north, rel=1e-6)
    assert not told["overflow"]
