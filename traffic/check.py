"""What can be wrong with a traffic section before a run: files, routes, places in events, and SUMO's own opinion."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from traffic.config import TrafficConfig
from traffic.demand import Inputs, inputs_of, line_of, trips
from traffic.network import RoadNetwork, edges_of, known_edge, read_network
from traffic.verb_args import Close, Contraflow, Divert, HoldTrucks, Incident, Place, SignalProgram, Signals
from traffic.verbs import known_lanes
from twin.clock import to_s
from twin.model import Event, Setup
from twin.scenario.problems import Problem, suggest

_SHOWN = 3
"""Problems of one kind that are shown one by one; the rest is counted."""


def check(setup: Setup) -> list[Problem]:
    """Every problem of the section; empty when SUMO takes it."""
    config: TrafficConfig = setup.config
    section = setup.section
    key = "sumocfg" if config.sumocfg is not None else "network"
    try:
        inputs = inputs_of(config)
    except ValueError as error:
        return [Problem((section, "sumocfg"), str(error))]
    try:
        network = read_network(inputs.network)
    except ValueError as error:
        return [Problem((section, key), f"{error}. Make one with netconvert or `twin build`")]
    problems = [
        *_projection(section, key, setup.crs, network),
        *_gate(section, setup, network),
        *_reach(section, setup, network),
        *_flooding(section, setup, network),
        *_measured(section, setup, network),
        *_holds(section, setup),
        *_events(setup.events, network),
        *_routes(section, "demand" if key == "network" else key, inputs, network, to_s(setup.duration_us)),
    ]
    if not any(not problem.warn for problem in problems):
        from traffic.check_trips import unreachable

        where = "demand" if key == "network" else key
        problems += unreachable(section, where, inputs, network)
    if all(problem.warn for problem in problems):
        if config.engine == "queue":
            from traffic.queueing.check import check_queue

            problems += check_queue(setup, "demand" if key == "network" else key, inputs)
        else:
            problems += _sumo(section, key, inputs, setup.seed)
    return problems


def _projection(section: str, key: str, crs: str | None, network: RoadNetwork) -> Iterator[Problem]:
    if crs and not network.has_crs:
        yield Problem(
            (section, key),
            f"{network.path.name} knows no projection, so its coordinates are taken to be in {crs} already. "
            "Convert it again with --proj.utm or --proj if streets and water do not lie over each other",
            warn=True,
        )


def _reach(section: str, setup: Setup, network: RoadNetwork) -> Iterator[Problem]:
    if setup.config.reach is not None:
        from traffic.reach_watch import problems

        for text, warn in problems(setup.config.reach, network):
            yield Problem((section, "reach"), text, warn=warn)


def _gate(section: str, setup: Setup, network: RoadNetwork) -> Iterator[Problem]:
    gate = setup.config.gate
    if gate is None:
        if "port" in setup.sections:
            yield Problem(
                (section,),
                "no truck reaches the terminal: name its `gate` (edge, yard_edge) on this network",
                warn=True,
            )
        return
    for key, edge in (("edge", gate.edge), ("yard_edge", gate.yard_edge)):
        try:
            known_edge(edge, network)
        except ValueError as error:
            yield Problem((section, "gate", key), str(error))
    if setup.config.mode == "meso":
        yield Problem(
            (section, "mode"), "meso does not see the queue at the gate: use `mode: micro` with a terminal", warn=True
        )


def _events(events: Sequence[Event], network: RoadNetwork) -> Iterator[Problem]:
    """Unknown edges, streets, lanes and traffic lights in the timeline."""
    for event in events:
        try:
            _event(event.args, network)
        except ValueError as error:
            yield Problem(("timeline",), str(error), where=event.where)


def _event(args: Any, network: RoadNetwork) -> None:
    """Raises `ValueError` with a sentence when the place of a verb is not in the network."""
    if isinstance(args, Place):
        edges = edges_of(args, network)
        if isinstance(args, Close):
            for name in edges:
                known_lanes(network.edges[network.index[name]], args.lanes)
        if isinstance(args, Divert):
            for name in args.away_from:
                known_edge(name, network)
    elif isinstance(args, (Incident, Contraflow)):
        edge = network.edges[network.index[known_edge(args.edge, network)]]
        if isinstance(args, Contraflow):
            known_lanes(edge, (args.lanes - 1,))
        elif args.lane is not None and args.lane >= len(edge.lanes):
            raise ValueError(f"edge '{edge.id}' has {len(edge.lanes)} lanes, counted from 0")
    elif isinstance(args, (Signals, SignalProgram)):
        for signal in args.signals if isinstance(args, Signals) else (args.signal,):
            if signal not in network.signals:
                raise ValueError(f"no traffic light '{signal}'.{suggest(signal, network.signals)}")


def _holds(section: str, setup: Setup) -> Iterator[Problem]:
    for event in setup.events:
        if isinstance(event.args, HoldTrucks) and setup.config.gate is None:
            text = "no truck goes to a terminal here: name the terminal's `gate` in the section"
            yield Problem((section,), text, where=event.where)


def _flooding(section: str, setup: Setup, network: RoadNetwork) -> Iterator[Problem]:
    """Underpasses and the base of the patrols."""
    from traffic.patrols import PatrolFleet
    from traffic.underpasses import Underpasses

    flooding = setup.config.flooding
    try:
        Underpasses.of(flooding, network)
    except ValueError as error:
        yield Problem((section, "flooding", "underpasses"), str(error))
    try:
        if flooding.patrols is not None:
            PatrolFleet(flooding.patrols, network)
    except ValueError as error:
        yield Problem((section, "flooding", "patrols", "base"), str(error))


def _measured(section: str, setup: Setup, network: RoadNetwork) -> Iterator[Problem]:
    """Files of counts and journey times."""
    from traffic.acceptance import read_counts, read_journeys

    for key, read in (("counts", read_counts), ("journeys", read_journeys)):
        path = getattr(setup.config, key)
        try:
            if path is not None:
                read(path, network)
        except ValueError as error:
            yield Problem((section, key), str(error))


def _routes(section: str, key: str, inputs: Inputs, network: RoadNetwork, duration_s: float) -> Iterator[Problem]:
    """Each route file whole and in order of departure, every id once, every edge known, and not all of it in vain."""
    seen: dict[str, Path] = {}
    found, first_s = 0, float("inf")
    for file in inputs.routes:
        before, disorder, strange, twice = float("-inf"), 0, 0, 0
        try:
            for trip in trips(file):
                found += not trip.empty
                if not trip.empty:
                    first_s = min(first_s, -1.0 if trip.depart_s is None else trip.depart_s)
                if trip.id in seen:
                    twice += 1
                    if twice <= _SHOWN:
                        other = seen[trip.id].name if seen[trip.id] != file else "the same file"
                        yield _at(section, key, file, trip.id, f"'{trip.id}' is also in {other}: every id once")
                seen[trip.id] = file
                if trip.depart_s is not None:
                    if trip.depart_s < 0:
                        yield _at(section, key, file, trip.id, f"'{trip.id}' departs before 0 s")
                    elif trip.depart_s < before:
                        disorder += 1
                        if disorder == 1:
                            yield _at(
                                section,
                                key,
                                file,
                                trip.id,
                                f"'{trip.id}' departs at {trip.depart_s:g} s, after one that departs at {before:g} s: "
                                "SUMO drops such vehicles without a word. Sort the file by departure "
                                "(sumo/tools/route/sort_routes.py)",
                            )
                    before = max(before, trip.depart_s)
                for edge in trip.edges:
                    if edge not in network.all_ids:
                        strange += 1
                        if strange <= _SHOWN:
                            text = f"'{trip.id}' uses edge '{edge}', which is not in {network.path.name}."
                            yield _at(section, key, file, trip.id, text + _like(edge, network))
                        break
        except (ElementTree.ParseError, EOFError, OSError, UnicodeDecodeError) as error:
            yield Problem((section, key), f"{file.name} is not a whole XML file: {error}")
        if strange > _SHOWN:
            yield Problem((section, key), f"{strange} trips of {file.name} use edges that are not in the network")
    if not found:
        names = ", ".join(file.name for file in inputs.routes) or "nothing"
        yield Problem((section, key), f"there is no trip in the demand ({names})")
    elif first_s >= inputs.begin_s + duration_s:
        when = f"the first trip departs at {first_s:g} s, the run ends at {inputs.begin_s + duration_s:g} s"
        yield Problem((section, key), f"no trip departs within the run: {when}", warn=True)


def _like(edge: str, network: RoadNetwork) -> str:
    """The edge that differs in the case of its letters or in a sign before it only, else the nearest by spelling."""
    plain = edge.strip().lstrip("-").lower()
    twins = sorted(one for one in network.all_ids if one.lstrip("-").lower() == plain)
    return f" Did you mean '{twins[0]}'?" if twins else suggest(edge, network.all_ids)


def _at(section: str, key: str, file: Path, trip: str, text: str) -> Problem:
    line = line_of(file, f'id="{trip}"')
    return Problem((section, key), text, where=f"{file.name}:{line}" if line else file.name)


def _sumo(section: str, key: str, inputs: Inputs, seed: int) -> Iterator[Problem]:
    """What SUMO says when it loads everything, in a process of its own."""
    from twin.scenario.child import ChildError, run_guarded

    try:
        refusal, errors = run_guarded(load_all, inputs, seed, timeout_s=300.0, what="SUMO, reading the traffic")
    except (ChildError, RuntimeError) as error:
        yield Problem((section, key), str(error))
        return
    if refusal:
        way_out = "" if inputs.skip_invalid else " Mend it, or leave such trips out with `skip_invalid: true`"
        more = f" ({errors} errors in all)" if errors > 1 else ""
        yield Problem((section, key), f"SUMO refused the traffic: {refusal}{more}.{way_out}")


def load_all(inputs: Inputs, seed: int) -> tuple[str, int]:
    """Load network and all routes into SUMO and let it test each route that is given edge by edge.

    Returns (its first error or an empty text, number of errors). Trips that name only their ends find their way when
    they depart; flows are made then.
    """
    from traffic.sumo import Simulation, errors_in, options_of, told_to

    with tempfile.TemporaryDirectory() as folder:
        log, said = Path(folder) / "sumo-errors.log", Path(folder) / "said.log"
        command = [*options_of(inputs, seed, Path(folder), strict=not inputs.skip_invalid), "--route-steps", "0"]
        try:
            with told_to(said):  # what SUMO says of files that it cannot take does not reach its log
                simulation = Simulation(command, log, "check")
        except RuntimeError as error:
            errors = errors_in(log) or errors_in(said)
            return (errors[0].rstrip(".") if errors else str(error)), len(errors)
        vehicle = simulation.lib.vehicle
        loaded = () if inputs.skip_invalid else vehicle.getLoadedIDList()
        given = {trip.id for file in inputs.routes for trip in trips(file) if trip.tag == "vehicle"}
        wrong = [vid for vid in loaded if vid in given and not vehicle.isRouteValid(vid)]
        first = (wrong[0], vehicle.getVehicleClass(wrong[0]), vehicle.getRoute(wrong[0])) if wrong else None
        simulation.close()
    return (_why(*first, read_network(inputs.network)), len(wrong)) if first else ("", 0)


def _why(vehicle: str, vclass: str, route: Sequence[str], network: RoadNetwork) -> str:
    """Where a route breaks: the first edge that its class may not use, or the first that does not follow."""
    for edge, then in itertools.pairwise((*route, "")):
        street = network.index.get(edge)
        if street is None and edge in network.all_ids:
            return f"'{vehicle}' cannot drive its route: no road vehicle drives on edge '{edge}'"
        if street is not None and vclass not in network.edges[street].classes:
            return f"'{vehicle}' cannot drive its route: edge '{edge}' is not for class '{vclass}'"
        if then and then not in network.follows.get(edge, ()):
            return f"'{vehicle}' cannot drive its route: no lane leads from edge '{edge}' to '{then}'"
    return f"'{vehicle}' cannot drive its route: no lane for class '{vclass}' leads all the way"
