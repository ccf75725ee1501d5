"""EPANET's units and small numbers, brought to SI.

EPANET computes in feet and cubic feet per second, and its tolerances are numbers in those units. The fast engine
computes in metres and m3/s. To stay with EPANET to the last digit, a file's numbers are first brought to EPANET's own
feet, by EPANET's own rounded factors (types.h, EPANET 2.2), and from there to SI.
"""

from __future__ import annotations

from dataclasses import dataclass

FOOT = 0.3048

FLOW_UNITS: tuple[tuple[str, float, float, bool], ...] = (
    ("CFS", 1.0, 0.028316846592, False),
    ("GPM", 448.831, 6.30901964e-5, False),
    ("MGD", 0.64632, 0.0438126364, False),
    ("IMGD", 0.5382, 0.0526168042, False),
    ("AFD", 1.9837, 0.0142764102, False),
    ("LPS", 28.317, 1e-3, True),
    ("LPM", 1699.0, 1e-3 / 60, True),
    ("MLD", 2.4466, 1e3 / 86400, True),
    ("CMH", 101.94, 1 / 3600, True),
    ("CMD", 2446.6, 1 / 86400, True),
)
"""Name, EPANET's number of it in a cubic foot per second, m3/s, and whether lengths are metric."""

PSI_PER_FOOT = 0.4333
KPA_PER_PSI = 6.895
KW_PER_HP = 0.7457


@dataclass(frozen=True)
class Units:
    """Factors of one file. `x_user / per_foot` is in feet; feet * FOOT is in metres; and so on."""

    name: str
    metric: bool
    flow_per_cfs: float
    cfs: float
    """m3/s in what EPANET takes for a cubic foot per second in this file."""
    pressure_per_foot: float
    """The file's pressure unit in one foot of the liquid (specific gravity included)."""

    @classmethod
    def of(cls, flow_code: int, kilopascal: bool, gravity: float) -> Units:
        name, per_cfs, si, metric = FLOW_UNITS[flow_code]
        if not metric:
            pressure = PSI_PER_FOOT * gravity
        elif kilopascal:
            pressure = KPA_PER_PSI * PSI_PER_FOOT * gravity
        else:
            pressure = FOOT * gravity
        return cls(name, metric, per_cfs, per_cfs * si, pressure)

    @property
    def length_per_foot(self) -> float:
        return FOOT if self.metric else 1.0

    @property
    def diameter_per_foot(self) -> float:
        return 1000.0 * FOOT if self.metric else 12.0

    @property
    def volume_per_cubic_foot(self) -> float:
        return FOOT**3 if self.metric else 1.0

    @property
    def gradient(self) -> float:
        """m per m3/s in one foot per cubic foot per second."""
        return FOOT / self.cfs

    def head(self, user: float) -> float:
        """Metres from the file's length unit."""
        return user / self.length_per_foot * FOOT

    def pressure(self, user: float) -> float:
        """Metres of head from the file's pressure unit."""
        return user / self.pressure_per_foot * FOOT

    def pressure_out(self, head_m: float) -> float:
        """The file's pressure unit from metres of head."""
        return head_m / FOOT * self.pressure_per_foot

    def flow(self, user: float) -> float:
        """m3/s from the file's flow unit."""
        return user / self.flow_per_cfs * self.cfs

    def flow_out(self, flow_m3s: float) -> float:
        """The file's flow unit from m3/s."""
        return flow_m3s / self.cfs * self.flow_per_cfs


@dataclass(frozen=True)
class Small:
    """EPANET's small and big numbers in SI (hydcoeffs.c, hydraul.c, input1.c of EPANET 2.2)."""

    flat: float
    """RQTOL 1e-7 ft/cfs: below this slope head loss is taken as linear."""
    steep: float
    """CBIG 1e8 ft/cfs: the slope of a closed link."""
    easy: float
    """CSMALL 1e-6 ft/cfs: the slope of an open valve without loss."""
    head: float
    """HTOL 0.0005 ft."""
    flow: float
    """QTOL 1e-4 cfs."""
    zero_flow: float
    """QZERO 1e-6 cfs."""
    barrier: float
    """1e9 ft/cfs: the slope that holds a pressure-driven demand between nothing and full (EPANET 2.3)."""

    @classmethod
    def of(cls, units: Units) -> Small:
        g = units.gradient
        return cls(1e-7 * g, 1e8 * g, 1e-6 * g, 0.0005 * FOOT, 1e-4 * units.cfs, 1e-6 * units.cfs, 1e9 * g)
