"""The recorder: what goes in comes out, in bounded memory, with a hash that sees the last bit."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.places import City, Grid, Lines, Points
from twin.ports import Arrival, Direction, Kind, Port, Record
from twin.results.recorder import FIELD_BLOCK, Recorder
from twin.results.store import read_places, write_places
from twin.results.view import RunView

START = datetime.fromisoformat("2026-07-01T16:00+08:00")
GRID = Grid(1000.0, 2000.0, 5.0, 7, 4)
MINUTE = 60_000_000


def port(name: str, at: str, record: Record, kind: Kind = Kind.STATE, quantity: str = "") -> Port:
    return Port(name, "m", Direction.OUT, kind, at, f"What {name} means", quantity=quantity, record=record)


DEPTH = port("depth", "cell", Record.FIELD, quantity="surface__depth")
LEVEL = port("level", "gauge", Record.SERIES)


def view_of(folder: Path) -> RunView:
    """The folder as a run; its summary is the least that a view needs."""
    summary = {
        "name": "t",
        "hash": "0",
        "start": START.isoformat(),
        "metrics": {},
        "duration_s": 3600.0,
        "sections": ["s"],
    }
    (folder / "summary.json").write_text(json.dumps(summary))
    return RunView(folder, unpublished=True)


def record_some(folder: Path, change: Callable[[np.ndarray], None] | None = None, times: int = 30) -> Recorder:
    """`times` minutes of a grid and two gauges; `change` may spoil the last field."""
    rng = np.random.default_rng(3)
    recorder = Recorder(folder, START, "EPSG:32633")
    recorder.declare("s", DEPTH, GRID)
    recorder.declare("s", LEVEL, Points(("G1", "G2"), np.array([[1001.0, 2001.0], [1010.0, 2010.0]]), ("One", "Two")))
    for k in range(times):
        field = rng.random(GRID.size)
        if change is not None and k == times - 1:
            change(field)
        recorder.record(k * MINUTE, "s", "depth", field)
        recorder.record(k * MINUTE, "s", "level", np.array([k, -k / 3]))
    recorder.event({"what": "end", "time_us": 5, "section": "s", "text": "ü", "size": np.float64("nan")})
    recorder.finish()
    return recorder


def test_fields_and_series_come_back(tmp_path: Path) -> None:
    """More times than a block holds: single precision for fields, every bit for series."""
    record_some(tmp_path)
    view = view_of(tmp_path)
    rng = np.random.default_rng(3)
    t_s, depth = view.field("s", "depth")
    assert np.array_equal(t_s, 60.0 * np.arange(30))
    assert np.array_equal(depth, np.stack([rng.random(GRID.size) for _ in range(30)]).astype(np.float32))
    t_s, level = view.series("s", "level")
    assert np.array_equal(level, [[k, -k / 3] for k in range(30)])
    assert view.recorded("s", Record.FIELD) == ["depth"]
    blocks = [len(times) for times, _ in view.blocks("s", "depth")]
    assert blocks == [FIELD_BLOCK, FIELD_BLOCK, 30 - 2 * FIELD_BLOCK]


def test_equal_runs_have_equal_digests_and_one_bit_changes_it(tmp_path: Path) -> None:
    """The smallest single-precision change of one cell in the last picture shows."""

    def one_bit(field: np.ndarray) -> None:
        field[5] = np.nextafter(np.float32(field[5]), np.float32(2.0))

    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    digests = [record_some(f, change).digest() for f, change in zip(folders, (None, None, one_bit), strict=True)]
    assert digests[0] == digests[1] != digests[2]
    assert len(digests[0]) == 64


def test_xarray_reads_the_store_with_its_times_and_names(tmp_path: Path) -> None:
    """CF: decoded times (UTC), row and column coordinates at cell centres, units, a CF standard name, the CRS."""
    xarray = pytest.importorskip("xarray")
    record_some(tmp_path)
    with xarray.open_zarr(tmp_path / "results.zarr", group="s", consolidated=None) as found:
        assert found.depth.dims == ("time_field", "cell_y", "cell_x")
        assert found.depth.attrs["standard_name"] == "flood_water_thickness"
        assert found.depth.attrs["units"] == "m"
        assert found.crs.attrs["grid_mapping_name"] == "transverse_mercator"
        assert found.time.values[1] == np.datetime64(START.astimezone(UTC).replace(tzinfo=None)) + np.timedelta64(
            1, "m"
        )
        assert found.cell_x.values[[0, -1]].tolist() == [1002.5, 1032.5]
        assert float(found.level.sel(gauge_id="G2").isel(time=3)) == -1.0
    assert "consolidated_metadata" in json.loads((tmp_path / "results.zarr" / "zarr.json").read_text())


def test_memory_does_not_grow_with_the_length_of_a_run(tmp_path: Path) -> None:
    """60 pictures of 250,000 cells are 60 MB; the block of 12 and its compression stay under half of that."""
    grid = Grid(0.0, 0.0, 5.0, 500, 500)
    recorder = Recorder(tmp_path, START, None)
    recorder.declare("s", DEPTH, grid)
    field = np.zeros(grid.size, np.float32)
    field[:1000] = 0.3
    tracemalloc.start()
    for k in range(60):
        recorder.record(k * MINUTE, "s", "depth", field)
    recorder.finish()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6


def test_arrivals_are_counted_and_their_names_hashed(tmp_path: Path) -> None:
    """Two runs with as many trucks but other names differ."""
    digests = []
    for name in ("T1", "T2"):
        folder = tmp_path / name
        folder.mkdir()
        recorder = Recorder(folder, START, None)
        recorder.declare("s", port("trucks", "gate", Record.SERIES, Kind.ARRIVALS), City())
        recorder.record(0, "s", "trucks", [])
        recorder.record(MINUTE, "s", "trucks", [Arrival(5, name), Arrival(9, "T9")])
        recorder.finish()
        digests.append(recorder.digest())
    assert view_of(folder).series("s", "trucks")[1].tolist() == [[0.0], [2.0]]
    assert digests[0] != digests[1]


def test_events_are_lines_of_sorted_json(tmp_path: Path) -> None:
    """What is not a number becomes null; letters stay letters."""
    record_some(tmp_path)
    text = (tmp_path / "events.jsonl").read_text(encoding="utf-8")
    assert text == '{"section": "s", "size": null, "text": "ü", "time_us": 5, "what": "end"}\n'


def test_misuse_is_named(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, START, None)
    recorder.declare("s", LEVEL, Points(("G1", "G2"), np.zeros((2, 2))))
    with pytest.raises(ValueError, match="declared twice"):
        recorder.declare("s", LEVEL, City())
    with pytest.raises(ValueError, match=r"s\.level: 3 values for 2 places"):
        recorder.record(0, "s", "level", [1, 2, 3])
    recorder.record(MINUTE, "s", "level", [1, 2])
    with pytest.raises(ValueError, match="recorded at"):
        recorder.record(MINUTE, "s", "level", [1, 2])
    with pytest.raises(KeyError):
        recorder.record(0, "s", "depth", [1])


@settings(max_examples=20, deadline=None)
@given(counts=st.lists(st.integers(2, 5), max_size=6), named=st.booleans())
def test_lines_come_back(tmp_path_factory: pytest.TempPathFactory, counts: list[int], named: bool) -> None:
    """Any number of polylines of any length, with and without names, none at all included."""
    import zarr

    rng = np.random.default_rng(sum(counts))
    ids = tuple(f"ä{i}" for i in range(len(counts)))
    lines = Lines(ids, tuple(rng.random((n, 2)) for n in counts), ids if named else (), rng.random(len(counts)))
    group = zarr.open_group(tmp_path_factory.mktemp("z") / "z", mode="w").require_group("s")
    write_places(group, "edge", lines, None)
    back = read_places(group["places/edge"])
    assert isinstance(back, Lines)
    assert (back.ids, back.names) == (lines.ids, lines.names)
    assert len(back.shapes) == len(lines.shapes)
    assert all(np.array_equal(a, b) for a, b in zip(back.shapes, lines.shapes, strict=True))
    assert np.array_equal(back.width_m, lines.width_m)


@pytest.mark.parametrize("places", [City(), GRID, Points(("a", "b"), np.array([[1.0, 2.0], [3.0, 4.0]]), ("A", "B"))])
def test_other_places_come_back(tmp_path: Path, places: City | Grid | Points) -> None:
    import zarr

    group = zarr.open_group(tmp_path / "z", mode="w").require_group("s")
    write_places(group, "at", places, None)
    back = read_places(group["places/at"])
    assert type(back) is type(places)
    if isinstance(places, Points):
        assert isinstance(back, Points)
        assert (back.ids, back.names, back.xy.tolist()) == (places.ids, places.names, places.xy.tolist())
    else:
        assert back == places
