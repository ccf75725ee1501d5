"""One radio link: path loss, and the share of messages that arrive.

Path loss in dB, d in m, f in GHz (3GPP TR 37.885 V15.3.0, table 6.2.1-1, and the text on blocking vehicles below it):

    urban LOS   38.77 + 16.7 lg d + 18.2 lg f      shadowing 3 dB
    NLOS        36.85 + 30.0 lg d + 18.9 lg f      shadowing 4 dB
    NLOSv       LOS + max(0, A): A normal with mean 9 + max(0, 15 lg d − 41), 4.5 dB where both antennas lie below the
                blocking vehicle; mean 5 + the same, 4 dB where one does; nothing where both lie above

The packet error rate falls with the signal-to-noise ratio s as a normal distribution does, Q((s − s50)/w). Shadowing is
normal, too. So the share that arrives is Φ((mean s − s50)/√(w² + σ²)), without a sum over fades.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LOS, NLOSV, NLOS = 0, 1, 2
SHADOW_DB = (3.0, 3.0, 4.0)
"""TR 37.885, table 6.2.1-1, for LOS, NLOSv and NLOS."""
NEAREST_M = 1.0
THERMAL_DBM_HZ = -174.0
"""kT at 290 K."""


@dataclass(frozen=True)
class Curve:
    """Packet error rate: half of all packets are lost at `half_db`; `width_db` is the normal distribution's."""

    half_db: float
    width_db: float


LTE_MCS7_350B = {LOS: Curve(2.848, 1.518), NLOSV: Curve(2.848, 1.518), NLOS: Curve(5.114, 1.366)}
"""C-V2X sidelink, modulation and coding scheme 7, 350 bytes: fitted to the link-level curves of WiLabV2XSim for urban
LOS and for a crossing without sight; the fit is within 0.013 and 0.003 of a packet error rate (a test shows it)."""


@dataclass(frozen=True)
class Radio:
    """A sender and its receivers. Defaults: the C-V2X link budget of TR 37.885 (23 dBm, 10 MHz, noise figure 9 dB).

    interference_db   by how much other senders raise the noise
    gain_db           of both antennas together
    """

    frequency_ghz: float = 5.9
    power_dbm: float = 23.0
    bandwidth_hz: float = 10e6
    noise_figure_db: float = 9.0
    gain_db: float = 0.0
    interference_db: float = 0.0

    @property
    def noise_dbm(self) -> float:
        noise = THERMAL_DBM_HZ + 10.0 * np.log10(self.bandwidth_hz)
        return float(noise + self.noise_figure_db + self.interference_db)


def path_loss(distance_m: FloatArray, frequency_ghz: float, kind: int) -> FloatArray:
    """Mean path loss in dB for LOS or NLOS (NLOSv: that of LOS; see `vehicle_loss`). distance (n,) in m."""
    lg_d, lg_f = np.log10(np.maximum(distance_m, NEAREST_M)), np.log10(frequency_ghz)
    if kind == NLOS:
        return 36.85 + 30.0 * lg_d + 18.9 * lg_f
    return 38.77 + 16.7 * lg_d + 18.2 * lg_f


def vehicle_loss(distance_m: FloatArray, heights_m: tuple[float, float], blocker_m: float) -> tuple[FloatArray, float]:
    """(mean (n,), deviation) in dB of what a vehicle in between takes. An antenna as high as it counts as below."""
    below = sum(h <= blocker_m for h in heights_m)
    far = np.maximum(0.0, 15.0 * np.log10(np.maximum(distance_m, NEAREST_M)) - 41.0)
    if below == 0:
        return np.zeros_like(far), 0.0
    mean, deviation = (9.0 + far, 4.5) if below == 2 else (5.0 + far, 4.0)
    return _positive_mean(mean, deviation), deviation


def _positive_mean(mean: FloatArray, deviation: float) -> FloatArray:
    """Mean of max(0, A) for a normal A."""
    from scipy.special import ndtr

    z = mean / deviation
    return mean * ndtr(z) + deviation * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)


def clear_probability(distance_m: FloatArray) -> FloatArray:
    """Share of the time without a vehicle in between (TR 37.885, table 6.2-1, highway):

    min(1, 2.1013e-6 d² − 0.002 d + 1.0193) to 475 m, then max(0, 0.54 − 0.001 (d − 475)).
    """
    d = np.asarray(distance_m, dtype=float)
    near = np.minimum(1.0, 2.1013e-6 * d**2 - 0.002 * d + 1.0193)
    return np.where(d <= 475.0, near, np.maximum(0.0, 0.54 - 0.001 * (d - 475.0)))


def reception(
    radio: Radio,
    distance_m: FloatArray,
    kind: int,
    curves: dict[int, Curve] = LTE_MCS7_350B,
    heights_m: tuple[float, float] = (5.0, 3.0),
    blocker_m: float = 3.0,
) -> FloatArray:
    """Share of messages that arrive, (n,), over fades, at distances (n,) in m under one kind of sight."""
    from scipy.special import ndtr

    loss = path_loss(distance_m, radio.frequency_ghz, kind)
    variance = curves[kind].width_db ** 2 + SHADOW_DB[kind] ** 2
    if kind == NLOSV:
        extra, deviation = vehicle_loss(distance_m, heights_m, blocker_m)
        loss = loss + extra
        variance += deviation**2
    margin = radio.power_dbm + radio.gain_db - loss - radio.noise_dbm - curves[kind].half_db
    return ndtr(margin / np.sqrt(variance))
