"""The terminal's gate as four edges in the street network: in, yard, back, out.

SUMO's netconvert joins them to the junction with explicit connections, because guessed ones left trucks without a way.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.build.recipe import GateRecipe
from twin.build.site import Site, truck_core
from twin.build.sumo_net import SumoNet, read_net

IN, YARD, BACK, OUT = "T_in", "T_yard", "T_ret", "T_out"
"""Edge ids of the gate: queue before the gate, yard behind it, the way back, the exit."""


@dataclass(frozen=True)
class GatePlan:
    """The gate edges within the finished network."""

    lanes: int
    in_length_m: float
    yard_length_m: float


def sumo_binary(name: str) -> str:
    """Path of a SUMO program of the installed package."""
    import sumo

    return os.path.join(sumo.SUMO_HOME, "bin", name)


def run_sumo_tool(name: str, arguments: list[str]) -> None:
    """Run a SUMO program quietly. ValueError with its last words when it fails."""
    import sumo

    environment = {**os.environ, "SUMO_HOME": sumo.SUMO_HOME}
    done = subprocess.run([sumo_binary(name), *arguments], capture_output=True, text=True, env=environment)
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.strip() and "Quitting" not in line]
        raise ValueError(f"{name} failed: {words[-1] if words else 'no message'}")


def add_gate(net: SumoNet, site: Site, recipe: GateRecipe, scratch: Path, target: Path) -> tuple[SumoNet, GatePlan]:
    """Write the network with the gate to `target` and read it back. ValueError when edges were lost on the way."""
    core, _, _ = truck_core(net)
    arriving = [e for e in net.edges.values() if e.end == site.junction and e.id in core]
    leaving = [e for e in net.edges.values() if e.start == site.junction and e.id in core]
    side = np.array([-site.axis[1], site.axis[0]])
    offset = np.array(net.offset_m)
    nodes = {
        "T_gate": site.gate,
        "T_far": site.gate + 50 * site.axis + 12 * side,
        "T_back": site.gate - 12 * site.axis + 34 * side,
    }
    rows = [
        f'<node id="{name}" x="{(xy + offset)[0]:.2f}" y="{(xy + offset)[1]:.2f}" type="priority"/>'
        for name, xy in nodes.items()
    ]
    _write(scratch / "gate.nod.xml", "nodes", rows)
    edges = [
        (IN, site.junction, "T_gate", recipe.lanes, 8.33),
        (YARD, "T_gate", "T_far", recipe.lanes, 5.56),
        (BACK, "T_far", "T_back", 1, 8.33),
        (OUT, "T_back", site.junction, 1, 8.33),
    ]
    rows = [
        f'<edge id="{name}" from="{a}" to="{b}" numLanes="{lanes}" speed="{speed}" priority="1" name="Terminal" '
        'allow="truck trailer delivery emergency" type="terminal"/>'
        for name, a, b, lanes, speed in edges
    ]
    _write(scratch / "gate.edg.xml", "edges", rows)
    turns = [
        f'<connection from="{e.id}" to="{IN}" fromLane="{e.lanes_for("truck")[0]}" toLane="{k}"/>'
        for e in sorted(arriving, key=lambda e: e.id)
        for k in range(recipe.lanes)
    ]
    turns += [
        f'<connection from="{OUT}" to="{e.id}" fromLane="0" toLane="{e.lanes_for("truck")[0]}"/>'
        for e in sorted(leaving, key=lambda e: e.id)
    ]
    _write(scratch / "gate.con.xml", "connections", turns)
    run_sumo_tool(
        "netconvert",
        [
            *("-s", str(net.path), "-n", str(scratch / "gate.nod.xml"), "-e", str(scratch / "gate.edg.xml")),
            *("-x", str(scratch / "gate.con.xml"), "-o", str(target), "--offset.disable-normalization"),
            *("--no-turnarounds", "--walkingareas", "--no-warnings", "--output.street-names"),
        ],
    )
    strip_header(target)
    patched = read_net(target)
    lost = set(net.edges) - set(patched.edges)
    if lost:
        raise ValueError(f"netconvert lost {len(lost)} edges (first: {min(lost)}) while the gate was added")
    plan = GatePlan(recipe.lanes, patched.edges[IN].length_m, patched.edges[YARD].length_m)
    return patched, plan


def _write(path: Path, root: str, rows: list[str]) -> None:
    path.write_text(f"<{root}>\n" + "\n".join(rows) + f"\n</{root}>\n", encoding="utf-8")


def strip_header(path: Path) -> None:
    """Take SUMO's comment out of a file: it holds the date and paths, and the same city must give the same bytes."""
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"<!--.*?-->\s*", "", text, count=1, flags=re.S), encoding="utf-8")
