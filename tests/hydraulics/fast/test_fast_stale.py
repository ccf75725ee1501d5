"""Kept machine code and the sources it came from."""

from __future__ import annotations

import os

from hydraulics.fast.stale import SOURCES, forget_stale


def test_code_older_than_any_source_is_forgotten(tmp_path):
    """Kept code from before the newest source goes, later code stays."""
    kept = tmp_path / "__pycache__"
    kept.mkdir()
    for name in SOURCES:
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (1000, 1000))
    old, new = kept / "queue.run_queue-1.py311.nbi", kept / "kernels.update_flows-1.py311.nbi"
    for path, time in ((old, 1400), (new, 1600)):
        path.write_text("")
        os.utime(path, (time, time))
    os.utime(tmp_path / "lanes.py", (1500, 1500))
    assert forget_stale(tmp_path) == 1
    assert not old.exists()
    assert new.exists()
