"""Discharges that never were, for the test of tracing: SWMM carries tracers from random nodes through a real network.

The truth differs from what the tracer is told: every base flow by a random factor, all pipes are rougher, and SWMM
mixes at its own steps. All tracers of a set travel in one run, each from a node of its own, without a flow of its own.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drainage.network import SewerFile
from drainage.output import read_output
from drainage.questions.plain_copy import reporting_copy
from drainage.questions.verify import run_plain_timed
from drainage.tracing.hydraulics import Hydraulics
from drainage.tracing.readings import Series
from twin.scenario.child import run_guarded

BASE_LPS = 1.0
HOURS = 8
LITRES = 28.316847
"""swmm-toolkit's SWMM turns a MASS inflow into cubic feet twice: 1 g/s into 1 L/s gives 35 mg/L (one pipe tells)."""


@dataclass(frozen=True)
class Truth:
    """What SWMM made of the discharges: (t,) times in s, (t, n, k) concentrations, where and when each began."""

    nodes: tuple[str, ...]
    time_s: np.ndarray
    value: np.ndarray
    source: list[str]
    begin_s: np.ndarray
    lasts_s: np.ndarray
    mass_g: np.ndarray


def longer(sewer: SewerFile, path: Path) -> SewerFile:
    """The file over `HOURS` hours."""
    text = [line for line in sewer.lines if not line.startswith(("END_DATE", "END_TIME", "ROUTING_STEP"))]
    at = text.index("[OPTIONS]") + 1
    end = [f"END_DATE {sewer.start:%m/%d/%Y}", f"END_TIME {HOURS:02d}:00:00", "ROUTING_STEP 5"]
    path.write_text("\n".join([*text[:at], *end, *text[at:]]) + "\n")
    return SewerFile.read(path)


def discharge(sewer: SewerFile, sources: list[str], seed: int, rougher: float = 1.15, spread: float = 0.3) -> Truth:
    """Let SWMM carry one tracer from each of `sources`; base flows scatter log-normally by `spread`."""
    random = np.random.default_rng(seed)
    k = len(sources)
    begin = random.uniform(2.0, 3.5, k) * 3600
    lasts = random.uniform(600, 3600, k)
    mass = 10 ** random.uniform(2.5, 4.0, k)
    base = BASE_LPS * 1e-3 * np.exp(spread * random.standard_normal(len(sewer.nodes))) * random.uniform(0.8, 1.25)
    more = ["[OPTIONS]", "REPORT_STEP 0:05:00", "[POLLUTANTS]"]
    more += [f"T{i} MG/L 0 0 0 0 NO * 0 0 0" for i in range(k)]
    more += ["[DWF]"] + [
        f"{n.id} FLOW {b:.8f}" for n, b in zip(sewer.nodes.values(), base, strict=True) if n.kind == "junction"
    ]
    more += ["[INFLOWS]"] + [f"{id} T{i} S{i} MASS {LITRES}" for i, id in enumerate(sources)]
    more += ["[TIMESERIES]"]
    for i in range(k):
        rate = 1000 * mass[i] / lasts[i]
        for t, v in (
            (0, 0),
            (begin[i], 0),
            (begin[i] + 1, rate),
            (begin[i] + lasts[i], rate),
            (begin[i] + lasts[i] + 1, 0),
        ):
            more.append(f"S{i} {t / 3600:.6f} {v:.6f}")
    lines = list(sewer.lines)
    for r in sewer.rows("CONDUIT"):
        lines[r.line - 1] = " ".join([*r.tokens[:4], f"{float(r.tokens[4]) * rougher:.5f}", *r.tokens[5:]])
    rough = SewerFile(sewer.path, lines)
    with tempfile.TemporaryDirectory() as folder:
        path = reporting_copy(rough, Path(folder) / "truth.inp", more, rain=False)
        ran = run_guarded(run_plain_timed, str(path), folder, timeout_s=1800.0, what="SWMM with tracers")
        output = read_output(Path(ran.output))
    value = output.node[:, :, 6:].astype(np.float64)
    return Truth(output.nodes, output.time_s + output.step_s, value, sources, begin, lasts, mass)


def largest_parts(sewer: SewerFile, count: int, path: Path) -> SewerFile:
    """The file with its `count` largest connected parts only, without its land."""
    import networkx as nx

    graph = nx.Graph(link.nodes for link in sewer.links.values())
    parts = sorted(nx.connected_components(graph), key=lambda part: (-len(part), min(part)))
    kept = set().union(*parts[:count])
    gone = {link.id for link in sewer.links.values() if link.nodes[0] not in kept} | (set(sewer.nodes) - kept)
    lines = list(sewer.lines)
    for section, number, words in sewer.walk():
        land = section.startswith(("SUBCATCH", "SUBAREA", "INFILT"))
        if words and section != "OPTIONS" and (land or words[0] in gone):
            lines[number - 1] = ""
    path.write_text("\n".join(lines) + "\n")
    return SewerFile.read(path)


def sensors_of(h: Hydraulics, count: int) -> list[str]:
    """`count` nodes to watch: the first ones see as much as possible, the next ones split what cannot be told apart.

    A node sees what lies above it along links that take at least 30 % of the water of their upper node."""
    import networkx as nx

    mean = h.flow.mean(axis=0)
    graph = nx.DiGraph()
    graph.add_nodes_from(h.nodes)
    for k, flow in enumerate(mean):
        a, b = (h.first[k], h.second[k]) if flow >= 0 else (h.second[k], h.first[k])
        if abs(flow) >= 0.3 * h.through[:, a].mean():
            graph.add_edge(h.nodes[a], h.nodes[b])
    above = {n: nx.ancestors(graph, n) | {n} for n in sorted(graph)}
    chosen: list[str] = []
    unseen, groups = set(graph), [set()]
    for _ in range(count):

        def gain(n: str, unseen: set[str] = unseen, groups: list[set[str]] = groups) -> int:
            fresh = len(unseen & above[n]) * len(graph)
            return fresh + sum(len(g & above[n]) * len(g - above[n]) for g in groups)

        best = max((n for n in above if n not in chosen), key=gain)
        chosen.append(best)
        groups = [part for g in [*groups, unseen & above[best]] for part in (g & above[best], g - above[best]) if part]
        unseen = unseen - above[best]
    return chosen


def read_by(truth: Truth, sensors: list[str], which: int, noise: float, floor: float, seed: int) -> Series | None:
    """What the sensors say every ten minutes of tracer `which`: noisy, 0 below five times `floor`.

    None where no sensor says anything twice."""
    random = np.random.default_rng(seed)
    at = {n: k for k, n in enumerate(truth.nodes)}
    names: list[str] = []
    times: list[float] = []
    values: list[float] = []
    loud = False
    for sensor in sensors:
        true = truth.value[:, at[sensor], which]
        said = true * (1 + noise * random.standard_normal(len(true))) + floor * random.standard_normal(len(true))
        said[said < 5 * floor] = 0.0
        chosen = slice(23, None, 2)
        names += [sensor] * len(said[chosen])
        times += list(truth.time_s[chosen])
        values += list(said[chosen])
        loud |= np.count_nonzero(said[chosen]) > 1
    return Series(tuple(names), np.array(times), np.array(values)) if loud else None
