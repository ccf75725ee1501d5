"""What the layers add to a run's figures: coverage and the operators' work, units, lanes and latency budgets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from port.codes import L_CALLS, L_TAKEN
from port.radio.control import check_budgets
from twin.model import Metric, Table

if TYPE_CHECKING:
    from port.control import Engine


def layer_metrics(engine: Engine) -> dict[str, Metric]:
    """`radio_covered` where there is radio, `takeovers` where trucks can call for an operator."""
    found: dict[str, Metric] = {}
    radio = engine.layers.radio
    if radio is not None:
        doc = f"Lanes on which {100 * radio.spec.wanted:g} % of the messages arrive, of all, over time."
        found["radio_covered"] = Metric(100 * radio.mean_covered(engine.now_us), "%", doc, "higher")
    if radio is not None or engine.terminal.fleet.remote.per_1000_km > 0.0:
        calls = engine.sums()["takeovers"]
        found["takeovers"] = Metric(calls, "1", "Calls of trucks that a remote operator has answered.", "lower", 0)
        waits = operator_waits_s(engine)
        mean = float(np.mean(waits)) if len(waits) else None
        found["takeover_wait"] = Metric(mean, "s", "Truck's wait for a remote operator to be free (mean).", "lower", 0)
    return found


def operator_waits_s(engine: Engine) -> NDArray[np.float64]:
    """(n,) waits in s between a truck's call and an operator's first look, of calls that were answered.

    A truck calls again only when it has been helped, so the k-th call of a truck has its k-th answer.
    """
    rows = engine.rows()
    rows = rows[np.isin(rows[:, 1], (L_CALLS, L_TAKEN))]
    rows = rows[np.argsort(rows[:, 2], kind="stable")]
    answered = (rows[1:, 1] == L_TAKEN) & (rows[:-1, 2] == rows[1:, 2])
    return np.asarray((rows[1:, 0] - rows[:-1, 0])[answered] / 1e6)


def layer_tables(engine: Engine) -> dict[str, Table]:
    """`radio_units`, `radio_lanes` and `latency_budgets`, as they stand at the end of the run; none without radio."""
    radio = engine.layers.radio
    if radio is None:
        return {}
    stations, spec = radio.stations, radio.spec
    units = [
        (name, float(x), float(y), spec.height, radio.works(name))
        for name, (x, y) in zip(stations.ids, stations.xy.tolist(), strict=True)
    ]
    lanes = [
        (
            *(lane, round(100 * float(radio.heard[k]), 3)),
            round(1e3 * float(radio.age_s[k]), 1) if np.isfinite(radio.age_s[k]) else None,
            round(3.6 * float(radio.cap_mps[k]), 2),
            round(float(radio.stops_per_h[k]), 6),
        )
        for k, lane in enumerate(engine.site.lane_ids)
    ]
    named = zip(("roadside units", "5G"), radio.paths(), strict=False)
    budgets = [
        {"path": name, **row}
        for name, path in named
        for row in check_budgets(path.share, replace(radio.messages, latency_s=path.latency_s))
    ]
    return {
        "radio_units": Table(("unit", "x_m", "y_m", "height_m", "works"), units, "Roadside units, at the end."),
        "radio_lanes": Table(
            ("lane", "heard_least_pct", "age_ms", "cap_kmh", "stops_per_driving_h"),
            lanes,
            "What trucks hear on each lane, at the end; an empty age: too old to drive on, an operator takes over.",
        ),
        "latency_budgets": Table(
            tuple(budgets[0]),
            [tuple(row.values()) for row in budgets],
            "Budgets of 3GPP TS 22.186 against each path's latency, and the lanes' share where it is reliable enough.",
        ),
    }
