"""One run of the queue model from start to end."""

from __future__ import annotations

import numpy as np

from traffic.fast.demand import Demand
from traffic.fast.layout import ARRIVED
from traffic.fast.network import QueueNetwork
from traffic.fast.rules import Rules
from traffic.fast.state import Options, Result
from traffic.fast.stepper import Bound, QueueRun

CHUNK_S = 300.0
"""How often a run looks whether everybody has arrived."""


def simulate(
    network: QueueNetwork, demand: Demand, options: Options | None = None, rules: Rules | None = None
) -> Result:
    """Run all trips of a demand through a network, to `Options.end_s` or until nobody is left."""
    options = options or Options()
    return run(Bound.of(network, demand, rules, options.seed), options)


def run(bound: Bound, options: Options | None = None) -> Result:
    """The same for a network and demand that were brought together before."""
    return finish(QueueRun(bound, options))


def finish(queue: QueueRun) -> Result:
    """Run on to the end."""
    while queue.now_s + queue.physics.bucket <= queue.end_s:
        queue.advance(min(queue.now_s + CHUNK_S, queue.end_s))
        if queue.options.end_s is None and not np.any(queue.state.vehicle["state"] < ARRIVED):
            break
    return queue.result()
