"""What the queue engine cannot do, said before a run: settings, places to wait, and trips that it cannot drive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from traffic.config import TrafficConfig
from traffic.demand import Inputs
from twin.model import Setup
from twin.scenario.problems import Problem

if TYPE_CHECKING:
    from traffic.fast.network import QueueNetwork

PLACES = {
    "parkingArea": "vehicles park there, but nobody is turned away from a full one",
    "chargingStation": "vehicles stop there, but no energy is drawn",
}
"""What the engine takes for a stop like any other."""
_SHOWN = 3


def check_queue(setup: Setup, key: str, inputs: Inputs) -> Iterator[Problem]:
    """Problems of a section with `engine: queue`; files, events' places and routes have been looked at before."""
    section, config = setup.section, setup.config
    found = [*_settings(section, config), *_facilities(section, inputs)]
    yield from found
    if all(problem.warn for problem in found):
        yield from _trips(section, key, setup, inputs)


def _settings(section: str, config: TrafficConfig) -> Iterator[Problem]:
    if config.flooding.stalling is not None:
        yield Problem((section, "flooding", "stalling"), "engines drown with `engine: sumo` only: leave it out")


def _facilities(section: str, inputs: Inputs) -> Iterator[Problem]:
    """Warnings about places that the engine knows as stops only."""
    from traffic.network import elements

    found: dict[str, int] = {}
    for file in inputs.additional:
        for _, element in elements(file):
            if element.tag in PLACES:
                found[element.tag] = found.get(element.tag, 0) + 1
    for tag, number in sorted(found.items()):
        text = f"{number} x {tag}: {PLACES[tag]} with `engine: queue`; `engine: sumo` has it"
        yield Problem((section, "engine"), text, warn=True)


def _measures(section: str, setup: Setup, inputs: Inputs, network: QueueNetwork) -> Iterator[Problem]:
    """Programs of traffic lights and buffer parks that events name."""
    from traffic.network import read_network
    from traffic.queueing.measures import park_edges
    from traffic.queueing.signals import shown_by
    from traffic.verb_args import HoldTrucks, SignalProgram, Signals

    for event in setup.events:
        args = event.args
        try:
            if isinstance(args, HoldTrucks):
                park_edges([event], inputs, read_network(inputs.network))
            elif isinstance(args, Signals | SignalProgram):
                named = (args.signal,) if isinstance(args, SignalProgram) else args.signals
                for name in named or sorted({name for name, _ in network.signal_ids}):
                    if name in network.programs:
                        shown_by(network, name, args, 0.0)
        except ValueError as error:
            yield Problem((section,), str(error), where=event.where)


def _trips(section: str, key: str, setup: Setup, inputs: Inputs) -> Iterator[Problem]:
    """Parameters that cannot be read, and trips that the engine cannot drive."""
    from traffic.fast.network import QueueNetwork
    from traffic.fast.stepper import Bound
    from traffic.queueing.demand import read_demand
    from traffic.queueing.parameters import read_parameters

    config: TrafficConfig = setup.config
    try:
        parameters = read_parameters(config.queue.parameters)
        network = QueueNetwork.read(inputs.network, inputs.additional)
        for start, end in parameters.pace:
            if (network.index.get(start), network.index.get(end)) not in network.turn_of:
                name = config.queue.parameters.name if config.queue.parameters else ""
                raise ValueError(f"{name}: no turn from '{start}' to '{end}' in {inputs.network.name}")
    except ValueError as error:
        yield Problem((section, "queue", "parameters"), str(error))
        return
    yield from _measures(section, setup, inputs, network)
    try:
        demand = read_demand(inputs, network, config.gate)
        bound = Bound.of(network, demand.demand, parameters.rules, setup.seed, parameters.pace)
    except ValueError as error:
        yield Problem((section, key), str(error))
        return
    refused = [*bound.fleet.refused, *((text.partition(":")[0], text) for text in demand.demand.skipped)]
    for vid, why in refused[:_SHOWN]:
        way_out = "" if config.skip_invalid else ". Mend it, or leave such trips out with `skip_invalid: true`"
        yield Problem((section, key), f"'{vid}' cannot drive its route: {why}{way_out}", warn=config.skip_invalid)
    if len(refused) > _SHOWN:
        text = f"{len(refused)} trips cannot drive their routes"
        yield Problem((section, key), text, warn=config.skip_invalid)
