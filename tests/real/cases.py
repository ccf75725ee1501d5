"""Runs of the real command line on real files, and the small conversions that such files need.

Everything works on copies in a folder of the caller's; the files of the shared folder are only read.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drainage.network import SewerFile
from twin.places import FloatArray

START = "2026-07-01T00:00+00:00"
ENVIRONMENT = {"NUMBA_THREADING_LAYER": "workqueue", "NUMBA_NUM_THREADS": "2", "MPLBACKEND": "Agg"}


@dataclass(frozen=True)
class Told:
    """What a command told in the folder `at`: exit code, both outputs, wall and processor time (s), largest
    resident memory (MB)."""

    at: Path
    code: int
    out: str
    err: str
    wall_s: float
    cpu_s: float
    memory_mb: float

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json with `folder`, as `twin run --json` prints it."""
        return json.loads(self.out.strip().splitlines()[-1])  # type: ignore[no-any-return]

    @property
    def folder(self) -> Path:
        return self.at / self.summary["folder"]

    def metric(self, name: str) -> Any:
        return self.summary["metrics"][name]["value"]

    @property
    def timing(self) -> dict[str, Any]:
        return json.loads((self.folder / "timing.json").read_text())  # type: ignore[no-any-return]

    def worst(self) -> float:
        """Largest relative gap of any balance and any link of the ledger."""
        ledger = self.summary["ledger"]
        return max((abs(row["relative"]) for row in [*ledger["balances"], *ledger["links"]]), default=0.0)


def twin(folder: Path, *words: str, timeout_s: float = 900) -> Told:
    """`twin ...` with `folder` as the working directory, in a process of its own."""
    began, used = time.perf_counter(), cpu_s()
    child = subprocess.Popen(
        [sys.executable, "-m", "twin.cli.main", *words], cwd=folder, text=True, env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(child, peak), daemon=True)
    watcher.start()
    try:
        out, err = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise
    watcher.join()
    return Told(folder, child.returncode, out, err, time.perf_counter() - began, cpu_s() - used, peak[0])


def cpu_s() -> float:
    """Processor time of this process and of those that it has waited for, which other work does not move."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _watch(child: subprocess.Popen[str], peak: list[float]) -> None:
    """The largest resident size of the process, asked for five times a second; 0 where /proc is not there."""
    status = Path(f"/proc/{child.pid}/status")
    while child.poll() is None:
        try:
            lines = status.read_text().splitlines()
        except OSError:
            return
        peak[0] = max([peak[0], *(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))])
        time.sleep(0.2)


def run(folder: Path, name: str, *words: str, timeout_s: float = 900, **keys: Any) -> Told:
    """Write the scenario `name` into `folder` and run it without a report. The exit code must be 0."""
    write(folder, name, **keys)
    told = twin(folder, "run", f"{name}.yaml", "--json", "--no-report", "--quiet", *words, timeout_s=timeout_s)
    assert told.code == 0, told.err[-3000:]
    return told


def write(folder: Path, name: str, hours: float = 1.0, start: str = START, **keys: Any) -> Path:
    """A scenario file; JSON is YAML."""
    clock = {"start": start, "duration": f"{hours} h", **keys.pop("clock", {})}
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps({"twin": 1, "name": name, "clock": clock, **keys}, indent=1))
    return path


def copy(source: Path, folder: Path) -> Path:
    """The file, or everything in the folder, beside the scenario; what may be read only is made writable."""
    if source.is_dir():
        shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
        return folder
    return Path(shutil.copyfile(source, folder / source.name))


def ground_of_rims(sewer: SewerFile, cell_m: float, margin_m: float = 50.0) -> tuple[FloatArray, float, float]:
    """A street level from the rims of the manholes: inverse distance over the four nearest.

    Returns
    -------
    levels (ny, nx) in m with row 0 in the south; x and y of the south-western corner
    """
    from scipy.spatial import cKDTree

    nodes = [node for node in sewer.nodes.values() if node.xy is not None]
    xy = np.array([node.xy for node in nodes])
    rims = np.array([sewer.rim_m(node.id) for node in nodes])
    (x0, y0), (x1, y1) = xy.min(axis=0) - margin_m, xy.max(axis=0) + margin_m
    x, y = np.meshgrid(np.arange(x0 + cell_m / 2, x1, cell_m), np.arange(y0 + cell_m / 2, y1, cell_m))
    far, near = cKDTree(xy).query(np.c_[x.ravel(), y.ravel()], k=4)
    weight = 1 / (far + 1)
    return ((rims[near] * weight).sum(axis=1) / weight.sum(axis=1)).reshape(x.shape), float(x0), float(y0)


def write_raster(path: Path, levels: FloatArray, cell_m: float, x0: float, y0: float) -> Path:
    """`levels` (row 0 in the south) as an ESRI ASCII grid."""
    ny, nx = levels.shape
    head = f"ncols {nx}\nnrows {ny}\nxllcorner {x0}\nyllcorner {y0}\ncellsize {cell_m}\nNODATA_value -9999\n"
    path.write_text(head + "\n".join(" ".join(f"{v:.4f}" for v in row) for row in levels[::-1]) + "\n")
    return path


def balance(told: Told, section: str, substance: str) -> Mapping[str, Any]:
    """One balance of the ledger."""
    rows = told.summary["ledger"]["balances"]
    return next(row for row in rows if (row["section"], row["substance"]) == (section, substance))
