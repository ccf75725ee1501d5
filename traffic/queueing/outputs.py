"""What a queue run gives at an exchange: as `traffic.outputs`, read from the engine's arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from traffic.fast.layout import HELD, PARKED
from traffic.outputs import FloatArray, Outputs

if TYPE_CHECKING:
    from traffic.queueing.model import QueueModel


class QueueOutputs(Outputs):
    """Reads the present values of a queue model's outputs."""

    def __init__(self, model: QueueModel) -> None:
        super().__init__(model)  # type: ignore[arg-type]
        self.queue = model
        index = model.run.bound.network.index
        self._at = np.array([index[edge.id] for edge in model.network.edges], dtype=np.int64)

    def _motion(self) -> tuple[int, int, float]:
        if self._moving[0] != self.queue.now_us:
            self._moving = (self.queue.now_us, self.queue.times.standing_on())
        return self._moving[1]

    def _vehicles(self) -> FloatArray:
        """(n,) vehicles on each edge, held and parked ones too."""
        run = self.queue.run
        state = run.state.vehicle["state"]
        apart = run.edge_of(np.flatnonzero((state == HELD) | (state == PARKED)))
        counts = run.vehicles_on() + np.bincount(apart, minlength=run.bound.network.n_edges)
        return counts[self._at].astype(float)
