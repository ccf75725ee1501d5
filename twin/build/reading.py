"""Reads a build recipe: every mistake with file, line and column, and a way out."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

from twin.build.recipe import Recipe, StreetsRecipe
from twin.scenario.fields import keys_of, types_at
from twin.scenario.merge import KeyPath, override, plain, walk
from twin.scenario.problems import Problem, ScenarioError
from twin.scenario.scenario import Origin, line_of
from twin.scenario.sentences import validate
from twin.scenario.source import read


def read_recipe(path: Path, root: Path | None = None, sets: Sequence[str] = (), net: Path | None = None) -> Recipe:
    """The recipe of a file. ScenarioError with one line for each problem.

    root : folder that the recipe's files must stay in; its own folder where it is not given.
    sets : texts `a.b=value`, the last one wins.
    net : a network in place of the recipe's streets, from the command line; it may lie anywhere.
    """
    shown = os.path.normpath(path)
    if not path.is_file():
        raise ScenarioError([f"{shown}  there is no such file: name a build recipe (docs/build.md shows one)"])
    tree = read(path, shown)
    if not isinstance(tree.value, dict):
        raise ScenarioError([f"{tree.place}  a recipe is a mapping of keys such as `twin_build: 1` and `streets:`"])
    for text in sets:
        tree = override(tree, text, lambda at, _: keys_of(types_at(Recipe, at)))
    origins: dict[KeyPath, Origin] = {}
    for at, node in walk(tree):
        place = node.place
        origins[at] = Origin("file" if place.line else "--set", place.file, place.line, place.column, node.head)
    folder = path.resolve().parent
    context = {"folder": folder, "root": (root or folder).resolve()}
    data = plain(tree)
    if net is not None:
        if not net.is_file():
            raise ScenarioError([f"--net {net}  there is no such file"])
        given = data.get("streets") or {}
        data["streets"] = {k: v for k, v in given.items() if k not in ("net", "package", "grid")}
        data["streets"]["net"] = net.resolve()
    recipe, problems = validate(Recipe, data, context, ())
    if recipe is not None and recipe.streets.package and not package_file(recipe.streets).is_file():
        problems = [Problem(("streets", "package"), _no_package_file(recipe.streets.package))]
    if problems:
        raise ScenarioError([line_of(p, origins, shown) for p in problems])
    return recipe


def package_file(streets: StreetsRecipe) -> Path:
    """Where the file of an installed package lies; a path that does not exist when it is not there."""
    package, _, inside = (streets.package or "").partition("/")
    found = importlib.util.find_spec(package) if package.isidentifier() else None
    places = list(found.submodule_search_locations or []) if found else []
    if not places or ".." in Path(inside).parts:
        return Path(package) / "is not installed"
    return Path(places[0]) / inside


def _no_package_file(name: str) -> str:
    package, _, inside = name.partition("/")
    if not package.isidentifier() or importlib.util.find_spec(package) is None:
        return f"no Python package '{package}' is installed: `pip install` it, or give a file as `net:`"
    return f"the installed package '{package}' holds no file '{inside}': look into its folder, or give a file as `net:`"
