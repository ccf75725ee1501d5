"""One engine on one configuration, in a process of its own: `python -m traffic.verify.child JSON`.

A SUMO that crashes takes only its child along, and process times of the engines do not mix. The answer is one line of
JSON on standard output; the trips go to a file.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

LONGEST_WAIT_S = 4 * 3600.0
"""Where the configuration names no end: until all have arrived, at most this long after the last departure."""
CHUNK_S = 60.0


def main(text: str) -> dict[str, Any]:
    """Run what the JSON asks for and give its figures."""
    task = json.loads(text)
    run: Callable[[dict[str, Any]], dict[str, Any]] = run_queue if task["engine"] == "queue" else run_sumo
    return run(task)


def run_sumo(task: dict[str, Any]) -> dict[str, Any]:
    """SUMO, `micro` or `meso`, to the end of the configuration. Times are process times in s."""
    from traffic.demand import read_sumocfg
    from traffic.fast.compare import read_vehroutes
    from traffic.sumo import Simulation, count_warnings, options_of
    from traffic.verify.trips import write_journeys

    folder = Path(task["folder"])
    inputs = replace(read_sumocfg(Path(task["file"])), meso=task["engine"] == "meso", skip_invalid=True)
    routes = folder / f"{task['engine']}.routes.xml"
    command = options_of(inputs, task["seed"], folder)
    command += ["--vehroute-output", str(routes), "--vehroute-output.exit-times"]
    begun = time.process_time()
    simulation = Simulation(command, folder / "sumo-errors.log", "verify")
    loaded = time.process_time()
    lib, end = simulation.lib, task["end_s"]
    latest = end if end is not None else task["last_s"] + LONGEST_WAIT_S
    while simulation.time_s() < latest and (end is not None or lib.simulation.getMinExpectedNumber() > 0):
        lib.simulationStep(min(simulation.time_s() + CHUNK_S, latest))
    ended = time.process_time()

    def count(name: str) -> int:
        return int(float(lib.simulation.getParameter("", f"stats.{name}") or 0))

    inserted, running, waiting = (count(f"vehicles.{name}") for name in ("inserted", "running", "waiting"))
    teleports, now_s = count("teleports.total"), simulation.time_s()
    simulation.close()
    journeys = read_vehroutes(routes)
    write_journeys(Path(task["trips"]), journeys)
    return {
        "finished": inserted - running, "unfinished": running + waiting, "teleports": teleports, "end_s": now_s,
        "load_s": loaded - begun, "run_s": ended - loaded,
        "warnings": count_warnings(folder / "sumo-errors.log"),
    }  # fmt: skip


def run_queue(task: dict[str, Any]) -> dict[str, Any]:
    """The queue engine on the same files; run twice, so that compilation is not counted."""
    from traffic.demand import read_sumocfg
    from traffic.fast.compare import journeys_of
    from traffic.fast.demand import Demand
    from traffic.fast.engine import run
    from traffic.fast.network import QueueNetwork
    from traffic.fast.state import Options
    from traffic.fast.stepper import Bound
    from traffic.queueing.parameters import read_parameters
    from traffic.queueing.ways import complete
    from traffic.verify.trips import write_journeys

    inputs = read_sumocfg(Path(task["file"]))
    parameters = read_parameters(Path(task["parameters"]) if task["parameters"] else None)
    times = []
    for _ in range(2):
        begun = time.process_time()
        network = QueueNetwork.read(inputs.network, inputs.additional)
        demand, completed = complete(network, Demand.read(inputs.routes, inputs.additional))
        before = inputs.begin_s
        due = [
            t for t in demand.trips if before <= t.depart_s and (task["end_s"] is None or t.depart_s < task["end_s"])
        ]
        bound = Bound.of(network, replace(demand, trips=due), parameters.rules, task["seed"], parameters.pace)
        loaded = time.process_time()
        result = run(bound, Options(end_s=task["end_s"], seed=task["seed"], exits=True))
        times.append((loaded - begun, time.process_time() - loaded))
    journeys = journeys_of(bound, result)
    write_journeys(Path(task["trips"]), journeys)
    finished = result.counts["finished"]
    ended = [j.exits_s[-1] for j in journeys.values()]
    return {
        "finished": finished, "unfinished": result.counts["trips"] - finished,
        "teleports": 0, "end_s": task["end_s"] if task["end_s"] is not None else float(max(ended, default=0.0)),
        "load_s": times[-1][0], "run_s": times[-1][1], "first_run_s": times[0][1],
        "completed": completed, "relieved": result.counts["relieved"], "lapsed": result.counts["lapsed"],
        "moves": result.counts["moves"],
        "refused": [f"{vid}: {why}" for vid, why in bound.fleet.refused] + demand.skipped,
    }  # fmt: skip


if __name__ == "__main__":
    answer = main(sys.argv[1])
    print(json.dumps(answer))
