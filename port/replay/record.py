"""The whole event log of a run and the scene in which it happened, in one compressed file of the run's folder."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from port.model import YARD_LOG
from port.replay.scene import Scene, scene_of
from twin.results.view import RunView
from twin.scenario.problems import ScenarioError
from twin.whole import whole

if TYPE_CHECKING:
    from port.control import Engine

VERSION = 1


@dataclass(frozen=True)
class YardLog:
    """rows (n, 5) as `port.codes.LOG` says, in order; the scene; the end of the run in µs."""

    scene: Scene
    rows: NDArray[np.int64]
    end_us: int


def write_yard_log(path: Path, engine: Engine) -> None:
    """Keep a run's log: columns apart and times as differences, which compress to a few bytes a row."""
    rows = engine.rows()
    columns = {name: rows[:, k] for k, name in enumerate(("time_us", "code", "entity", "a", "b"))}
    columns["time_us"] = np.diff(columns["time_us"], prepend=0)
    head = json.dumps({"version": VERSION, "end_us": engine.now_us, "scene": scene_of(engine)})
    packed = io.BytesIO()
    np.savez_compressed(packed, head=np.frombuffer(head.encode(), np.uint8), **columns)  # type: ignore[arg-type]
    with whole(path) as part:
        part.write_bytes(packed.getvalue())


def read_yard_log(run: RunView) -> YardLog:
    """What `write_yard_log` has kept. `ScenarioError` when the run kept nothing, or cannot be read any more."""
    path = run.path / "engines" / "port" / YARD_LOG
    if not path.is_file():
        raise ScenarioError(
            [f"{run.path}: the run has not kept its trucks' ways. Add `record: trucks` to `port:` and run it again"]
        )
    try:
        with np.load(path) as kept:
            head = json.loads(kept["head"].tobytes())
            times = np.cumsum(kept["time_us"])
            rows = np.column_stack([times, *(kept[name] for name in ("code", "entity", "a", "b"))])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ScenarioError([f"{path}: this log cannot be read ({error}); run the scenario again"]) from error
    if head.get("version") != VERSION:
        raise ScenarioError([f"{path}: this log is of another version of the program; run the scenario again"])
    return YardLog(head["scene"], rows.astype(np.int64), int(head["end_us"]))
