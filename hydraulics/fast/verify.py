"""How far to trust the fast engine on a user's own file: both engines, the base period and a sample of closures."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from hydraulics.fast.arrays import CV, LINK_NAMES, Network
from hydraulics.fast.compare import CLOSE_M, Comparison, compare
from hydraulics.fast.library import EpanetRefused
from hydraulics.fast.plan import Pressure
from hydraulics.fast.solver import Case, Engine, closable

SAMPLE = 60


def sample_closures(network: Network, count: int, seed: int = 0) -> list[Case]:
    """Closures of `count` pipes, spread by a seeded draw; check valves are left out, as EPANET cannot close them."""
    pipes = [k for k in closable(Engine(network)) if network.kind[k] != CV]
    if len(pipes) > count:
        pipes = sorted(np.random.default_rng(seed).choice(pipes, count, replace=False).tolist())
    return [Case(network.link_ids[k], close=(k,)) for k in pipes]


def verify(network: Network, pressure: Pressure, *, sample: int = SAMPLE, seed: int = 0) -> dict:
    """Figures with stable keys: `base`, `closures` at the file's accuracy, `fine` at 1e-5, `elements`, `verdict`.

    `verdict`: `agrees` where at the fine accuracy 99 % of connected nodes are within 1 cm and no case is left over;
    `differs`; or `epanet` with the reason, where the fast engine has no answer of its own.
    """
    counts = {name: int((network.kind == k).sum()) for k, name in enumerate(LINK_NAMES) if (network.kind == k).any()}
    report: dict = {
        "file": network.path.name,
        "nodes": network.n_nodes,
        "elements": counts,
        "emitters": int((network.emitter > 0).sum()),
        "controls": len(network.controls),
        "rules": len(network.rules),
        "pressure_driven": pressure.driven,
        "unsupported": [],
    }
    cases = sample_closures(network, sample, seed)
    try:
        base = compare(network, pressure, [Case("base")], accuracy=1e-5)
        report["base"] = _figures(base)
        report["closures"] = _figures(compare(network, pressure, cases, repeat=2))
        fine = compare(network, pressure, cases, accuracy=1e-5)
        report["fine"] = _figures(fine)
    except EpanetRefused as refusal:
        report["verdict"], report["reason"] = "refused", str(refusal)
        return report
    left = {**base.solved_by_epanet, **fine.solved_by_epanet}
    if "base" in base.solved_by_epanet:
        report["verdict"], report["reason"] = "epanet", base.solved_by_epanet["base"]
    elif fine.share_within >= 0.99 and base.share_within >= 0.99 and not fine.unexplained and not left:
        report["verdict"], report["reason"] = (
            "agrees",
            f"{fine.share_within:.2%} of nodes within {CLOSE_M * 100:.0f} cm",
        )
    elif left:
        report["verdict"], report["reason"] = "epanet", f"{len(left)} of {len(cases)} closures were handed to EPANET"
    else:
        report["verdict"] = "differs"
        report["reason"] = f"{fine.share_within:.2%} of nodes within 1 cm; {len(fine.unexplained)} far ones unexplained"
    return report


def _figures(c: Comparison) -> dict:
    return {
        "cases": c.cases,
        "share_within_1cm": round(c.share_within, 6),
        "head_error_m": {
            "median": c.median_m, "p99": c.p99_m, "largest": c.largest_m, "where": c.where,
        },
        "flow_error_m3s": c.largest_flow_m3s,
        "epanet_over_fast": round(c.ratio, 2),
        "fast_us_per_case": round(c.fast_s / max(c.cases, 1) * 1e6, 2),
        "epanet_us_per_case": round(c.epanet_s / max(c.cases, 1) * 1e6, 2),
        "far": [asdict(d) for d in c.far[:50]],
        "unbalanced_by_epanet": c.unbalanced_by_epanet,
        "refused_by_epanet": c.refused_by_epanet,
        "solved_by_epanet": c.solved_by_epanet,
    }  # fmt: skip
