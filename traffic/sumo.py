"""SUMO in this process (libsumo): started with a list of options, stepped, and always closed again.

libsumo holds one simulation per process, so a second one is refused by name. SUMO's messages go to files in the run's
folder: `sumo.log` (what it does) and `sumo-errors.log` (warnings and errors).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from traffic.demand import Inputs, own_copies
from traffic.network import RoadNetwork

_running: list[str] = []
News = tuple[float, tuple[str, ...], tuple[str, ...]]
"""SUMO's clock in s after a step, who set out and who arrived in it."""


def libsumo() -> Any:
    """The library, or `RuntimeError` with what to install when its system libraries are missing."""
    try:
        import libsumo as library
    except ImportError as error:
        raise RuntimeError(
            f"SUMO cannot be loaded ({error}). On Debian or Ubuntu: "
            "apt-get install libgl1 libx11-6 libxext6 libxrender1 libexpat1"
        ) from error
    return library


def options_of(inputs: Inputs, seed: int, folder: Path, strict: bool = False) -> list[str]:
    """The command line that stands for the inputs.

    strict  refuse invalid routes when they are loaded, instead of leaving their vehicles out with a warning.
    """
    command = ["sumo", "--net-file", str(inputs.network)]
    if inputs.routes:
        command += ["--route-files", ",".join(map(str, inputs.routes))]
    additional = own_copies(inputs.additional, folder)
    if additional:
        command += ["--additional-files", ",".join(map(str, additional))]
    command += ["--begin", f"{inputs.begin_s:g}", "--seed", str(seed % 2**31), "--no-step-log", "--no-warnings"]
    command += ["--message-log", str(folder / "sumo.log"), "--error-log", str(folder / "sumo-errors.log")]
    command += ["--duration-log.disable", "--ignore-route-errors", "false" if strict else "true"]
    if inputs.step_s is not None:
        command += ["--step-length", f"{inputs.step_s:g}"]
    if inputs.teleport_s is not None:
        command += ["--time-to-teleport", f"{inputs.teleport_s:g}"]
    if inputs.meso:
        command += ["--mesosim", "true"]
        if not any(name.startswith("meso-junction-control") for name, _ in inputs.options):
            command += ["--meso-junction-control", "true"]
    for name, value in inputs.options:
        command += [f"--{name}", value]
    return command


class Router:
    """Makes SUMO's router know the turns into and out of an edge before that edge is closed.

    SUMO notes the successors of an edge for a vehicle class when its router first comes past, and never again. An edge
    that is closed at that moment stays unknown to the router for good, even after it has opened.
    """

    def __init__(self, lib: Any, network: RoadNetwork) -> None:
        self.lib, self.network = lib, network
        self._types: dict[str, str] = {}

    def learn(self, edges: Iterable[str]) -> None:
        """Ask for the ways into and out of these edges, for every class that may drive them."""
        pairs: dict[tuple[str, str], None] = {}
        for edge in edges:
            pairs.update(((before, edge), None) for before in self.network.precedes.get(edge, ()))
            pairs.update(((edge, after), None) for after in self.network.follows.get(edge, ()))
        index, edges_of = self.network.index, self.network.edges
        for first, last in pairs:
            if first in index and last in index:
                for vclass in sorted(edges_of[index[first]].classes & edges_of[index[last]].classes):
                    with contextlib.suppress(self.lib.TraCIException):
                        self.lib.simulation.findRoute(first, last, self._type(vclass))

    def _type(self, vclass: str) -> str:
        """A vehicle type of a class, made for these questions only."""
        if vclass not in self._types:
            name = f"twin.{vclass}"
            self.lib.vehicletype.copy("DEFAULT_VEHTYPE", name)
            self.lib.vehicletype.setVehicleClass(name, vclass)
            self._types[vclass] = name
        return self._types[vclass]


class Simulation:
    """A running SUMO. `lib` is libsumo itself; times are SUMO's own seconds.

    Raises `RuntimeError` when another simulation runs in this process or SUMO refuses its input.
    """

    def __init__(self, command: list[str], errors: Path, name: str = "traffic") -> None:
        self.lib = libsumo()
        self.open = False
        if self.lib.simulation.isLoaded():
            holder = _running[0] if _running else "another part of this program"
            raise RuntimeError(
                f"'{name}' cannot start SUMO: {holder} already runs a simulation, and libsumo holds one per process. "
                "Close it first, or run the two in processes of their own."
            )
        try:
            self.lib.start(command)
        except self.lib.TraCIException as error:
            reason = next(iter(errors_in(errors)), str(error))
            raise RuntimeError(f"SUMO refused its input: {reason}") from None
        self.open = True
        _running[:] = [f"'{name}'"]
        self.begin_s: float = self.lib.simulation.getTime()
        self.step_s: float = self.lib.simulation.getDeltaT()

    def step(self) -> None:
        """One time step."""
        self.lib.simulationStep()

    def stretch(self, until_s: float, look: bool) -> tuple[list[News], tuple[str, ...]]:
        """At least one step; until `until_s` (or less than a step beyond), or SUMO has read new vehicles or lifted one.

        look  also until a vehicle sets out, stops, or goes on from a stop
        Returns who set out and arrived when, and the vehicles that the last step has read.
        """
        simulation, step = self.lib.simulation, self.lib.simulationStep
        time_s, loaded, lifted = simulation.getTime, simulation.getLoadedIDList, simulation.getStartingTeleportNumber
        departed, arrived = simulation.getDepartedIDList, simulation.getArrivedIDList
        starting, ending = simulation.getStopStartingVehiclesIDList, simulation.getStopEndingVehiclesIDList
        until_s -= 1e-6
        found: list[News] = []
        while True:
            step()
            new, began, ended = loaded(), departed(), arrived()
            if new or began or ended:
                found.append((time_s(), began, ended))
                if new or (began and look):
                    return found, new
            if time_s() > until_s or lifted() or (look and (starting() or ending())):
                return found, new

    def occupied(self, edge: str, lanes: Iterable[int]) -> int:
        """Vehicles on some lanes of an edge."""
        return int(sum(self.lib.lane.getLastStepVehicleNumber(f"{edge}_{lane}") for lane in lanes))

    def time_s(self) -> float:
        """SUMO's clock in s."""
        return float(self.lib.simulation.getTime())

    def close(self) -> None:
        """End the simulation and write its files; calling it again does nothing."""
        if self.open:
            self.open = False
            _running.clear()
            self.lib.close()


def errors_in(log: Path) -> list[str]:
    """The errors that SUMO logged, each in one line without its prefix; empty where there is no log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    found: list[str] = []
    for line in lines:
        if line.startswith("Error:"):
            found.append(line.removeprefix("Error:").strip())
        elif found and line.startswith(" "):
            found[-1] += line.rstrip()
    return found


@contextlib.contextmanager
def told_to(file: Path) -> Iterator[None]:
    """What the process writes to its standard error, by whatever library, goes to a file meanwhile."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with file.open("wb") as target:
            os.dup2(target.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def count_warnings(log: Path) -> int:
    """Warnings and errors in SUMO's log."""
    if not log.is_file():
        return 0
    with log.open(encoding="utf-8", errors="replace") as lines:
        return sum(line.startswith(("Warning:", "Error:")) for line in lines)
