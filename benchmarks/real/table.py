"""The command line on files that other people made: run times, accounts, and the engines alone beside it.

    python -m benchmarks.real.table                 # from the repository's root; needs the folder of shared data
    python -m benchmarks.real.table drainage port   # only the cases whose names hold one of these words

Each case is a process of its own on a copy of its files in a temporary folder. `cpu` is processor time, which other
work on the machine does not move. `alone` is that of the plain engine on the same file and period; `off by` is the
largest difference of what both tell (pressures, outfall volume, trips).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.conftest import REPOSITORY
from tests.real import cases, test_brunswick, test_drainage, test_port, test_traffic, test_water
from twin.results.view import RunView

SHARED = REPOSITORY.parent / "shared" / "data"
WATER = ("L-TOWN.inp", "Net6.inp", "ky10.inp", "BWSN_Network_1.inp", "CTOWN.INP", "d-town.inp")
BURSTS = {"L-TOWN.inp": "p227", "Net6.inp": "LINK-1000"}


@dataclass
class Row:
    """One line of the table. `alone_s` is processor time."""

    case: str
    hours: float
    told: cases.Told
    figures: str
    alone_s: float | None = None
    off_by: str = ""

    def text(self) -> str:
        timing = self.told.timing
        models = " ".join(f"{k} {v:.1f}" for k, v in timing["models_s"].items() if v >= 0.05)
        alone = f"{self.alone_s:.1f}" if self.alone_s is not None else ""
        return (
            f"{self.case:24} {self.hours:5.1f} h {timing['wall_s']:7.1f} s {self.told.cpu_s:7.1f} s "
            f"{self.told.memory_mb:6.0f} MB  "
            f"{self.told.worst():8.1e}  {alone:>6}  {self.off_by:22} {self.figures}  [{models}]"
        )


def network(name: str, folder: Path) -> Path:
    """An EPANET file of the shared data or of the installed wntr, beside the scenario."""
    import wntr

    source = SHARED / "water" / "networks" / name
    library = Path(wntr.__file__).parent / "library" / "networks" / name
    return cases.copy(source if source.exists() else library, folder)


def taker(folder: Path) -> Callable[[str], Path]:
    return lambda name: cases.copy(SHARED / name, folder)


def water_day(name: str, folder: Path) -> Row:
    """24 h, pressure-driven, against nothing: EPANET alone knows no exchange."""
    path = network(name, folder)
    told = cases.run(folder, "day", hours=24, water={"network": path.name})
    lowest, where = told.metric("water.min_pressure"), told.metric("water.min_pressure_at")
    return Row(
        f"water {name}", 24, told, f"lowest {lowest:.1f} m at {where}; {told.metric('water.unserved'):.0f} m3 short"
    )


def water_as_in_file(name: str, folder: Path) -> Row:
    """The file's own demand and clock, 24 h in steps of 60 s, and EPANET alone in the same steps."""
    path = network(name, folder)
    section = {"network": path.name, "demand": "as_in_file", "start": "as_in_file", "step": "60 s"}
    told = cases.run(folder, "same", hours=24, water=section)
    began = cases.cpu_s()
    names, plain = test_water.plain_heads(path, folder, 24, 300)
    alone = cases.cpu_s() - began
    view = RunView(told.folder)
    times, pressure = view.field("water", "pressure")
    ours = list(view.places("water", "junction").ids)
    order = [ours.index(node) for node in names]
    gaps = [np.abs(pressure[k][order] - plain[round(float(t))]).max() for k, t in enumerate(times) if round(t) in plain]
    return Row(f"water {name} as is", 24, told, f"{len(gaps)} moments", alone, f"{max(gaps):.1e} m")


def water_burst(name: str, folder: Path) -> Row:
    """A burst of 40 cm2 after 6 h, shut after 12 h."""
    path, pipe = network(name, folder), BURSTS[name]
    timeline = [
        {"at": "+6 h", "do": "water.burst", "pipe": pipe, "area": "40 cm2"},
        {"at": "+12 h", "do": "water.close", "link": pipe},
    ]
    told = cases.run(folder, "burst", hours=24, water={"network": path.name}, timeline=timeline)
    lost, lowest = told.metric("water.burst_volume"), told.metric("water.min_pressure")
    return Row(f"water {name} burst", 24, told, f"lost {lost:.0f} m3, lowest {lowest:.1f} m")


def drainage_plain(folder: Path) -> Row:
    """Windsor's mains under a storm of an hour, and SWMM alone with the same rain in its file; 3 h."""
    mains = taker(folder)(test_drainage.MAINS)
    section, rain = {"sewer": mains.name}, {"rain": test_drainage.STORM}
    told = cases.run(folder, "plain", hours=3, drainage=section, weather=rain)
    _, values = RunView(told.folder).series("weather", "rain")
    same = test_drainage.with_rain(mains, folder / "same.inp", values[1:181, 0], 3)
    began = cases.cpu_s()
    test_drainage.plain(same, folder)
    alone = cases.cpu_s() - began
    ours, theirs = told.metric("drainage.outfall_volume"), test_drainage.outfall_volume(folder / "plain.rpt")
    figures = f"outfalls {ours:.0f} m3, continuity {told.metric('drainage.sewer_continuity_error'):.3f} %"
    return Row("drainage Windsor plain", 3, told, figures, alone, f"{abs(ours / theirs - 1):.1e} of outfalls")


def drainage_surface(folder: Path) -> Row:
    """The same with streets of 10 m at the level of the rims."""
    told, _ = test_drainage.surfaced(taker(folder), folder, 3, 10.0)
    streets = cases.balance(told, "drainage", "surface water")
    figures = (
        f"up {streets['inflow']['manholes']:.0f} m3, back {streets['outflow']['manholes']:.0f} m3, closure "
        f"{streets['relative']:.0e}, continuity {told.metric('drainage.sewer_continuity_error'):.3f} %, over 15 cm "
        f"{told.metric('drainage.flooded_area_15cm'):.2f} ha"
    )
    return Row("drainage Windsor streets", 3, told, figures)


def traffic(folder: Path) -> Row:
    """An hour of Bologna, and SUMO's own program."""
    taker(folder)(test_traffic.BOLOGNA)
    told = cases.run(folder, "hour", hours=1, seed=1, traffic={"sumocfg": "run.sumocfg"})
    ours = test_traffic.trips_in(told.folder / "engines" / "traffic" / "tripinfo.xml.gz")
    began = cases.cpu_s()
    theirs = test_traffic.plain(folder, 3600, seed=1)
    alone = cases.cpu_s() - began
    return Row("traffic Bologna", 1, told, f"{len(ours)} trips", alone, f"{len(ours ^ theirs)} trips differ")


def terminal(folder: Path) -> Row:
    """A day of the default terminal."""
    (folder / "terminal.yaml").write_text(test_port.TERMINAL)
    told = cases.run(folder, "day", hours=24, port={"terminal": "terminal.yaml"})
    figures = f"{told.metric('port.moves')} moves, {told.metric('port.crane_rate'):.1f} /h and crane"
    return Row("port four berths", 24, told, figures)


def brunswick(folder: Path) -> Row:
    """The whole drill on the port's real streets with its real trucks."""
    test_brunswick.prepared(taker(folder), folder)
    told = cases.twin(folder, "run", "drill.yaml", "--quiet", "--json", "--no-baseline", "--no-report")
    wet, cut = told.metric("drainage.flooded_area_27cm"), told.metric("traffic.roads_cut")
    figures = (
        f"over 27 cm {wet:.2f} ha, {cut} sections cut, {told.metric('water.people_without_peak'):.0f} people without "
        f"water, core {100 * told.timing['core_share_of_wall']:.1f} %"
    )
    return Row("Brunswick drill", 3, told, figures)


def all_cases() -> Iterator[tuple[str, Callable[[Path], Row]]]:
    for name in WATER:
        yield f"water {name}", lambda folder, name=name: water_day(name, folder)
    for name in ("L-TOWN.inp", "BWSN_Network_1.inp", "CTOWN.INP", "d-town.inp"):
        yield f"water {name} as is", lambda folder, name=name: water_as_in_file(name, folder)
    for name in BURSTS:
        yield f"water {name} burst", lambda folder, name=name: water_burst(name, folder)
    yield "drainage plain", drainage_plain
    yield "drainage streets", drainage_surface
    yield "traffic", traffic
    yield "port", terminal
    yield "brunswick", brunswick


def main(words: list[str]) -> None:
    """Run the cases and print the table."""
    if not SHARED.is_dir():
        sys.exit("the folder of real networks (shared/data), which is not part of the project, is not beside it")
    heads = f"{'case':24} {'time':>7} {'wall':>9} {'cpu':>9} {'memory':>9}  {'worst':>8}  {'alone':>6}  {'off by':22}"
    print(heads, "figures")
    for name, case in all_cases():
        if not words or any(word.lower() in name.lower() for word in words):
            with tempfile.TemporaryDirectory() as folder:
                print(case(Path(folder)).text(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
