"""How water moves through the sewers: flow and volume of every link at even steps, from a SWMM run or from Manning."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drainage.network import SewerFile
from drainage.output import SwmmOutput, read_output
from drainage.questions.plain_copy import reporting_copy
from twin.places import FloatArray
from twin.scenario.problems import ScenarioError

STEP_S = 60
TIMEOUT_S = 3600.0
LEAST_M3 = 1e-4
LEAST_M3S = 1e-7


@dataclass(frozen=True)
class Hydraulics:
    """Flows of a network in SI, at t = 0, step, 2 step …

    nodes, links   ids; first, second (l,) node indices in the file's direction; length_m (l,)
    flow           (t, l) m3/s, positive in the file's direction; volume (t, l) m3
    through        (t, n) m3/s through each node; held (n,) m3 in storage units, 0 elsewhere
    xy             (n, 2), NaN where the file has no coordinates
    words          how these flows came about
    """

    nodes: tuple[str, ...]
    links: tuple[str, ...]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    length_m: FloatArray
    step_s: float
    flow: FloatArray
    volume: FloatArray
    through: FloatArray
    held: FloatArray
    xy: FloatArray
    words: str

    @property
    def duration_s(self) -> float:
        return self.step_s * (len(self.flow) - 1)

    def node(self, id: str) -> int:
        """Index of a node; `ScenarioError` for an unknown one."""
        if id not in self._places:
            from twin.scenario.problems import choose

            raise ScenarioError([f"no node '{id}' in the sewer file.{choose(id, self.nodes)}"])
        return self._places[id]

    @property
    def _places(self) -> dict[str, int]:
        return {id: k for k, id in enumerate(self.nodes)}


def network_of(
    sewer: SewerFile,
) -> tuple[tuple[str, ...], tuple[str, ...], NDArray[np.int64], NDArray[np.int64], FloatArray, FloatArray]:
    """nodes, links, first, second, length and xy; pumps, weirs and orifices have no length."""
    nodes = tuple(sewer.nodes)
    place = {id: k for k, id in enumerate(nodes)}
    links = [link for link in sewer.links.values() if link.nodes[0] in place and link.nodes[1] in place]
    lengths = {r.tokens[0]: r.number(3) * sewer.metres for r in sewer.rows("CONDUIT")}
    ends = np.array([[place[n] for n in link.nodes] for link in links], dtype=np.int64).reshape(-1, 2)
    xy = np.array([sewer.nodes[id].xy or (np.nan, np.nan) for id in nodes], dtype=float)
    ids = tuple(link.id for link in links)
    return nodes, ids, ends[:, 0], ends[:, 1], np.array([lengths.get(link.id, 0.0) for link in links]), xy


def from_swmm(sewer: SewerFile, base_flow_lps: float = 0.0, rain: bool = True) -> Hydraulics:
    """Flows of a SWMM run of the file, every minute. `base_flow_lps` flows into every junction that has no inflow."""
    from drainage.questions.verify import Ran, run_plain_timed
    from twin.scenario.child import run_guarded

    more = ["[OPTIONS]", f"REPORT_STEP {STEP_S // 3600}:{STEP_S // 60 % 60:02d}:{STEP_S % 60:02d}"]
    more += [f"REPORT_START_DATE {sewer.start:%m/%d/%Y}", f"REPORT_START_TIME {sewer.start:%H:%M:%S}"]
    if base_flow_lps > 0:
        fed = {r.tokens[0] for heading in ("DWF", "INFLOW") for r in sewer.rows(heading)}
        rate = base_flow_lps * 1e-3 / sewer.flow_m3s
        more += ["[DWF]"] + [f"{n.id} FLOW {rate:.8g}" for n in sewer.of_kind("junction") if n.id not in fed]
    with tempfile.TemporaryDirectory(prefix="twin-trace-") as folder:
        path = reporting_copy(sewer, Path(folder) / "flows.inp", more, rain=rain)
        ran: Ran = run_guarded(
            run_plain_timed, str(path), folder, timeout_s=TIMEOUT_S, what=f"SWMM, running {sewer.path.name},"
        )
        output = read_output(Path(ran.output))
    more_flow = f" with {base_flow_lps:g} L/s more into each junction" if base_flow_lps > 0 else ""
    return of_output(sewer, output, f"SWMM's flows{more_flow}{'' if rain else ', without rain'}")


def of_output(sewer: SewerFile, output: SwmmOutput, words: str) -> Hydraulics:
    """Flows that SWMM has reported."""
    nodes, links, first, second, length, xy = network_of(sewer)
    if not links or len(output.days) < 2:
        raise ScenarioError([f"{sewer.path.name} has no links, or its run is shorter than two minutes"])
    link_at = {id: k for k, id in enumerate(output.links)}
    node_at = {id: k for k, id in enumerate(output.nodes)}
    pick_l, pick_n = [link_at[id] for id in links], [node_at[id] for id in nodes]
    flow = output.of_links("flow")[:, pick_l].astype(float) * sewer.flow_m3s
    volume = output.of_links("volume")[:, pick_l].astype(float) * sewer.metres**3
    storage = np.array([sewer.nodes[id].kind == "storage" for id in nodes])
    held = np.where(storage, output.of_nodes("volume")[:, pick_n].mean(axis=0) * sewer.metres**3, 0.0)
    through = output.of_nodes("inflow")[:, pick_n].astype(float) * sewer.flow_m3s
    return Hydraulics(
        nodes, links, first, second, length, float(output.step_s), flow, np.maximum(volume, LEAST_M3), through, held,
        xy, words,
    )  # fmt: skip


def from_manning(sewer: SewerFile, hours: float, fill: float = 0.3) -> Hydraulics:
    """Steady flows at normal depth, each round pipe filled to the share `fill` of its height.

    v = R^(2/3) S^(1/2) / n. For travel times where no flow is known; what is diluted where pipes meet is then as
    good as the guess that all are filled alike. Pipes that rise or lie flat get a slope of 1 in 1000.
    """
    nodes, links, first, second, length, xy = network_of(sewer)
    if not links:
        raise ScenarioError([f"{sewer.path.name} has no links"])
    rows = {r.tokens[0]: r for r in sewer.rows("CONDUIT")}
    sections = [r for r in sewer.rows("XSECT") if len(r.tokens) > 2 and _number(r.tokens[2])]
    heights = {r.tokens[0]: r.number(2) * sewer.metres for r in sections}
    angle = 2.0 * math.acos(1.0 - 2.0 * fill)
    flow, volume = np.zeros(len(links)), np.zeros(len(links))
    for k, id in enumerate(links):
        link, high = sewer.links[id], heights.get(id, 0.3)
        ends = link.crown_m or tuple(sewer.nodes[n].invert_m for n in link.nodes)
        slope = max((ends[0] - ends[1]) / max(length[k], 1.0), 1e-3)
        rough = rows[id].number(4, 0.013) if id in rows else 0.013
        area = high**2 / 8.0 * (angle - math.sin(angle))
        radius = area / (high * angle / 2.0)
        flow[k] = area * radius ** (2 / 3) * math.sqrt(slope) / max(rough, 1e-3)
        volume[k] = max(area * length[k], LEAST_M3)
    steps = int(hours * 3600 / STEP_S) + 1
    through = np.maximum(np.bincount(second, flow, len(nodes)), np.bincount(first, flow, len(nodes)))
    return Hydraulics(
        nodes, links, first, second, length, float(STEP_S), np.tile(flow, (steps, 1)), np.tile(volume, (steps, 1)),
        np.tile(through, (steps, 1)), np.zeros(len(nodes)), xy, f"normal depth by Manning, pipes {fill:.0%} full",
    )  # fmt: skip


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
