"""What a question is asked of: a network with its demand, from a configuration, a scenario, or a network file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from traffic.config import TrafficConfig
from traffic.demand import Inputs, inputs_of, read_sumocfg
from traffic.fast.demand import Demand
from traffic.fast.network import QueueNetwork
from traffic.fast.stepper import Bound
from traffic.network import RoadNetwork, read_network
from traffic.queueing.parameters import read_parameters
from traffic.queueing.ways import complete


@dataclass(frozen=True)
class Source:
    """Everything that a batch needs. `refused` are (trip, why); `begin_s` is the demand's own start.

    share, period_s : drivers who compare ways as they drive, and how often (a scenario's `rerouting`)
    """

    file: Path
    inputs: Inputs
    network: RoadNetwork
    bound: Bound
    completed: int
    begin_s: float
    refused: tuple[tuple[str, str], ...]
    share: float = 0.0
    period_s: float = 300.0

    @property
    def trips(self) -> int:
        return len(self.bound.fleet.ids)


def inputs_from(
    file: Path, demand: Sequence[Path] = (), additional: Sequence[Path] = ()
) -> tuple[Inputs, TrafficConfig | None]:
    """The files behind `file` (.sumocfg, scenario .yaml, or .net.xml with `demand`), and a scenario's own section.

    Raises `ValueError` in a sentence."""
    if not file.is_file():
        raise ValueError(f"{file}: there is no such file")
    if file.suffix in (".yaml", ".yml"):
        return _of_scenario(file)
    if file.suffix == ".sumocfg":
        return read_sumocfg(file), None
    if not demand:
        raise ValueError(f"{file.name} is a network: name its route files with --demand")
    for path in (*demand, *additional):
        if not path.is_file():
            raise ValueError(f"{path}: there is no such file")
    return Inputs(file, tuple(demand), tuple(additional)), None


def _of_scenario(file: Path) -> tuple[Inputs, TrafficConfig]:
    from twin.scenario.loader import load

    scenario = load(file)
    section = scenario.sections.get("traffic")
    if section is None:
        raise ValueError(f"{file.name} has no traffic")
    return inputs_of(section), section


def open_source(
    file: Path,
    demand: Sequence[Path] = (),
    additional: Sequence[Path] = (),
    parameters: Path | None = None,
    seed: int = 0,
) -> Source:
    """Read and bind all files. Raises `ValueError` in a sentence."""
    inputs, own = inputs_from(file, demand, additional)
    given = read_parameters(parameters or (own.queue.parameters if own is not None else None))
    queue = QueueNetwork.read(inputs.network, inputs.additional)
    whole, completed = complete(queue, Demand.read(inputs.routes, inputs.additional))
    whole = replace(whole, trips=[trip for trip in whole.trips if trip.depart_s >= inputs.begin_s])
    bound = Bound.of(queue, whole, given.rules, seed, given.pace)
    if not bound.fleet.ids:
        why = f" ({bound.fleet.refused[0][0]}: {bound.fleet.refused[0][1]})" if bound.fleet.refused else ""
        raise ValueError(f"{file.name}: no trip can be driven{why}")
    network = read_network(inputs.network)
    drivers = own.rerouting if own is not None else None
    share, period_s = (drivers.share, drivers.period) if drivers is not None else (0.0, 300.0)
    return Source(file, inputs, network, bound, completed, inputs.begin_s, bound.fleet.refused, share, period_s)
