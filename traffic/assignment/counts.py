"""Demand from counts: routes are chosen from candidates so that the counts come out, then driven and judged.

The choice is SUMO's own `routeSampler`. Whether the counts are met is not taken from it: SUMO drives the vehicles
and counts again, for a jam lets fewer through than routes promise.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from traffic.assignment.graph import FloatArray
from twin.whole import whole

GEH_GOOD = 5.0
SHARE_GOOD = 0.85
"""DMRB volume 12 section 2: GEH below 5 at 85 % of the places."""


def geh(model: FloatArray, count: FloatArray, hours: float) -> FloatArray:
    """√(2 (M − C)² / (M + C)) of hourly volumes (DMRB volume 12); 0 where both are 0."""
    m, c = np.asarray(model, float) / hours, np.asarray(count, float) / hours
    total = m + c
    return np.sqrt(np.divide(2.0 * (m - c) ** 2, total, out=np.zeros_like(total), where=total > 0))


@dataclass(frozen=True)
class Counts:
    """Vehicles counted on edges over one interval, s. `values` in vehicles."""

    edges: tuple[str, ...]
    values: FloatArray
    begin_s: float
    end_s: float

    @property
    def hours(self) -> float:
        return (self.end_s - self.begin_s) / 3600.0


def read_counts(path: Path, attribute: str = "entered") -> list[Counts]:
    """The intervals of SUMO's edge data. Raises `ValueError` in a sentence."""
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"{path.name} is not whole: {error}") from error
    found = []
    for interval in root.iter("interval"):
        begin, end = float(interval.get("begin", "0")), float(interval.get("end", "0"))
        rows = [(e.get("id", ""), e.get(attribute)) for e in interval.iter("edge") if e.get(attribute) is not None]
        if end <= begin:
            raise ValueError(f"{path.name}: the interval from {begin:g} to {end:g} s does not last")
        for edge, text in rows:
            if float(text or 0) < 0:
                raise ValueError(f"{path.name}: edge '{edge}' has a count of {text}")
        if rows:
            found.append(Counts(tuple(e for e, _ in rows), np.array([float(t or 0) for _, t in rows]), begin, end))
    if not found:
        raise ValueError(f"{path.name} has no <edge> with '{attribute}' in an <interval>")
    return found


def sample_routes(candidates: Path, counts: Path, out: Path, attribute: str = "entered", seed: int = 0) -> str:
    """Choose from `candidates` so that `counts` are met; writes a route file and gives routeSampler's own summary.

    Raises `ValueError` with routeSampler's last line when it fails.
    """
    import sumo

    tool = Path(sumo.SUMO_HOME) / "tools" / "routeSampler.py"
    with whole(out) as part:
        command = [
            sys.executable, str(tool), "-r", str(candidates), "--edgedata-files", str(counts), "--edgedata-attribute",
            attribute, "-o", str(part), "--optimize", "full", "--seed", str(seed), "--prefix", "s",
            "--attributes", 'departLane="best" departSpeed="max"',
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not part.is_file():
            last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
            raise ValueError(f"routeSampler could not use {candidates.name} and {counts.name}: {last}")
        # The tool's head names the time of day and the folders; without it the same inputs give the same bytes.
        part.write_text(re.sub(r"<!--.*?-->\s*", "", part.read_text(encoding="utf-8"), flags=re.S), encoding="utf-8")
    return done.stdout.strip()


def drive(
    network: Path, routes: Path, counts: list[Counts], folder: Path, seed: int = 0, meso: bool = False
) -> FloatArray:
    """(intervals, edges) vehicles that entered the counted edges when SUMO drives `routes`; files go to `folder`."""
    import sumo

    asked = "".join(
        f'<edgeData id="i{k}" file="i{k}.xml" begin="{c.begin_s:g}" end="{c.end_s:g}"/>' for k, c in enumerate(counts)
    )
    (folder / "ask.add.xml").write_text(f"<additional>{asked}</additional>", encoding="utf-8")
    begin, end = min(c.begin_s for c in counts), max(c.end_s for c in counts)
    command = [
        f"{sumo.SUMO_HOME}/bin/sumo", "-n", str(network), "-r", str(routes), "-a", "ask.add.xml", "-b", f"{begin:g}",
        "-e", f"{end:g}", "--seed", str(seed), "--no-step-log", "--no-warnings", "--time-to-teleport", "-1",
        "--ignore-junction-blocker", "30", "--collision.action", "warn",
    ]  # fmt: skip
    done = subprocess.run(
        [*command, *(["--mesosim"] if meso else [])], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ValueError(f"SUMO could not drive {routes.name}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    result = np.zeros((len(counts), max(len(c.edges) for c in counts)))
    for k, c in enumerate(counts):
        entered = {
            e.get("id"): float(e.get("entered", "0")) + float(e.get("departed", "0"))
            for e in ElementTree.parse(folder / f"i{k}.xml").getroot().iter("edge")
        }
        result[k, : len(c.edges)] = [entered.get(edge, 0.0) for edge in c.edges]
    return result
