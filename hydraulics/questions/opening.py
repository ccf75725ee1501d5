"""Opening a network for a question: guarded against a crash of the parser, with one clear message."""

from __future__ import annotations

from pathlib import Path

from hydraulics.fast.arrays import Network, read
from hydraulics.fast.library import EpanetRefused
from twin.scenario.problems import ScenarioError


def open_network(path: Path, guarded: bool = True) -> Network:
    """Read an INP file. ScenarioError with EPANET's words, or a plain sentence where EPANET itself crashes on it."""
    path = Path(path)
    if not path.is_file():
        raise ScenarioError([f"{path}: no such file"])
    try:
        if guarded:
            from twin.scenario.child import run_guarded

            return run_guarded(read, path.resolve(), what=f"EPANET, reading {path.name},")
        return read(path)
    except EpanetRefused as refusal:
        raise ScenarioError([str(refusal)]) from None


def find_link(network: Network, name: str) -> int:
    """Index of a link; ScenarioError with the nearest name."""
    try:
        return network.link(name)
    except KeyError as missing:
        raise ScenarioError([str(missing.args[0])]) from None


def find_node(network: Network, name: str) -> int:
    """Index of a node; ScenarioError with the nearest name."""
    try:
        return network.node(name)
    except KeyError as missing:
        raise ScenarioError([str(missing.args[0])]) from None
