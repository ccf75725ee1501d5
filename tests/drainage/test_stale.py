"""Compiled code that is older than any of the sources it was made from is forgotten."""

from __future__ import annotations

import os
from pathlib import Path

from drainage.stale import forget_stale


def test_a_changed_source_forgets_what_all_others_have_kept(tmp_path: Path) -> None:
    """`rows` is newer than what `sweep` and `rows` kept, older than what `kernels` kept; `plain` keeps none."""
    kept = tmp_path / "__pycache__"
    kept.mkdir()
    for name, time in (("rows", 20), ("sweep", 5), ("kernels", 5), ("plain", 99)):
        (tmp_path / f"{name}.py").touch()
        os.utime(tmp_path / f"{name}.py", (time, time))
    for name, time in (("rows", 10), ("sweep", 10), ("kernels", 30)):
        file = kept / f"{name}.step-1.py311.nbi"
        file.touch()
        os.utime(file, (time, time))
    assert forget_stale(tmp_path) == 2
    assert [f.name for f in kept.iterdir()] == ["kernels.step-1.py311.nbi"]
    assert forget_stale(tmp_path) == 0
