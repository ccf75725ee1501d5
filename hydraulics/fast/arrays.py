"""An INP file as arrays in SI, with EPANET's own reading of it.

EPANET's parser is the definition of the format, so EPANET reads the file and is asked for every number; nothing is
interpreted twice. What EPANET derives from the numbers (resistances, pump curve fits) follows its formulas here.
Junctions come first, then tanks and reservoirs, in EPANET's order; indices count from 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hydraulics.fast.library import Epanet, EpanetRefused
from hydraulics.fast.program import Control, Rule, read_controls, read_rules
from hydraulics.fast.units import FOOT, KW_PER_HP, Small, Units

CV, PIPE, PUMP, PRV, PSV, PBV, FCV, TCV, GPV = range(9)
"""Link types (EN_LinkType)."""
LINK_NAMES = ("check valve pipe", "pipe", "pump", "PRV", "PSV", "PBV", "FCV", "TCV", "GPV")
XHEAD, TEMPCLOSED, CLOSED, OPEN, ACTIVE, XFLOW, XFCV, XPRESSURE = range(8)
"""Link states (StatusType in types.h). Up to CLOSED no water passes."""
HAZEN_WILLIAMS, DARCY_WEISBACH, CHEZY_MANNING = range(3)
CONSTANT_POWER, POWER_CURVE, CUSTOM_CURVE, NO_CURVE = range(4)

HUGE = 1e10
"""EPANET's BIG: a pump of constant power has no largest head."""


@dataclass
class Options:
    """[OPTIONS] and [TIMES] of the file, in SI and seconds."""

    formula: int
    driven: bool
    minimum_m: float
    required_m: float
    exponent: float
    trials: int
    accuracy: float
    head_error_m: float
    flow_change_m3s: float
    unbalanced: int
    check_freq: int
    max_check: int
    damp: float
    emitter_exponent: float
    viscosity_m2s: float
    demand_multiplier: float
    duration_s: int
    step_s: int
    pattern_step_s: int
    pattern_start_s: int
    report_step_s: int
    rule_step_s: int
    start_s: int


@dataclass
class Tanks:
    """Tanks and reservoirs, in node order after the junctions. Reservoirs have area 0."""

    area: np.ndarray
    head: np.ndarray
    low: np.ndarray
    high: np.ndarray
    volume: np.ndarray
    least: np.ndarray
    most: np.ndarray
    curve: np.ndarray
    pattern: np.ndarray
    overflow: np.ndarray


@dataclass
class Pumps:
    """Pump curves, h = h0 - r q^n as head *loss* coefficients (h0 and r negative). One entry per link, most unused."""

    kind: np.ndarray
    h0: np.ndarray
    r: np.ndarray
    n: np.ndarray
    top: np.ndarray
    start: np.ndarray
    curve: np.ndarray
    pattern: np.ndarray


@dataclass
class Network:
    """Everything the solver needs of one network. Heads and lengths in m, flows in m3/s.

    resistance: m per (m3/s)^1.852, or with Darcy-Weisbach without the friction factor, or Chezy-Manning.
    minor: m per (m3/s)^2. setting: speed, m of head, m3/s, loss coefficient or curve number; NaN where fixed.
    emitter: m per (m3/s)^n, n = 1/exponent; 0 for none.
    """

    path: Path
    units: Units
    small: Small
    options: Options
    node_ids: list[str]
    link_ids: list[str]
    n_junctions: int
    elevation: np.ndarray
    emitter: np.ndarray
    demand_node: np.ndarray
    demand_base: np.ndarray
    demand_pattern: np.ndarray
    patterns: list[np.ndarray]
    curves: list[tuple[np.ndarray, np.ndarray]]
    tanks: Tanks
    first: np.ndarray
    second: np.ndarray
    kind: np.ndarray
    length: np.ndarray
    diameter: np.ndarray
    roughness: np.ndarray
    resistance: np.ndarray
    minor: np.ndarray
    status: np.ndarray
    setting: np.ndarray
    pumps: Pumps
    xy: np.ndarray
    """(n_nodes, 2) map coordinates of the file; NaN where it has none."""
    controls: list[Control] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    @property
    def n_nodes(self) -> int:
        return len(self.node_ids)

    @property
    def n_links(self) -> int:
        return len(self.link_ids)

    def node(self, name: str) -> int:
        """Index of a node; a KeyError names what is missing and what is near."""
        return _place(self.node_ids, name, "node", self.path)

    def link(self, name: str) -> int:
        """Index of a link."""
        return _place(self.link_ids, name, "link", self.path)

    def throttle(self, link: np.ndarray | int, coefficient: np.ndarray | float) -> np.ndarray:
        """Minor loss in m per (m3/s)^2 of a loss coefficient: 0.02517 K/d^4 in feet (hydcoeffs.c)."""
        feet = 0.02517 * np.asarray(coefficient) / (self.diameter[link] / FOOT) ** 4
        return feet * FOOT / self.units.cfs**2

    def demands(self, time_s: int = 0) -> np.ndarray:
        """(n_junctions,) full demand in m3/s at a moment of the run."""
        o = self.options
        period = (time_s + o.pattern_start_s) // o.pattern_step_s
        factor = np.array([p[period % len(p)] for p in self.patterns])
        total = np.zeros(self.n_junctions)
        np.add.at(total, self.demand_node, self.demand_base * factor[self.demand_pattern] * o.demand_multiplier)
        return total

    def fixed_heads(self, time_s: int = 0) -> np.ndarray:
        """(n_fixed,) heads of tanks at their start and of reservoirs at a moment, in m."""
        o, t = self.options, self.tanks
        period = (time_s + o.pattern_start_s) // o.pattern_step_s
        heads = t.head.copy()
        for i in np.flatnonzero((t.area == 0) & (t.pattern > 0)):
            p = self.patterns[t.pattern[i]]
            heads[i] = self.elevation[self.n_junctions + i] * p[period % len(p)]
        return heads


def _place(names: list[str], name: str, what: str, path: Path) -> int:
    try:
        return names.index(name)
    except ValueError:
        import difflib

        near = difflib.get_close_matches(name, names, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise KeyError(f"no {what} {name!r} in {path.name}.{hint}") from None


def read(path: Path | str, library: Path | None = None) -> Network:
    """Read an INP file. EpanetRefused, with EPANET's words, where EPANET does not take it."""
    path = Path(path)
    with Epanet(path, library) as file:
        return read_open(file, path)


def read_open(file: Epanet, path: Path) -> Network:
    """The network of a project that is open, with what has been changed in it since. Its solver must not be open."""
    units = Units.of(file.integer("EN_getflowunits"), _kilopascal(path), file.option("gravity"))
    options = _options(file, units)
    n, fixed = file.count("nodes"), file.count("tanks")
    junctions = n - fixed
    nodes = range(1, n + 1)
    links = range(1, file.count("links") + 1)
    kind = np.array([file.integer("EN_getlinktype", k) for k in links], np.int64)
    ends = np.array([file.several("EN_getlinknodes", "ii", k) for k in links], np.int64).reshape(-1, 2) - 1

    def link(what: str, scale: float = 1.0) -> np.ndarray:
        return np.array([file.link(k, what) for k in links]) / scale

    diameter = link("diameter", units.diameter_per_foot)
    length = link("length", units.length_per_foot)
    roughness = link("roughness", 1000 * units.length_per_foot if options.formula == DARCY_WEISBACH else 1.0)
    demand_node, demand_base, demand_pattern = _demands(file, units, junctions)
    network = Network(
        path=path,
        units=units,
        small=Small.of(units),
        options=options,
        node_ids=[file.name("EN_getnodeid", i) for i in nodes],
        link_ids=[file.name("EN_getlinkid", k) for k in links],
        n_junctions=junctions,
        elevation=np.array([units.head(file.node(i, "elevation")) for i in nodes]),
        emitter=_emitters(file, units, options, junctions),
        demand_node=demand_node,
        demand_base=demand_base,
        demand_pattern=demand_pattern,
        patterns=_patterns(file),
        curves=_curves(file),
        tanks=_tanks(file, units, junctions, fixed),
        first=ends[:, 0].copy(),
        second=ends[:, 1].copy(),
        kind=kind,
        length=length * FOOT,
        diameter=diameter * FOOT,
        roughness=roughness * (FOOT if options.formula == DARCY_WEISBACH else 1.0),
        resistance=_resistance(kind, length, diameter, roughness, options.formula, units),
        minor=link("minor_loss") * 0.02517 * FOOT / units.cfs**2,
        status=np.empty(0, np.int64),
        setting=np.empty(0),
        pumps=_pumps(file, units, kind),
        xy=np.array([_coordinates(file, i) for i in nodes]).reshape(-1, 2),
    )
    wide = diameter > 0
    network.minor[wide] /= diameter[wide] ** 4
    network.minor[~wide] = 0.0
    network.status, network.setting = _states(file, units, kind)
    network.controls = read_controls(file, network)
    network.rules = read_rules(file, network)
    return network


def _coordinates(file: Epanet, index: int) -> list[float]:
    try:
        return file.several("EN_getcoord", "dd", index)
    except EpanetRefused:
        return [math.nan, math.nan]


def _kilopascal(path: Path) -> bool:
    """Whether [OPTIONS] asks for kPa: the one option that EPANET 2.2 keeps to itself."""
    inside = False
    for raw in path.read_bytes().decode("latin-1").splitlines():
        words = raw.split(";")[0].split()
        if words and words[0].startswith("["):
            inside = words[0].upper().startswith("[OPTI")
        elif inside and len(words) >= 2 and words[0].upper() == "PRESSURE" and words[1].upper() == "KPA":
            return True
    return False


def _options(file: Epanet, units: Units) -> Options:
    driven, minimum, required, exponent = file.several("EN_getdemandmodel", "iddd")
    return Options(
        formula=int(file.option("formula")),
        driven=bool(driven),
        minimum_m=units.pressure(minimum),
        required_m=units.pressure(required),
        exponent=exponent,
        trials=int(file.option("trials")),
        accuracy=file.option("accuracy"),
        head_error_m=units.head(file.option("head_error")),
        flow_change_m3s=units.flow(file.option("flow_change")),
        unbalanced=int(file.option("unbalanced")),
        check_freq=int(file.option("check_freq")),
        max_check=int(file.option("max_check")),
        damp=file.option("damp"),
        emitter_exponent=file.option("emitter_exponent") or 0.5,
        viscosity_m2s=file.option("viscosity") * 1.1e-5 * FOOT**2,
        demand_multiplier=file.option("demand_multiplier"),
        duration_s=file.time("duration"),
        step_s=file.time("step"),
        pattern_step_s=file.time("pattern_step"),
        pattern_start_s=file.time("pattern_start"),
        report_step_s=file.time("report_step"),
        rule_step_s=file.time("rule_step"),
        start_s=file.time("start"),
    )


def _resistance(
    kind: np.ndarray, length: np.ndarray, diameter: np.ndarray, roughness: np.ndarray, formula: int, units: Units
) -> np.ndarray:
    """Pipe resistance by EPANET's formulas in feet (resistcoeff in hydcoeffs.c), brought to SI."""
    pipe = kind <= PIPE
    result = np.zeros(kind.size)
    e, d, x = roughness[pipe], diameter[pipe], length[pipe]
    if formula == HAZEN_WILLIAMS:
        result[pipe] = 4.727 * x / e**1.852 / d**4.871 * FOOT / units.cfs**1.852
    elif formula == DARCY_WEISBACH:
        result[pipe] = x / 2.0 / 32.2 / d / (math.pi * d**2 / 4.0) ** 2 * FOOT / units.cfs**2
    else:
        result[pipe] = (4 * e / (1.49 * math.pi * d**2)) ** 2 * (d / 4.0) ** -1.333 * x * FOOT / units.cfs**2
    return result


def _emitters(file: Epanet, units: Units, options: Options, junctions: int) -> np.ndarray:
    """Head loss coefficient of each junction's emitter; flow = C p^exponent turned round."""
    n = 1.0 / options.emitter_exponent
    result = np.zeros(junctions)
    for i in range(junctions):
        c = file.node(i + 1, "emitter")
        if c > 0:
            feet = (units.flow_per_cfs / c) ** n / units.pressure_per_foot
            result[i] = feet * FOOT / units.cfs**n
    return result


def _demands(file: Epanet, units: Units, junctions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Node, base demand in m3/s and pattern of every demand category."""
    node, base, pattern = [], [], []
    for i in range(1, junctions + 1):
        for c in range(1, file.integer("EN_getnumdemands", i) + 1):
            node.append(i - 1)
            base.append(units.flow(file.number("EN_getbasedemand", i, c)))
            pattern.append(file.integer("EN_getdemandpattern", i, c))
    return np.array(node, np.int64), np.array(base, float), np.array(pattern, np.int64)


def _patterns(file: Epanet) -> list[np.ndarray]:
    """Patterns by EPANET's number; 0 is the constant one."""
    found = [np.ones(1)]
    for p in range(1, file.count("patterns") + 1):
        size = file.integer("EN_getpatternlen", p)
        found.append(np.array([file.number("EN_getpatternvalue", p, k) for k in range(1, size + 1)]))
    return found


def _curves(file: Epanet) -> list[tuple[np.ndarray, np.ndarray]]:
    """Curves by EPANET's number, in the file's units; 0 is empty."""
    found = [(np.zeros(0), np.zeros(0))]
    for c in range(1, file.count("curves") + 1):
        size = file.integer("EN_getcurvelen", c)
        points = [file.several("EN_getcurvevalue", "dd", c, k) for k in range(1, size + 1)]
        found.append((np.array([p[0] for p in points]), np.array([p[1] for p in points])))
    return found


def _tanks(file: Epanet, units: Units, junctions: int, fixed: int) -> Tanks:
    index = range(junctions + 1, junctions + fixed + 1)
    tank = np.array([file.integer("EN_getnodetype", i) == 2 for i in index], bool)

    def values(what: str, scale: float = 1.0) -> np.ndarray:
        return np.array([file.node(i, what) for i in index]) / scale

    bottom = values("elevation", units.length_per_foot)
    level = {name: values(name, units.length_per_foot) for name in ("level", "min_level", "max_level")}
    diameter = values("tank_diameter", units.length_per_foot)
    cubic = units.volume_per_cubic_foot / units.cfs
    return Tanks(
        area=np.where(tank, math.pi / 4 * diameter**2 * units.cfs / FOOT, 0.0),
        head=(bottom + np.where(tank, level["level"], 0.0)) * FOOT,
        low=(bottom + level["min_level"]) * FOOT,
        high=(bottom + level["max_level"]) * FOOT,
        volume=values("volume", cubic),
        least=values("min_volume", cubic),
        most=values("max_volume", cubic),
        curve=np.where(tank, values("volume_curve"), 0).astype(np.int64),
        pattern=np.where(tank, 0, values("pattern")).astype(np.int64),
        overflow=np.array([tank[k] and file.node(i, "overflow") > 0 for k, i in enumerate(index)], bool),
    )


def power_curve(h0: float, h1: float, h2: float, q1: float, q2: float) -> tuple[float, float, float]:
    """(a, b, c) of h = a - b q^c through three points (powercurve in input2.c)."""
    c = math.log((h0 - h2) / (h0 - h1)) / math.log(q2 / q1)
    return h0, (h0 - h1) / q1**c, c


def _pumps(file: Epanet, units: Units, kind: np.ndarray) -> Pumps:
    """Pump curves as EPANET fits them (updatepumpparams in input2.c)."""
    n = kind.size
    pumps = Pumps(
        np.full(n, NO_CURVE, np.int64), np.zeros(n), np.zeros(n), np.ones(n), np.full(n, HUGE), np.zeros(n),
        np.zeros(n, np.int64), np.zeros(n, np.int64),
    )  # fmt: skip
    for k in np.flatnonzero(kind == PUMP).tolist():
        type_ = file.integer("EN_getpumptype", k + 1)
        pumps.kind[k] = type_
        pumps.pattern[k] = int(file.link(k + 1, "pattern"))
        if type_ == CONSTANT_POWER:
            power = file.link(k + 1, "power") / (KW_PER_HP if units.metric else 1.0)
            pumps.r[k], pumps.n[k] = -8.814 * power * FOOT * units.cfs, -1.0
            pumps.start[k] = units.cfs
            continue
        pumps.curve[k] = c = int(file.link(k + 1, "head_curve"))
        size = file.integer("EN_getcurvelen", c) if c else 0
        x, y = np.array([file.several("EN_getcurvevalue", "dd", c, i) for i in range(1, size + 1)]).reshape(-1, 2).T
        q = np.array([units.flow(v) for v in x])
        h = np.array([units.head(v) for v in y])
        if type_ == POWER_CURVE:
            points = (1.33334 * h[0], h[0], 0.0, q[0], 2 * q[0]) if size == 1 else (h[0], h[1], h[2], q[1], q[2])
            a, b, c_ = power_curve(*points)
            pumps.h0[k], pumps.r[k], pumps.n[k], pumps.top[k], pumps.start[k] = -a, -b, c_, points[0], points[3]
        elif type_ == CUSTOM_CURVE:
            pumps.top[k], pumps.start[k] = h[0], (q[0] + q[-1]) / 2
    return pumps


def _states(file: Epanet, units: Units, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Status and setting at the start (inithyd in hydraul.c).

    A valve that is fixed open or shut has no setting. EPANET gives 0 for it, so its state before the first trial
    tells: only a working valve is ACTIVE."""
    file.open_solver()
    file.init_solver()
    status = np.empty(kind.size, np.int64)
    setting = np.full(kind.size, np.nan)
    for k in range(kind.size):
        opened = file.link(k + 1, "initial_status") > 0
        status[k] = OPEN if opened else CLOSED
        if kind[k] <= PIPE:
            continue
        value = file.link(k + 1, "initial_setting")
        if kind[k] not in (PUMP, GPV) and file.link(k + 1, "state") != ACTIVE:
            continue
        if kind[k] in (PRV, PSV, PBV):
            value = units.pressure(value)
        elif kind[k] == FCV:
            value = units.flow(value)
        setting[k] = value
        if kind[k] in (PRV, PSV, FCV):
            status[k] = ACTIVE
    return status, setting
