"""Files that are there whole or not at all: written beside their place under another name, and then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to, with the ending of `path`; it becomes `path` when the block ends well, and goes otherwise."""
    part = path.with_name(f".{os.getpid()}.part.{path.name}")
    try:
        yield part
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text_whole(path: Path, text: str) -> None:
    """The text as UTF-8."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")
