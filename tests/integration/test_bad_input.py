"""Bad input through the real command line: one clear message with its place and a way out, exit code 2, no traceback.

Each case is a folder with a scenario, and the words of the message by which a planner finds and mends the mistake. The
commands run once, side by side, before the cases look at what they said.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.conftest import TWIN, environment, twin, write

HEAD = 'twin: 1\nclock: {start: "2026-07-01T16:00+00:00", duration: 10 min}\n'
WATER = HEAD + "water: {network: city/net.inp}\n"
SEWER = HEAD + "drainage: {sewer: city/sewer.inp}\n"
BAD_WATER = HEAD + "water: {network: bad.inp}\n"
BAD_SEWER = HEAD + "drainage: {sewer: bad.inp}\n"
ROADS = HEAD + "traffic: {network: city/city.net.xml, demand: [city/demand.rou.xml]}\n"
CITY = "twin: 1\nextends: city/city.yaml\nclock: {duration: 10 min}\n"
BOMB = "twin: 1\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{one}'] * 9)}]\n" for one, after in zip("abcdefghi", "bcdefghij", strict=True)
)
"""Ten lines that say 9^10 values."""
BINARY = bytes(range(256)) * 40
FAR_TERRAIN = "ncols 20\nnrows 20\nxllcorner 5000\nyllcorner 5000\ncellsize 10\nNODATA_value -9999\n" + (
    ("34 " * 20 + "\n") * 20
)


@dataclass(frozen=True)
class Case:
    """files  by name; a function gets the city's folder and gives the content
    says   a regular expression for each of the things that the message must tell
    lines  how many lines the message has
    """

    files: dict[str, str | bytes | Callable[[Path], str | bytes]]
    says: tuple[str, ...]
    args: tuple[str, ...] = ("s.yaml",)
    lines: int = 1
    left: frozenset[str] = field(default_factory=frozenset)


def one(text: str | bytes, *says: str, args: tuple[str, ...] = ("s.yaml",), lines: int = 1) -> Case:
    """A case of a single file."""
    return Case({"s.yaml": text}, says, args, lines)


def event(entry: str, *says: str, base: str = WATER) -> Case:
    """A case of one line in the timeline, which is line 5 of the file."""
    return one(f"{base}timeline:\n  - {{{entry}}}\n", r"^s\.yaml:5:\d+  timeline\[0\]", *says)


def override(text: str, *says: str) -> Case:
    return one(WATER, rf"^--set {re.escape(text)}  ", *says, args=("s.yaml", "--set", text))


def edited(name: str, old: str, new: str) -> Callable[[Path], str]:
    def read(city: Path) -> str:
        text = (city / name).read_text(encoding="utf-8")
        assert old in text
        return text.replace(old, new, 1)

    return read


def start_of(name: str, size: int) -> Callable[[Path], bytes]:
    return lambda city: (city / name).read_bytes()[:size]


def moved(dx: float, dy: float, scale: float = 1.0) -> Callable[[Path], str]:
    """The water network elsewhere: x scale + dx, y scale + dy."""

    def read(city: Path) -> str:
        rows, inside = [], False
        for row in (city / "net.inp").read_text(encoding="utf-8").splitlines():
            words = row.split()
            if row.startswith("["):
                inside = row.startswith("[COORDINATES")
            elif inside and len(words) == 3 and not row.startswith(";"):
                row = f"{words[0]} {float(words[1]) * scale + dx:.6f} {float(words[2]) * scale + dy:.6f}"
            rows.append(row)
        return "\n".join(rows) + "\n"

    return read


CASES: dict[str, Case] = {
    # ---- the file
    "missing_file": Case({"drill.yaml": WATER}, (r"^dril\.yaml  ", "no such file", "Did you mean 'drill.yaml'"),
                         ("dril.yaml",)),
    "folder_for_a_file": Case({"d/a.yaml": WATER}, (r"^d  is a folder", r"a\.yaml"), ("d",)),
    "empty": one("", r"^s\.yaml:1:1  ", "empty", "twin: 1"),
    "binary": one(BINARY, r"^s\.yaml  ", "binary"),
    "latin_1": one((HEAD + "title: Straße\n").encode("latin-1"), r"^s\.yaml:3:12  ", "UTF-8"),
    "not_a_mapping": one("- 1\n- 2\n", r"^s\.yaml:1:1  ", "mapping"),
    "tab": one("twin: 1\nclock:\n\tstart: 1\n", r"^s\.yaml:3:1  ", "tab", "spaces"),
    "broken_yaml": one('twin: 1\nclock: {start: "x"\nwater: [1, 2\n', r"^s\.yaml:3:1  ", "not YAML"),
    "duplicate_key": one(WATER + "seed: 1\nseed: 2\n", r"^s\.yaml:5:1  ", "'seed' stands here twice", "line 4"),
    "yaml_bomb": one(BOMB, r"^s\.yaml:\d+:\d+  ", "more than 50000 values"),
    "too_deep": one("a: " + "[" * 5000 + "]" * 5000, r"^s\.yaml:1:\d+  ", "nested deeper"),
    "too_large": one("#" + "x" * 2_000_000, r"^s\.yaml  ", "larger than 1000 kB"),
    "extends_itself": one("twin: 1\nextends: s.yaml\n", r"^s\.yaml:2:10  ", "circle"),
    "extends_outside": Case({"s/s.yaml": "twin: 1\nextends: ../city/city.yaml\n"},
                            (r"^s/s\.yaml:2:10  ", "leaves the folder", "--root"), ("s/s.yaml",)),
    # ---- keys and values
    "no_model": one(HEAD, r"^s\.yaml:1:1  ", "no model", "`water:`"),
    "section_without_its_file": one(HEAD + "water: {}\n", r"^s\.yaml:3:1  water\.network", "missing", "EPANET"),
    "unknown_key": one(WATER + "wether: {wind: 3 m/s}\n", r"^s\.yaml:4:1  ", "Did you mean 'weather'"),
    "unknown_key_within": one(HEAD + "water: {network: city/net.inp, stpe: 5 min}\n", r"^s\.yaml:3:32  water\.stpe",
                              "Did you mean 'step'"),
    "wrong_unit": one(WATER.replace("10 min", "10 m"), r"^s\.yaml:2:52  clock\.duration", "unit of time", "'5 min'"),
    "no_unit": one(WATER.replace("10 min", "600"), r"^s\.yaml:2:52  ", "no unit", "'5 min'"),
    "infinite_duration": one(WATER.replace("10 min", "inf min"), r"^s\.yaml:2:52  ", "not a number with a unit"),
    "nan": one(HEAD + "water: {network: city/net.inp, demand_scale: .nan}\n", r"^s\.yaml:3:46  ", "not nan"),
    "infinite_wind": one(HEAD + "weather: {wind: .inf m/s}\n", r"^s\.yaml:3:17  ", "not a number with a unit"),
    "start_without_offset": one(WATER.replace("+00:00", ""), r"^s\.yaml:2:16  ", "offset from UTC"),
    "degrees_as_crs": one(WATER + "crs: EPSG:4326\n", r"^s\.yaml:4:6  ", "in degrees", "EPSG:32633"),
    "name_of_a_path": one(WATER + "name: ../../x\n", r"^s\.yaml:4:7  ", "cannot name a folder"),
    # ---- files that it names
    "missing_network": one(WATER.replace("net.inp", "nett.inp"), r"^s\.yaml:3:18  ", "no file", "'net.inp'"),
    "folder_for_a_network": one(WATER.replace("/net.inp", ""), r"^s\.yaml:3:18  ", "is a folder"),
    "path_that_leaves": Case({"s/s.yaml": WATER.replace("city/", "../city/")},
                             (r"^s/s\.yaml:3:18  ", "leaves the scenario's folder", "--root"), ("s/s.yaml",)),
    "absolute_path": one(WATER.replace("city/net.inp", "/etc/passwd"), r"^s\.yaml:3:18  ", "leaves the scenario's"),
    "missing_baseline": one(WATER + "baseline: dry.yaml\n", r"^s\.yaml:4:11  baseline", "no file 'dry.yaml'"),
    "bad_baseline": Case({"s.yaml": WATER + "baseline: dry.yaml\n", "dry.yaml": HEAD.replace("1", "2", 1) + "water:\n"},
                         (r"^dry\.yaml:1:7  twin", "format 2"), lines=1),
    # ---- timeline
    "unknown_pipe": event("at: +1 min, do: water.burst, pipe: P9999, area: 40 cm2", "no pipe 'P9999' in net.inp",
                          "There are P1"),
    "unknown_edge": event("at: +1 min, do: traffic.close, edge: x0y0_x9y9", "no edge 'x0y0_x9y9'", "Did you mean",
                          base=ROADS),
    "unknown_node": event("at: +1 min, do: drainage.inflow, node: M999, flow: 10 L/s", "'M999' in sewer.inp",
                          base=SEWER),
    "unknown_crane": event("at: +1 min, do: port.crane_breakdown, crane: QC99", "no crane 'QC99'", "QC01 to QC04",
                           base=HEAD + "port: {terminal: city/terminal.yaml}\n"),
    "unknown_asset": event("at: +1 min, do: assets.fail, asset: B", "no asset 'B'",
                           base=HEAD + "assets: [{id: A, at: [0, 0]}]\n"),
    "unknown_verb": event("at: +1 min, do: water.brust, pipe: P1", "Did you mean 'burst'"),
    "verb_of_a_missing_section": event("at: +1 min, do: traffic.close, edge: e", "needs a section 'traffic'"),
    "event_after_the_end": event("at: +2 h, do: water.burst, pipe: P1, area: 40 cm2", "after the end",
                                 "16:00 to 16:10"),
    "event_unit": event("at: +1 min, do: water.burst, pipe: P1, area: 40 L", "unit of area", "'40 cm2'"),
    "unknown_place": event('when: "water.pressure[J999] < 10 m", do: water.close, link: P1', "no place 'J999'"),
    "code_in_a_condition": event('when: "__import__(os)", do: water.close, link: P1', "cannot read the condition"),
    # ---- networks that the engines refuse, or that end the process that reads them
    "epanet_refuses": Case({"s.yaml": BAD_WATER,
                            "bad.inp": edited("net.inp", "[PIPES]", "[PIPES]\nPX J1 J999 100 100 120 0 Open")},
                           (r"^s\.yaml:3:18  water\.network: bad\.inp:\d+: ", "undefined node J999")),
    "epanet_nan": Case({"s.yaml": BAD_WATER,
                        "bad.inp": edited("net.inp", "[PIPES]", "[PIPES]\nPX J1 J2 nan 100 120 0 Open")},
                       (r"bad\.inp:\d+: 'nan'", "finite")),
    "epanet_text": Case({"s.yaml": BAD_WATER, "bad.inp": "hello\n"}, ("bad.inp is no EPANET file", r"\[JUNCTIONS\]")),
    "epanet_binary": Case({"s.yaml": BAD_WATER, "bad.inp": BINARY}, ("bad.inp is no EPANET file",)),
    "epanet_empty": Case({"s.yaml": BAD_WATER, "bad.inp": ""}, ("bad.inp is no EPANET file",)),
    "swmm_as_epanet": one(HEAD + "water: {network: city/sewer.inp}\n", "is a SWMM file", "`drainage`"),
    "swmm_refuses": Case({"s.yaml": BAD_SEWER,
                          "bad.inp": edited("sewer.inp", "[CONDUITS]", "[CONDUITS]\nCX NOWHERE D1 100 0.013 0 0")},
                         (r"^s\.yaml:3:19  drainage\.sewer: bad\.inp:\d+: ", "NOWHERE")),
    "swmm_text": Case({"s.yaml": BAD_SEWER, "bad.inp": "hello\n"}, ("bad.inp is no SWMM file",)),
    "swmm_binary": Case({"s.yaml": BAD_SEWER, "bad.inp": BINARY}, ("bad.inp is no SWMM file",)),
    "epanet_as_swmm": one(HEAD + "drainage: {sewer: city/net.inp}\n", "is an EPANET file", "`water`"),
    "roads_binary": Case({"s.yaml": ROADS.replace("city/city", "bad"), "bad.net.xml": BINARY},
                         (r"^s\.yaml:3:20  traffic\.network", "bad.net.xml", "netconvert")),
    "roads_of_other_kind": one(ROADS.replace("city.net", "demand.rou"), r"^s\.yaml:3:20  ", "is not a SUMO network"),
    "trips_cut_off": Case({"s.yaml": ROADS.replace("city/demand", "d"), "d.rou.xml": start_of("demand.rou.xml", 5000)},
                          (r"^s\.yaml:3:\d+  traffic\.demand", "d.rou.xml is not a whole XML file")),
    "trips_on_unknown_edges": Case({"s.yaml": ROADS.replace("city/demand", "d"), "d.rou.xml":
                                    '<routes>\n<vehicle id="a" depart="0"><route edges="no"/></vehicle>\n</routes>'},
                                   (r"d\.rou\.xml:2: ", "'a' uses edge 'no'")),
    "terrain_text": Case({"s.yaml": HEAD + "drainage: {sewer: city/sewer.inp, terrain: t.asc}\n", "t.asc": "hello"},
                         (r"^s\.yaml:3:44  drainage\.terrain", "not a raster")),
    "terrain_cut_off": Case({"s.yaml": HEAD + "drainage: {sewer: city/sewer.inp, terrain: t.tif}\n",
                             "t.tif": start_of("terrain.tif", 3000)}, (r"^s\.yaml:3:44  ", "not a raster")),
    "terrain_elsewhere": Case({"s.yaml": HEAD + "drainage: {sewer: city/sewer.inp, terrain: t.asc}\n",
                               "t.asc": FAR_TERRAIN},
                              (r"^s\.yaml:3:44  ", "x 5000 to 5200", "covers none of the", "same coordinate system")),
    "terminal": Case({"s.yaml": HEAD + "port: {terminal: t.yaml}\n", "t.yaml": "terminal: 1\nberths: 0\n"},
                     (r"^s\.yaml:3:18  port\.terminal: t\.yaml:2:9: berths", "at least 1")),
    "series_with_a_gap": Case({"s.yaml": HEAD + "weather: {tide: t.csv}\n",
                               "t.csv": "time min,level m\n0,1\n5,nan\n20,2\n"}, (r"t\.csv:3: ", "gap")),
    # ---- networks that do not overlap
    "networks_apart": Case({"s.yaml": CITY + "water: {network: far.inp, hydrants: !replace []}\n",
                            "far.inp": moved(398_000, 5_810_000)},
                           (r"^s\.yaml:4:\d+  water: ", "do not overlap", "x 39[78]", "km apart", "coordinate system")),
    # ---- the command line
    "set_without_value": override("seed", "--set section.key=value"),
    "set_without_key": override("=3", "--set section.key=value"),
    "set_of_a_wrong_kind": override("seed=abc", "whole number"),
    "set_of_an_unknown_key": override("watre.network=x", "Did you mean 'water'"),
    "set_of_a_list_that_is_not_there": override("timeline.9.pipe=x", "no list 'timeline'"),
    "set_of_broken_yaml": override("seed={", "the value is not YAML"),
    "set_of_a_path_that_leaves": override("water.network=/etc/passwd", "leaves the scenario's folder"),
    "runs_is_a_file": Case({"s.yaml": WATER, "runs": "x"}, ("^cannot write runs to runs", "another folder"),
                           left=frozenset({"runs"})),
    "root_is_nowhere": one(WATER, "^--root ", "no such folder", args=("s.yaml", "--root", "nowhere")),
}  # fmt: skip

Answers = dict[str, tuple[subprocess.CompletedProcess[str], Path]]


@pytest.fixture(scope="module")
def answers(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What the command line said to each case, and the folder in which it was called."""
    top = tmp_path_factory.mktemp("bad")

    def ask(name: str) -> tuple[subprocess.CompletedProcess[str], Path]:
        case, folder = CASES[name], top / name
        shutil.copytree(city, folder / "city", ignore=shutil.ignore_patterns("map.png"))
        write(folder, {file: text(city) if callable(text) else text for file, text in case.files.items()})
        return twin(folder, "run", *case.args, "--no-report"), folder

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(CASES, pool.map(ask, CASES), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_told_in_one_message(answers: Answers, name: str) -> None:
    """Exit code 2, the words that the case asks for, and no more lines than mistakes."""
    done, folder = answers[name]
    words = done.stderr.strip()
    assert done.returncode == 2, done.stdout + words
    assert done.stdout == ""
    assert "Traceback" not in words
    for pattern in CASES[name].says:
        assert re.search(pattern, words), f"{pattern!r} is not in: {words}"
    assert len(words.splitlines()) == CASES[name].lines, words
    runs = folder / "runs"
    assert [p.name for p in runs.iterdir() if p.name != ".lock"] == [] if runs.is_dir() else True


def test_coordinates_in_degrees_are_noticed(city: Path, tmp_path: Path) -> None:
    """A network in degrees lies, by its numbers, within a city whose corner is near zero: told as a warning."""
    shutil.copytree(city, tmp_path / "city")
    degrees = moved(13.5, 52.4, 1e-5)(city)
    write(tmp_path, {"deg.inp": degrees, "s.yaml": CITY + "water: {network: deg.inp, hydrants: !replace []}\n"})
    done = twin(tmp_path, "validate", "s.yaml")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^warning  s\.yaml:4:\d+  water: .*look like degrees", done.stderr, re.MULTILINE)


@pytest.mark.parametrize("name", ["unknown_pipe", "networks_apart", "bad_baseline", "epanet_refuses"])
def test_validate_says_what_run_says(answers: Answers, name: str) -> None:
    """The same lines, without a run."""
    done, folder = answers[name]
    again = twin(folder, "validate", *CASES[name].args)
    assert again.returncode == 2
    assert again.stderr.splitlines()[: CASES[name].lines] == done.stderr.strip().splitlines()


SECTIONS = {
    "weather": "weather: {rain: 5 mm/h}",
    "assets": "assets: [{id: A, at: [0, 0]}]",
    "water": "water: {network: city/net.inp}",
    "drainage": "drainage: {sewer: city/sewer.inp}",
    "traffic": "traffic: {network: city/city.net.xml, demand: [city/demand.rou.xml]}",
    "port": "port: {terminal: city/terminal.yaml}",
}


@pytest.mark.parametrize("section", SECTIONS)
def test_any_section_may_stand_alone(city: Path, tmp_path: Path, section: str) -> None:
    """A scenario of one section is checked and found good."""
    shutil.copytree(city, tmp_path / "city")
    write(tmp_path, {"s.yaml": HEAD + SECTIONS[section] + "\n"})
    done = twin(tmp_path, "validate", "s.yaml")
    assert done.returncode == 0, done.stderr
    assert f"is good: {section};" in done.stdout


@pytest.mark.parametrize(
    "secret", ["s.yaml", "city/net.inp", "city/sewer.inp", "city/terminal.yaml", "city/city.net.xml"]
)
def test_a_file_that_may_not_be_read(city: Path, tmp_path: Path, secret: str) -> None:
    """Permission is told with the file's name. Root may read all, so the command then runs without that right."""
    without = []
    if os.geteuid() == 0:
        rights = "-dac_override,-dac_read_search"
        without = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"]
        if shutil.which("setpriv") is None:
            pytest.skip("root may read every file, and setpriv, which takes that right away, is not there")
    shutil.copytree(city, tmp_path / "city")
    write(tmp_path, {"s.yaml": HEAD + "\n".join(SECTIONS[s] for s in ("water", "drainage", "port", "traffic")) + "\n"})
    (tmp_path / secret).chmod(0)
    done = subprocess.run(
        [*without, *TWIN, "validate", "s.yaml"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(rf"{Path(secret).name}\b.*cannot be read|cannot be read.*{Path(secret).name}", done.stderr), done


def test_a_traceback_on_request(city: Path, tmp_path: Path) -> None:
    """TWIN_TRACEBACK=1 shows where a message came from, after the message, and the exit code stays."""
    write(tmp_path, {"s.yaml": WATER})
    done = twin(tmp_path, "validate", "s.yaml", TWIN_TRACEBACK="1")
    assert done.returncode == 2
    assert "no file 'city/net.inp'" in done.stderr
    assert "Traceback (most recent call last)" in done.stderr
