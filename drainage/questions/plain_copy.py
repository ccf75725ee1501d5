"""A copy of a user's INP in which nothing changes but what is reported: every node and link, so that runs compare.

Names of files become absolute, since the copy stands elsewhere; files that SWMM would save are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from drainage.network import SewerFile

REPORT = ("[REPORT]", "INPUT NO", "CONTROLS NO", "NODES ALL", "LINKS ALL", "SUBCATCHMENTS NONE")


def reporting_copy(
    sewer: SewerFile, path: Path, more: Iterable[str] = (), without: Iterable[str] = (), rain: bool = True
) -> Path:
    """Write the copy and give its path. `more` are lines at its end; lines of the sections `without` are left out.

    rain : False sets IGNORE_RAINFALL, so that only what flows in at nodes is routed.
    """
    lines, section, dropped = [], "", tuple(without)
    numbers = {number: words for _, number, words in sewer.walk()}
    for number, line in enumerate(sewer.lines, 1):
        words = numbers.get(number)
        if words is not None and not words:
            section = line.strip().strip("[]").split("]")[0].upper()
        elif words:
            if section.startswith("REPORT") or (dropped and section.startswith(dropped)):
                continue
            if section.startswith("FILE") and words[0].upper() == "SAVE":
                continue
            if section.startswith("OPTION") and words[0].upper() == "IGNORE_RAINFALL" and not rain:
                continue
            if section.startswith(("RAINGAGE", "TIMESERIES", "TEMPERATURE", "FILE")):
                line = _absolute(sewer.path.parent, section, line, words)
        lines.append(line)
    ignore = [] if rain else ["[OPTIONS]", "IGNORE_RAINFALL YES"]
    text = "\n".join([*lines, "", *ignore, *more, *REPORT]) + "\n"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return path


def _absolute(folder: Path, section: str, line: str, words: tuple[str, ...]) -> str:
    """The line with the file that it names as an absolute path."""
    upper = [word.upper() for word in words]
    place = 2 if section.startswith("FILE") else upper.index("FILE") + 1 if "FILE" in upper else len(words)
    if place >= len(words):
        return line
    name = str((folder / words[place].replace("\\", "/")).resolve())
    return " ".join(f'"{word}"' if " " in word else word for word in [*words[:place], name, *words[place + 1 :]])
