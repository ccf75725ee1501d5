"""Compiles the fast engine's kernels once, so that the first run of a user does not wait for it.

python -m port.warm
"""

from __future__ import annotations

from port.layout import complete
from port.simulate import simulate
from port.terminal import Terminal
from twin.clock import US


def warm() -> None:
    """Run a small terminal for a minute."""
    place = complete(Terminal.model_validate({"origin": (0.0, 0.0), "heading": "0 deg", "berths": 1}))
    simulate(place, 1, 60 * US, "fast")


if __name__ == "__main__":
    warm()
