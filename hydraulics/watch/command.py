"""`twin water watch NET.inp --readings FILE.csv`: which hydrant is open."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson
from twin.scenario.problems import ScenarioError, suggest

if TYPE_CHECKING:
    from hydraulics.network import Network
    from hydraulics.watch.readings import Readings
    from hydraulics.watch.watch import Diagnosis, WatchSettings


@guarded
def watch(
    inp: Annotated[Path, typer.Argument(help="network (INP file)", show_default=False)],
    readings: Annotated[
        Path,
        typer.Option("--readings", help="CSV: time,pressure:J1,flow:P3… in m and L/s", show_default=False),
    ],
    hydrants: Annotated[
        str | None, typer.Option("--hydrants", help="junctions, separated by commas (default: all junctions)")
    ] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="or the junctions with this tag in the INP")] = None,
    allowed: Annotated[str, typer.Option("--allowed", help="hydrants in use with permission, by commas")] = "",
    pressure_noise: Annotated[float, typer.Option(min=0.001, help="standard deviation of a pressure reading, m")] = 0.3,
    flow_noise: Annotated[float, typer.Option(min=0.0001, help="standard deviation of a flow reading, L/s")] = 0.5,
    demand_noise: Annotated[float, typer.Option(min=0.0, max=1.0, help="scatter of a junction's demand, share")] = 0.1,
    quiet: Annotated[int, typer.Option(min=0, help="so many first readings are known to be undisturbed")] = 0,
    every: Annotated[float, typer.Option(min=0.1, help="hours after which signatures are worked out anew")] = 1.0,
    false_alarms: Annotated[float, typer.Option(min=0.001, max=0.5, help="accepted share of false alarms")] = 0.01,
    required: Annotated[float, typer.Option(min=0.1, help="pressure for full service, m")] = 20.0,
    trials: Annotated[int, typer.Option(min=0, help="also try so many made-up cases and say how many are found")] = 0,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="write a table (.csv), a map (.geojson) or a figure (.png, .pdf, .svg); repeatable",
        ),
    ] = None,
) -> None:
    """Say from pressures and flows which hydrant is open, knocked over or being drawn from."""
    from hydraulics.questions.show import as_json as text
    from hydraulics.questions.show import feature, print_table, write_out
    from hydraulics.watch.figure import draw_diagnosis
    from hydraulics.watch.readings import read_csv
    from hydraulics.watch.watch import WatchSettings
    from hydraulics.watch.watch import watch as look

    network = open_network(inp)
    said = read_csv(readings, network)
    where = _hydrants(inp, network, hydrants, tag)
    settings = WatchSettings(
        pressure_noise_m=pressure_noise,
        flow_noise=flow_noise / 1e3,
        demand_noise=demand_noise,
        quiet=quiet,
        every_s=round(every * 3600),
        false_alarms=false_alarms,
        seed=seed,
        allowed=frozenset(_names(allowed, network)),
        required_pressure_m=required,
    )
    diagnosis = look(inp, said, where, settings)
    answer = answer_of(inp, diagnosis)
    if trials:
        answer["trials"] = _trials(inp, said, where, settings, trials)
    rows = hydrant_rows(diagnosis)
    xy = dict(zip(network.junction_ids, network.junction_xy.tolist(), strict=True))

    def features() -> list[dict[str, Any]]:
        return [feature("Point", xy[row["hydrant"]], row) for row in rows]

    write_out(out or [], rows, features, lambda path: draw_diagnosis(network, said, diagnosis, path))
    if as_json:
        print(text(answer))
        return
    for line in answer["text"]:
        print(line)
    if diagnosis.alarm:
        print_table("most likely hydrants", [row for row in rows if row["probability"] >= 0.01][:10])
    if trials:
        print(answer["trials"]["text"])


def answer_of(inp: Path, diagnosis: Diagnosis) -> dict[str, Any]:
    """The answer with stable keys: SI units in the names."""
    findings = [
        {
            "hydrant": f.hydrant,
            "kind": f.kind,
            "probability": f.probability,
            "flow_lps": f.flow * 1e3,
            "opening_cm2": f.opening_m2 * 1e4,
            "from_s": f.from_s,
            "to_s": f.to_s,
            "ended": f.ended,
            "score": f.score,
            "likely": [{"hydrant": name, "probability": p} for name, p in f.likely],
        }
        for f in diagnosis.findings
    ]
    quiet = f"no open hydrant (score {diagnosis.score:.1f}, alarm from {diagnosis.alarm_at:.1f})"
    return {
        "file": inp.name,
        "alarm": diagnosis.alarm,
        "score": diagnosis.score,
        "alarm_at": diagnosis.alarm_at,
        "findings": findings,
        "text": [f.text for f in diagnosis.findings] or [quiet],
    }


def hydrant_rows(diagnosis: Diagnosis) -> list[dict[str, Any]]:
    """All hydrants, the likeliest first. Without an alarm their probabilities say nothing and are left out."""
    found = zip(diagnosis.hydrants, diagnosis.probability.tolist(), strict=True)
    rows = [{"hydrant": name, "probability": p if diagnosis.alarm else None} for name, p in found]
    return sorted(rows, key=lambda row: (-(row["probability"] or 0.0), row["hydrant"]))


def open_network(inp: Path) -> Network:
    """The network's elements; ScenarioError with EPANET's words where it does not take the file."""
    from hydraulics.check import read_contents
    from twin.scenario.child import ChildError, run_guarded

    if not inp.is_file():
        raise ScenarioError([f"{inp}: no such file"])
    try:
        contents = run_guarded(read_contents, inp.resolve(), what=f"EPANET, reading {inp.name},")
    except ChildError as error:
        raise ScenarioError([str(error)]) from None
    if contents.errors:
        raise ScenarioError([f"{inp.name}: {message} {echoed}".rstrip() for message, echoed in contents.errors])

    from hydraulics.network import read_network
    from hydraulics.toolkit import Project

    with tempfile.TemporaryDirectory() as folder:
        project = Project(inp.resolve(), Path(folder) / "read.rpt", Path(folder) / "read.bin")
        try:
            project.open_solver()
            return read_network(project)
        finally:
            project.close()


def _names(text: str, network: Network) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = set(network.junction_ids)
    wrong = [f"no junction '{n}' in the network.{suggest(n, network.junction_ids)}" for n in names if n not in known]
    if wrong:
        raise ScenarioError(wrong)
    return names


def _hydrants(inp: Path, network: Network, given: str | None, tag: str | None) -> list[str]:
    if given is not None:
        return _names(given, network)
    if tag is None:
        return list(network.junction_ids)
    from hydraulics.inp import tags

    found = [name for name, text in tags(inp).nodes.items() if text == tag and name in set(network.junction_ids)]
    if not found:
        raise ScenarioError([f"no junction of {inp.name} has the tag '{tag}' in [TAGS]"])
    return found


def _trials(inp: Path, said: Readings, hydrants: list[str], settings: WatchSettings, count: int) -> dict[str, Any]:
    from hydraulics.watch.trials import run_trials, score

    openings = settings.openings_m2[1:-1]
    found = run_trials(
        inp,
        said.sensors,
        hydrants,
        settings,
        said.times_s[0],
        openings,
        cases=count,
        quiet_cases=count,
        readings=min(4, len(said.times_s)),
        seed=settings.seed,
    )
    result = score(found)
    return {**asdict(result), "text": result.text}
