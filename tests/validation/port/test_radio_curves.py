"""The radio model against link-level curves and a link budget (23 dBm, 10 MHz, noise figure 9 dB, 350 B).

Curves: WiLabV2XSim, LTE-V2X, modulation and coding scheme 7, 350 bytes. Link budget, share of messages that arrive: LOS
1.0 to 1.2 km; behind stacks (NLOS) 0.85 at 100 m, 0.42 at 150 m, 0.01 at 300 m, with the curve for free sight.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from port.radio.link import LOS, LTE_MCS7_350B, NLOS, Curve, Radio, reception

FILES = {LOS: "G5-UrbanLOS/PER_LTE_MCS7_350B.txt", NLOS: "G5-CrossingNLOS/PER_LTE_MCS7_350B.txt"}


def test_packet_error_rates_are_those_of_the_link_level_curves(shared: Path, figures: Path) -> None:
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), dpi=110)
    for kind, colour, name in ((LOS, "#3585c6", "free sight"), (NLOS, "#a01a2c", "crossing, no sight")):
        data = np.loadtxt(shared / "traffic" / "v2x_per" / "PERcurves" / FILES[kind])
        curve = LTE_MCS7_350B[kind]
        ours = ndtr(-(data[:, 0] - curve.half_db) / curve.width_db)
        error = float(np.abs(ours - data[:, 1]).max())
        print(f"\n{name}: largest difference of the packet error rate {error:.4f}")
        assert error < 0.015
        left.plot(data[:, 0], data[:, 1], "o", ms=3, color=colour, label=f"{name}, link level")
        left.plot(data[:, 0], ours, color=colour, label=f"ours, within {error:.3f}")
    left.set(xlabel="signal to noise (dB)", ylabel="packet error rate", title="C-V2X, MCS 7, 350 bytes")
    left.legend()
    d = np.geomspace(20, 1500, 300)
    for kind, colour, name in ((LOS, "#3585c6", "free sight"), (NLOS, "#a01a2c", "behind stacks")):
        right.semilogx(d, reception(Radio(), d, kind), color=colour, label=name)
    right.set(xlabel="distance (m)", ylabel="share of messages that arrive", title="23 dBm, 10 MHz, noise figure 9 dB")
    right.legend()
    figure.tight_layout()
    figure.savefig(figures / "port_radio.png")
    plt.close(figure)


def test_the_link_budget_gives_the_known_shares() -> None:
    """Within 0.03 with the curve that the figures were made with (free sight, half of all lost at 2.09 dB)."""
    curves = {LOS: Curve(2.088, 1.45), NLOS: Curve(2.088, 1.45)}
    behind = reception(Radio(), np.array([100.0, 150.0, 300.0]), NLOS, curves)
    print(f"\nbehind stacks at 100, 150, 300 m: {behind.round(3).tolist()} (known 0.85, 0.42, 0.01)")
    np.testing.assert_allclose(behind, [0.85, 0.42, 0.01], atol=0.03)
    assert reception(Radio(), np.array([1200.0]), LOS, curves)[0] == pytest.approx(1.0, abs=0.005)
