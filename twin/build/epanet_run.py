"""EPANET as a calculator for the builder: the peak hour while pipes are sized, and plain runs of the finished file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from twin.build.water import WaterNet

FloatArray = NDArray[np.float64]

# Codes of EPANET 2.2's toolkit (epanet2_enums.h).
NODE_HEAD, NODE_PRESSURE, NODE_DEMAND, NODE_EMITTER = 10, 11, 9, 3
LINK_DIAMETER, LINK_FLOW, LINK_VELOCITY, LINK_LOSS = 0, 8, 9, 10
TIME_DURATION, TIME_PATTERN_START = 0, 4


@dataclass(frozen=True)
class State:
    """A steady hour: heads and pressures per junction (m), velocity (m/s) and loss (m/m) per pipe."""

    head_m: FloatArray
    pressure_m: FloatArray
    velocity_mps: FloatArray
    loss: FloatArray


def open_toolkit(path: Path) -> Any:
    """EPANET with the file open. ValueError with EPANET's own message when it refuses the file."""
    from wntr.epanet.toolkit import ENepanet

    engine = ENepanet(str(path), str(path.with_suffix(".rpt")), "")
    try:
        engine.ENopen(str(path), str(path.with_suffix(".rpt")), "")
    except Exception as error:
        raise ValueError(f"EPANET refuses {path.name}: {error}") from error
    return engine


class DesignRun:
    """The network at peak demand with the station as a given inflow and the tank as a fixed head of 100 m."""

    tank_head_m = 100.0

    def __init__(self, net: WaterNet, peak: float, folder: Path) -> None:
        self.net = net
        path = folder / "design.inp"
        path.write_text(self._text(peak), encoding="utf-8")
        self.engine = open_toolkit(path)
        self.engine.ENopenH()
        self.nodes = [self.engine.ENgetnodeindex(i) for i in net.ids]
        self.links = [self.engine.ENgetlinkindex(p.id) for p in net.pipes]
        self.lengths = np.array([p.length_m for p in net.pipes])

    def __enter__(self) -> DesignRun:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.engine.ENcloseH()
        self.engine.ENclose()

    def _text(self, peak: float) -> str:
        net = self.net
        demand = net.demand_m3s * peak * 1000
        demand[net.station] -= net.pump_flow_m3s * 1000
        rows = ["[JUNCTIONS]"]
        rows += [f"{i} {z:.3f} {q:.5f}" for i, z, q in zip(net.ids, net.ground_m, demand, strict=True)]
        rows += ["[RESERVOIRS]", f"T1 {self.tank_head_m}", "[PIPES]"]
        rows += [
            f"{p.id} {net.ids[p.a]} {net.ids[p.b]} {p.length_m} {p.diameter_m * 1000:.0f} {net.roughness} 0 Open"
            for p in net.pipes
        ]
        rows += [f"PT1 {net.ids[net.tank]} T1 30 500 {net.roughness} 0 Open"]
        rows += [
            "[OPTIONS]",
            "Units LPS",
            "Headloss H-W",
            "Accuracy 0.0001",
            "Trials 200",
            "[TIMES]",
            "Duration 0",
            "[END]",
        ]
        return "\n".join(rows) + "\n"

    def set_diameter(self, pipe: int, diameter_m: float) -> None:
        self.engine.ENsetlinkvalue(self.links[pipe], LINK_DIAMETER, diameter_m * 1000)

    def solve(self) -> State:
        engine = self.engine
        engine.ENinitH(0)
        engine.ENrunH()
        node, link = engine.ENgetnodevalue, engine.ENgetlinkvalue
        head = np.array([node(i, NODE_HEAD) for i in self.nodes])
        return State(
            head,
            np.array([node(i, NODE_PRESSURE) for i in self.nodes]),
            np.array([link(i, LINK_VELOCITY) for i in self.links]),
            np.array([link(i, LINK_LOSS) for i in self.links]) / self.lengths,
        )


@dataclass(frozen=True)
class DayRun:
    """A day of the finished file by step: time (nt,), pressure (nt, n), flow and speed (nt, m), tank level (nt,)."""

    time_s: FloatArray
    pressure_m: FloatArray
    flow_lps: FloatArray
    velocity_mps: FloatArray
    tank_level_m: FloatArray


def run_day(
    path: Path,
    junctions: list[str],
    pipes: list[str],
    hours: float = 24.0,
    start_hour: float = 0.0,
    emitter: tuple[str, float] | None = None,
) -> DayRun:
    """Run an INP file from an hour of the day; `emitter` (junction, L/s per m^0.5) lets water out somewhere."""
    engine = open_toolkit(path)
    try:
        engine.ENsettimeparam(TIME_DURATION, int(hours * 3600))
        engine.ENsettimeparam(TIME_PATTERN_START, int(start_hour * 3600))
        nodes = [engine.ENgetnodeindex(i) for i in junctions]
        links = [engine.ENgetlinkindex(i) for i in pipes]
        tank = engine.ENgetnodeindex("T1")
        if emitter:
            engine.ENsetnodevalue(engine.ENgetnodeindex(emitter[0]), NODE_EMITTER, emitter[1])
        engine.ENopenH()
        engine.ENinitH(0)
        times, pressures, flows, speeds, levels = [], [], [], [], []
        while True:
            times.append(float(engine.ENrunH()))
            pressures.append([engine.ENgetnodevalue(i, NODE_PRESSURE) for i in nodes])
            flows.append([engine.ENgetlinkvalue(i, LINK_FLOW) for i in links])
            speeds.append([engine.ENgetlinkvalue(i, LINK_VELOCITY) for i in links])
            levels.append(engine.ENgetnodevalue(tank, NODE_PRESSURE))
            if engine.ENnextH() <= 0:
                break
        engine.ENcloseH()
    finally:
        engine.ENclose()
    return DayRun(np.array(times), np.array(pressures), np.array(flows), np.array(speeds), np.array(levels))
