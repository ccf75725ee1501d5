"""A link carries what one model gives to another, and counts it on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from twin.ports import Join, Kind


class LinkError(ValueError):
    """Two ports that do not fit together; the message names both."""


@dataclass
class Link:
    """Source port, target port, mapping, and the account of what passed.

    scale turns the source's unit into the target's. `sent` and `received` are in the target's unit: sums of amounts,
    counts of arrivals. What has been sent and not yet handed over is `in_transit`.
    """

    source: str
    out: str
    target: str
    into: str
    kind: Kind
    unit: str
    scale: float
    join: Join
    mapping: sparse.csr_array | None
    default: float = 0.0
    sent: float = 0.0
    received: float = 0.0
    _waiting: Any = None
    _starts: NDArray[np.int64] | None = field(default=None, repr=False)
    _filled: NDArray[np.bool_] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.mapping is not None and self.kind is Kind.STATE:
            self._filled = np.diff(self.mapping.indptr) > 0
            self._starts = self.mapping.indptr[:-1][self._filled]

    @property
    def name(self) -> str:
        return f"{self.source}.{self.out} -> {self.target}.{self.into}"

    @property
    def in_transit(self) -> float:
        """What was sent and still waits, in the target's unit."""
        if self._waiting is None or self.kind is Kind.STATE:
            return 0.0
        return float(len(self._waiting)) if self.kind is Kind.ARRIVALS else float(np.sum(self._waiting))

    def push(self, values: Any) -> None:
        """Take what the source gives: the latest state, or one more amount or list of arrivals."""
        if self.kind is Kind.ARRIVALS:
            self.sent += len(values)
            self._waiting = [*(self._waiting or ()), *values]
            return
        assert self.mapping is not None
        values = np.asarray(values, dtype=float)
        if values.shape != (self.mapping.shape[1],):
            raise LinkError(f"{self.name}: {self.mapping.shape[1]} values expected, {values.shape} given")
        if self.kind is Kind.STATE:
            self._waiting = self._state(values)
            return
        amount = values * self.scale
        self.sent += float(amount.sum())
        mapped = self.mapping @ amount
        self._waiting = mapped if self._waiting is None else self._waiting + mapped

    def drain(self) -> Any:
        """Hand over what waits, or None; counts it as received."""
        values, self._waiting = self._waiting, None
        if values is None or self.kind is Kind.STATE:
            return values
        self.received += len(values) if self.kind is Kind.ARRIVALS else float(np.sum(values))
        return values

    def _state(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each target's largest source value (a single source in all joins but ALONG_MAX); default where none."""
        assert self.mapping is not None
        assert self._filled is not None
        assert self._starts is not None
        result = np.full(self.mapping.shape[0], self.default)
        if self._starts.size:
            result[self._filled] = np.maximum.reduceat(values[self.mapping.indices], self._starts) * self.scale
        return result
