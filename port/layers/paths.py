"""Messages over several paths at once: how old the newest one is, and how often none comes for too long.

A path delivers a share p of one message a period T, after a latency L; losses are independent. Within an age τ it has
had n = ⌊(τ − L)/T⌋ chances, so nothing newer than τ has come with probability Π (1 − p)^n over the paths. With one
path this is what `port.radio.control` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from port.radio.control import Messages
from port.radio.link import FloatArray

EPSILON = 1e-9
LEAST_LOSS = 1e-12
"""No link is better than this; keeps logarithms finite."""


@dataclass(frozen=True)
class Path:
    """share : (n,) of messages that arrive at each point.  latency_s : from sender to wheel."""

    share: FloatArray
    latency_s: float


def _chances(path: Path, age_s: float, period_s: float) -> int:
    return max(0, int(np.floor((age_s - path.latency_s) / period_s + EPSILON)))


def nothing_newer(paths: Sequence[Path], age_s: float, period_s: float) -> FloatArray:
    """(n,) probability that no message younger than an age has come by any path."""
    log = np.zeros_like(paths[0].share)
    for path in paths:
        loss = np.clip(1.0 - path.share, LEAST_LOSS, 1.0)
        log = log + _chances(path, age_s, period_s) * np.log(loss)
    return np.exp(log)


def planned_age(paths: Sequence[Path], messages: Messages) -> FloatArray:
    """(n,) age in s that is exceeded in 1 − quantile of the cases; inf where it is beyond the stop age.

    The age grows in steps: at L + kT of every path another message has had its chance.
    """
    steps = sorted(
        {
            p.latency_s + k * messages.period_s
            for p in paths
            for k in range(1, 1 + _chances(p, messages.stop_s, messages.period_s))
        }
    )
    age = np.full(paths[0].share.shape, np.inf)
    for step in steps:
        known = nothing_newer(paths, step, messages.period_s) <= (1.0 - messages.quantile) * (1.0 + EPSILON)
        age = np.where(np.isinf(age) & known, step, age)
    return age


def silence_rate(paths: Sequence[Path], messages: Messages) -> FloatArray:
    """(n,) times in an hour of driving that the stop age passes without a message.

    A silence begins in a period after one in which a message came, by whichever path, and lasts with the probability
    that nothing newer comes: 1/T · (1 − Π(1 − p)) · Π(1 − p)^n, n the chances within the stop age, rounded up.
    """
    any_comes, silent = np.ones_like(paths[0].share), np.ones_like(paths[0].share)
    for path in paths:
        loss = np.clip(1.0 - path.share, LEAST_LOSS, 1.0)
        n = max(0.0, np.ceil((messages.stop_s - path.latency_s) / messages.period_s - EPSILON))
        any_comes, silent = any_comes * loss, silent * loss**n
    return 3600.0 / messages.period_s * (1.0 - any_comes) * silent
