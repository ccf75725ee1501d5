"""`twin build`: a city from its streets."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path


def build_command(
    recipe: Path,
    out: Path | None = None,
    sets: Sequence[str] = (),
    quiet: bool = False,
    net: Path | None = None,
    root: Path | None = None,
    draw: bool = True,
) -> int:
    """Build and tell; the exit code (0 good). ScenarioError for bad input.

    out : folder of the city; the recipe's `output` beside the recipe where it is not given
    sets : texts `a.b=value` over the recipe
    net : SUMO network in place of the recipe's streets; it may lie anywhere
    root : folder that the recipe's files may lie in
    """
    from twin.build.city import build_city
    from twin.build.reading import read_recipe

    wanted = read_recipe(recipe, root, sets, net)
    target = out or recipe.resolve().parent / wanted.output
    began = time.perf_counter()

    def say(line: str) -> None:
        if not quiet:
            print(f"{time.perf_counter() - began:6.1f} s  {line}", file=sys.stderr, flush=True)

    city = build_city(wanted, target, say, with_map=draw)
    for warning in city.report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    say("whole")
    print(target / "city.yaml")
    return 0
