"""Block relocation on the instances of Caserta & Voß: the exact method against proven optima, and what rules lose.

240 bays in six sets (3 to 4 tiers, 3 to 6 stacks, 40 each), height limit two tiers above the start. Set means of the
optima reproduce published ones (3-3 5.000, 3-4 6.175, 3-5 7.025, 3-6 8.400, 4-4 10.200, 4-5 12.950).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from port.relocation.bay import read_bay
from port.relocation.solve import RULES, by_rule, exact, replay

MEANS = {"3-3": 5.000, "3-4": 6.175, "3-5": 7.025, "3-6": 8.400, "4-4": 10.200, "4-5": 12.950}


def test_the_exact_method_meets_every_proven_optimum_and_min_max_is_near(shared: Path, figures: Path) -> None:
    import matplotlib.pyplot as plt

    folder = shared / "port" / "brp_caserta"
    with (folder / "caserta_restricted_optimal_Hplus2.csv").open() as stream:
        known = {row["instance"]: row for row in csv.DictReader(stream)}
    least: dict[str, list[int]] = defaultdict(list)
    rules: dict[str, dict[str, list[int]]] = {rule: defaultdict(list) for rule in RULES}
    for path in sorted(folder.rglob("*.dat")):
        bay, best = read_bay(path), known[path.name]
        found = exact(bay)
        assert found.proven
        assert replay(bay, found.path)
        if best["proven"] == "1":
            assert found.moves == int(best["best_relocations"]), path.name
        group = path.stem.removeprefix("data").rpartition("-")[0]
        least[group].append(found.moves)
        for rule in RULES:
            rules[rule][group].append(by_rule(bay, rule))
    groups = sorted(least)
    print()
    for group in groups:
        assert np.mean(least[group]) == pytest.approx(MEANS[group], abs=5e-4)
        line = ", ".join(f"{rule} {np.mean(rules[rule][group]):.3f}" for rule in RULES)
        print(f"{group}: {len(least[group])} bays, least {np.mean(least[group]):.3f}; {line}")
    total = sum(sum(v) for v in least.values())
    gaps = {rule: sum(map(sum, rules[rule].values())) / total - 1.0 for rule in RULES}
    print("mean gap: " + ", ".join(f"{rule} {gap:.1%}" for rule, gap in gaps.items()))

    figure, axes = plt.subplots(figsize=(7, 4.2), dpi=110)
    at = np.arange(len(groups))
    named = [("least possible (proven)", least, "#9aa1ab")]
    colours = {"min_max": "#3585c6", "levelled": "#efc100", "lowest": "#d95f02"}
    named += [
        (f"rule: {rule}, {gaps[rule]:+.1%}", rules[rule], colours[rule]) for rule in ("min_max", "levelled", "lowest")
    ]
    for k, (name, values, colour) in enumerate(named):
        axes.bar(at + 0.2 * (k - 1.5), [np.mean(values[g]) for g in groups], 0.19, label=name, color=colour)
    axes.set_xticks(at, [f"{g.split('-')[0]} tiers\n{g.split('-')[1]} stacks" for g in groups])
    axes.set_ylabel("moves a bay (mean of 40)")
    axes.set_title("Moves to empty a bay, Caserta & Voß instances")
    axes.legend()
    figure.tight_layout()
    figure.savefig(figures / "port_relocation_caserta.png")
    plt.close(figure)
    assert gaps["min_max"] < 0.04
