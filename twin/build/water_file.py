"""The water network as an EPANET input file, the same text for the same network."""

from __future__ import annotations

from twin.build.water import WaterNet


def tag(name: str) -> str:
    """A street's name as one word."""
    return "_".join(name.split())


def inp_text(net: WaterNet, title: str) -> str:
    """EPANET 2.2 input: litres per second, Hazen-Williams, pressure-driven demand (full from 20 m)."""
    rows = ["[TITLE]", title, "", "[JUNCTIONS]", ";id elevation demand pattern"]
    for i, z, q in zip(net.ids, net.ground_m, net.demand_m3s, strict=True):
        rows.append(f"{i} {z:.2f} {q * 1000:.5f} DAY")
    rows += ["", "[RESERVOIRS]", f"R1 {net.well_head_m:.2f}", "", "[TANKS]", ";id bottom initial least most diameter"]
    depth = net.tank_depth_m
    rows.append(f"T1 {net.tank_bottom_m:.2f} {0.7 * depth:.2f} 0.2 {depth:.2f} {net.tank_diameter_m:.1f} 0")
    rows += ["", "[PIPES]", ";id from to length diameter roughness minor status"]
    for p in net.pipes:
        diameter = round(p.diameter_m * 1000)
        rows.append(f"{p.id} {net.ids[p.a]} {net.ids[p.b]} {p.length_m:.2f} {diameter} {net.roughness:g} 0 Open")
    rows.append(f"PT1 {net.ids[net.tank]} T1 30 500 {net.roughness:g} 0 Open")
    rows += [
        "",
        "[PUMPS]",
        f"PU1 R1 {net.ids[net.station]} HEAD STATION",
        f"PU2 R1 {net.ids[net.station]} HEAD STATION",
    ]
    rows += ["", "[STATUS]", "PU2 Closed", "", "[CURVES]"]
    rows += [f"STATION {q * 1000:.3f} {h:.3f}" for q, h in net.pump_curve()]
    rows += ["", "[CONTROLS]", ";the standby pump helps when the tank runs low"]
    rows += [f"LINK PU2 OPEN IF NODE T1 BELOW {0.3 * depth:.2f}", f"LINK PU2 CLOSED IF NODE T1 ABOVE {0.6 * depth:.2f}"]
    rows += ["", "[PATTERNS]"]
    rows += ["DAY " + " ".join(f"{f:.4f}" for f in net.pattern[k : k + 12]) for k in (0, 12)]
    rows += ["", "[TAGS]"]
    rows += [f"NODE {i} {tag(n)}" for i, n in zip(net.ids, net.names, strict=True) if n]
    rows += [
        "",
        "[TIMES]",
        "Duration 24:00",
        "Hydraulic Timestep 0:15",
        "Pattern Timestep 1:00",
        "Report Timestep 0:15",
    ]
    rows += ["", "[OPTIONS]", "Units LPS", "Headloss H-W", "Accuracy 0.0001", "Trials 100", "Unbalanced Continue 10"]
    rows += ["Demand Model PDA", "Minimum Pressure 0", "Required Pressure 20", "Pressure Exponent 0.5", "Pattern DAY"]
    rows += ["", "[REPORT]", "Status No", "Summary No", "Messages No", "", "[COORDINATES]"]
    rows += [f"{i} {x:.2f} {y:.2f}" for i, (x, y) in zip(net.ids, net.xy, strict=True)]
    rows.append(f"R1 {net.station_xy[0]:.2f} {net.station_xy[1]:.2f}")
    rows.append(f"T1 {net.tank_xy[0]:.2f} {net.tank_xy[1]:.2f}")
    rows += ["", "[VERTICES]"]
    for p in net.pipes:
        rows += [f"{p.id} {x:.2f} {y:.2f}" for x, y in net.shapes[p.id][1:-1]]
    x, y = net.station_xy
    rows += [f"PU1 {x + 2:.2f} {y:.2f}", f"PU2 {x - 2:.2f} {y:.2f}"]
    rows += ["", "[END]"]
    return "\n".join(rows) + "\n"
