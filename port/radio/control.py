"""Driving on messages that may be late: their age, the speed that it allows, stops and takeovers, and latency budgets.

A truck that has last heard τ ago and must stop within D may drive v = −aτ + √((aτ)² + 2aD), for it covers vτ before it
knows and v²/2a after. Above an age T1 it slows to a crawl, above T2 it stops until a remote operator takes over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from port.radio.link import FloatArray


@dataclass(frozen=True)
class Messages:
    """period_s between messages (10 Hz: TS 22.185); latency_s from sender to wheel (an assumption: 20 ms).

    slow_s, stop_s : ages T1 and T2 (assumptions). quantile : the age that is planned for.
    """

    period_s: float = 0.1
    latency_s: float = 0.02
    slow_s: float = 0.5
    stop_s: float = 1.0
    quantile: float = 0.99


def age_quantile(share: FloatArray, messages: Messages) -> FloatArray:
    """(n,) age in s that is exceeded in 1 − quantile of the cases; P(k losses in a row) = (1 − share)^k."""
    p = np.clip(np.asarray(share, dtype=float), 1e-12, 1.0 - 1e-12)
    losses = np.ceil(np.log(1.0 - messages.quantile) / np.log(1.0 - p) - 1e-9)
    return messages.latency_s + messages.period_s * np.maximum(losses, 1.0)


def speed_for_age(age_s: FloatArray, brake_mps2: float, clear_m: FloatArray | float) -> FloatArray:
    """(n,) m/s; brake a in m/s², clear distance D in m."""
    late = brake_mps2 * np.asarray(age_s, dtype=float)
    return -late + np.sqrt(late**2 + 2.0 * brake_mps2 * np.asarray(clear_m, dtype=float))


def stop_rate(share: FloatArray, messages: Messages) -> FloatArray:
    """(n,) safe stops an hour of driving: how often stop_s pass without a message.

    A run of k = stop_s / period losses begins after a message with probability share · (1 − share)^k per period.
    """
    p = np.clip(np.asarray(share, dtype=float), 0.0, 1.0)
    runs = np.ceil((messages.stop_s - messages.latency_s) / messages.period_s - 1e-9)
    return 3600.0 / messages.period_s * np.maximum(p, 1e-12) * (1.0 - p) ** runs


@dataclass(frozen=True)
class Budget:
    """A use of the link and what it must keep: latency in s with a reliability (3GPP TS 22.186)."""

    name: str
    latency_s: float
    reliability: float


BUDGETS = (
    Budget("platooning, lowest automation", 0.025, 0.90),
    Budget("platooning, highest automation", 0.010, 0.9999),
    Budget("remote driving", 0.005, 0.99999),
    Budget("emergency trajectory", 0.003, 0.99999),
)
"""3GPP TS 22.186, tables 5.2-1 to 5.5-1."""


def check_budgets(share: FloatArray, messages: Messages) -> list[dict[str, object]]:
    """A row a budget: whether the link's latency fits, and on what part of the lanes one message is reliable enough."""
    rows: list[dict[str, object]] = []
    for budget in BUDGETS:
        reliable = float(np.mean(share >= budget.reliability))
        fast = messages.latency_s <= budget.latency_s
        rows.append(
            {
                "use": budget.name, "budget_ms": budget.latency_s * 1e3, "link_ms": messages.latency_s * 1e3,
                "in_time": fast, "reliability": f"{100 * budget.reliability:g} %", "lanes_pct": 100 * reliable,
                "kept": bool(fast and reliable == 1.0),
            }
        )  # fmt: skip
    return rows
