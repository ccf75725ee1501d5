"""What the queue engine cannot do, said before a run: verbs, settings, and trips that it cannot drive."""

from __future__ import annotations

from collections.abc import Iterator

from traffic.config import TrafficConfig
from traffic.demand import Inputs
from twin.model import Event, Setup
from twin.scenario.problems import Problem

CANNOT = {
    "contraflow": "turn lanes against their direction",
    "divert": "lead vehicles over a diversion (drivers find their own way round)",
    "hold_trucks": "hold trucks at a buffer park",
    "signal_program": "change a signal's program",
    "retime": "change a signal's timings",
}
"""Verbs that need SUMO, and what the engine would have to do."""
SETTINGS = {
    "counts": "counts are compared",
    "journeys": "journey times are compared",
}
_SHOWN = 3


def refuse(event: Event) -> None:
    """Raises `ValueError` for a verb that only SUMO can do."""
    if event.verb in CANNOT:
        raise ValueError(f"the queue engine cannot {CANNOT[event.verb]}: use `engine: sumo` for traffic.{event.verb}")


def check_queue(setup: Setup, key: str, inputs: Inputs) -> Iterator[Problem]:
    """Problems of a section with `engine: queue`; files, events' places and routes have been looked at before."""
    section, config = setup.section, setup.config
    found = [*_events(setup), *_settings(section, config)]
    yield from found
    if all(problem.warn for problem in found):
        yield from _trips(section, key, setup, inputs)


def _events(setup: Setup) -> Iterator[Problem]:
    for event in setup.events:
        try:
            refuse(event)
        except ValueError as error:
            yield Problem(("timeline",), str(error), where=event.where)


def _settings(section: str, config: TrafficConfig) -> Iterator[Problem]:
    if config.flooding.stalling is not None:
        yield Problem((section, "flooding", "stalling"), "engines drown with `engine: sumo` only: leave it out")
    for name, words in SETTINGS.items():
        if getattr(config, name, None) is not None:
            yield Problem((section, name), f"{words} with `engine: sumo` only: leave it out")


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
