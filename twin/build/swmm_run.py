"""SWMM as a judge of the builder's sewers: a plain run in a child process, and the figures of its report.

SWMM holds one model per process and a bad file can end it, so it never runs in ours.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_RUN = (
    "import sys\n"
    "from swmm.toolkit import solver\n"
    "inp = sys.argv[1]\n"
    "try:\n"
    "    solver.swmm_run(inp, inp[:-4] + '.rpt', inp[:-4] + '.out')\n"
    "except Exception as error:\n"
    "    sys.exit(f'{error}')\n"
)


@dataclass(frozen=True)
class SewerRun:
    """What a plain run reports. Volumes in m3, errors in %, `full` the share of sewers that ran full."""

    runoff_error: float
    routing_error: float
    rain_mm: float
    inflow_m3: float
    outflow_m3: float
    flooded_m3: float
    flooded: dict[str, float]
    fill: dict[str, float]
    capacity: dict[str, float]

    @property
    def full(self) -> float:
        return sum(v >= 0.999 for v in self.fill.values()) / max(1, len(self.fill))


def run_sewers(path: Path) -> SewerRun:
    """Run an INP file. ValueError with SWMM's own words when it refuses the file."""
    done = subprocess.run([sys.executable, "-c", _RUN, str(path)], capture_output=True, text=True)
    report = path.with_suffix(".rpt")
    text = report.read_text(encoding="utf-8", errors="replace") if report.exists() else ""
    errors = re.findall(r"ERROR \d+:.*(?:\n\s+.*)?", text)
    if done.returncode or errors or "Continuity" not in text:
        said = " ".join(errors[0].split()) if errors else (done.stderr.strip().splitlines() or ["it stopped"])[-1]
        raise ValueError(f"SWMM refuses {path.name}: {said}")
    path.with_suffix(".out").unlink(missing_ok=True)
    return SewerRun(
        runoff_error=_first(text, r"Runoff Quantity.*?Continuity Error \(%\) \.+\s+(-?[\d.]+)"),
        routing_error=_first(text, r"Flow Routing.*?Continuity Error \(%\) \.+\s+(-?[\d.]+)"),
        rain_mm=_first(text, r"Total Precipitation \.+\s+[\d.]+\s+([\d.]+)"),
        inflow_m3=1e4 * _first(text, r"Wet Weather Inflow \.+\s+([\d.]+)"),
        outflow_m3=1e4 * _first(text, r"External Outflow \.+\s+([\d.]+)"),
        flooded_m3=1e4 * _first(text, r"Flooding Loss \.+\s+([\d.]+)"),
        flooded={r[0]: 1000 * float(r[5]) for r in _table(text, "Node Flooding Summary") if len(r) >= 6},
        fill={r[0]: float(r[-1]) for r in _table(text, "Link Flow Summary") if r[1] == "CONDUIT"},
        capacity={r[0]: float(r[-2]) for r in _table(text, "Link Flow Summary") if r[1] == "CONDUIT"},
    )


def _first(text: str, pattern: str) -> float:
    found = re.search(pattern, text, re.S)
    return float(found[1]) if found else 0.0


def _table(text: str, title: str) -> list[list[str]]:
    """Rows of a summary table of SWMM's report, split at blanks."""
    start = text.find(title)
    if start < 0:
        return []
    lines = text[start:].splitlines()[1:]
    rows, rules = [], 0
    for line in lines:
        words = line.split()
        if line.strip().startswith("-----"):
            rules += 1
        elif rules >= 2 and words:
            rows.append(words)
        if (rules >= 2 and not words and rows) or line.strip().startswith("No nodes were flooded"):
            break
    return rows
