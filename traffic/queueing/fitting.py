"""Calibration from files: a run of SUMO in a child process, then `traffic.fast.calibrate`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from traffic.demand import read_sumocfg
from traffic.fast.calibrate import Fit, calibrate
from traffic.fast.demand import Demand
from traffic.fast.network import QueueNetwork
from traffic.queueing.ways import complete
from traffic.verify.report import end_of, run_child, until_of
from traffic.verify.trips import read_journeys


def fit_to_sumo(file: Path, seed: int, rounds: int, tell: Callable[[str], None] = lambda text: None) -> Fit:
    """Run SUMO micro on the configuration and fit paces to its trips. Raises `ValueError` where it cannot."""
    inputs, end_s = read_sumocfg(file), end_of(file)
    network = QueueNetwork.read(inputs.network, inputs.additional)
    demand, _ = complete(network, Demand.read(inputs.routes, inputs.additional))
    trips = [t for t in demand.trips if inputs.begin_s <= t.depart_s and (end_s is None or t.depart_s < end_s)]
    if not trips:
        raise ValueError(f"{file.name} has no vehicle that departs")
    last_s = trips[-1].depart_s
    with tempfile.TemporaryDirectory() as folder:
        tell("SUMO micro …")
        found = run_child("micro", file, seed, Path(folder), end_s, last_s, None)
        if "failed" in found:
            raise ValueError(f"SUMO micro refuses {file.name}: {found['failed']}")
        reference = read_journeys(Path(folder) / "micro.npz")
    if len(reference) < 2:
        raise ValueError(f"only {len(reference)} trips of {file.name} finish with SUMO: there is nothing to fit to")
    tell(f"{rounds} rounds of fitting …")
    until = until_of(inputs, end_s, last_s)
    return calibrate(network, replace(demand, trips=trips), reference, rounds=rounds, until_s=until)
