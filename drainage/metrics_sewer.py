"""Figures of the sewers: what spilled and where, which pipes ran full, what the pumps did, what room was left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drainage.storage import storage_room_m3
from drainage.swmm_stats import link_stats, node_stats, pump_stats, storage_stats
from twin.model import Metric, Table

if TYPE_CHECKING:
    from drainage.model import DrainageModel

SPILLS_M3 = 0.01
"""A manhole counts as surcharged onto the street from this volume on."""
FULL_S = 60.0
"""A conduit counts as having run full from a minute on."""


def sewer_summary(model: DrainageModel) -> dict[str, Metric]:
    """Headline figures of a run with sewers."""
    assert model.swmm is not None
    totals, holes = model.swmm.totals(), model.holes
    up, down = float(holes.up.sum()), float(holes.down.sum())
    found = {
        "outfall_volume": Metric(totals["outflow"] - up, "m3", "Water that left through the outfalls.", "", 0),
        "sewer_flooding": Metric(
            totals["flooding"], "m3", "Lost over the rims of manholes without a surface above them.", "lower", 0
        ),
        "sewer_continuity_error": Metric(totals["error_percent"], "%", "SWMM's own continuity error.", "", 3),
    } | _pipes(model)
    if model.config.overflows:
        spilled = sum(
            v for id, v in zip(model.outfalls, model.ends.volume, strict=True) if id in model.config.overflows
        )
        found["overflow_volume"] = Metric(
            float(spilled), "m3", "Combined sewage that left through the overflows.", "lower", 0
        )
    if model.surface:
        found |= {
            "surcharged_manholes": Metric(
                int((holes.up > SPILLS_M3).sum()), "1", "Manholes that spilled onto the street.", "lower", 0
            ),
            "out_of_manholes": Metric(up, "m3", "Water that rose out of manholes.", "lower", 0),
            "back_into_manholes": Metric(down, "m3", "Water that ran back from the streets into manholes.", "", 0),
        }
    return found | _rooms(model) | _pumps(model)


def _pipes(model: DrainageModel) -> dict[str, Metric]:
    lengths = _conduits(model)
    if not lengths:
        return {}
    assert model.swmm is not None
    stats = link_stats(model.swmm, list(lengths))
    full = [s for s in stats if s.surcharged_s >= FULL_S]
    long = sum(lengths[s.id] for s in full)
    hours = sum(lengths[s.id] * s.surcharged_s for s in full) / 60.0 / long if long else 0.0
    share = 100.0 * long / max(sum(lengths.values()), 1e-9)
    return {
        "full_pipes": Metric(share, "%", "Share of the conduits' length that ran full at both ends.", "lower", 1),
        "full_pipes_time": Metric(hours, "min", "How long those conduits ran full, mean by length.", "lower", 0),
    }


def _rooms(model: DrainageModel) -> dict[str, Metric]:
    """What was left in basins and tanks when they were fullest."""
    rooms = _storage(model)
    if not rooms:
        return {}
    assert model.swmm is not None
    left = sum(max(rooms[s.id] - s.largest_m3, 0.0) for s in storage_stats(model.swmm, list(rooms)))
    return {
        "storage_left": Metric(left, "m3", "Room left in basins and tanks when each was fullest.", "higher", 0),
        "storage_left_share": Metric(
            100.0 * left / max(sum(rooms.values()), 1e-9), "%", "The same as a share of their room.", "higher", 0
        ),
    }


def _pumps(model: DrainageModel) -> dict[str, Metric]:
    ids = _pump_ids(model)
    if not ids or model.swmm is None:
        return {}
    stats = pump_stats(model.swmm, ids)
    work = sum(s.hydraulic_kwh for s in stats) / model.config.pump_efficiency
    found = {
        "pump_hours": Metric(sum(s.on_s for s in stats) / 3600.0, "h", "Hours that pumps ran, summed.", "", 1),
        "pump_starts": Metric(sum(s.starts for s in stats), "1", "Times that a pump started.", "lower", 0),
        "pump_energy": Metric(work, "kWh", "Energy of the pumps at the stated efficiency.", "lower", 0),
    }
    if model.commands and model.commands.pumps:
        found["pump_outages"] = Metric(
            sum(p.outages for p in model.commands.pumps), "1", "Times that a pump went out.", "lower", 0
        )
    return found


def sewer_tables(model: DrainageModel) -> dict[str, Table]:
    """`manholes`, `overflow_nodes`, `outfalls`, `full_pipes`, `storage`, `pumps`, `sewer_account`."""
    assert model.swmm is not None
    found: dict[str, Table] = {}
    if model.holes.node.size:
        found["manholes"] = _manholes(model)
    found["overflow_nodes"] = _overflow_nodes(model)
    found["outfalls"] = Table(
        ("id", "kind", "volume_m3"),
        [
            (id, "overflow" if id in model.config.overflows else "outfall", round(float(v), 3))
            for id, v in zip(model.outfalls, model.ends.volume, strict=True)
        ],
        "What left through each outfall and overflow.",
    )
    if lengths := _conduits(model):
        found["full_pipes"] = _full_pipes(model, lengths)
    if rooms := _storage(model):
        found["storage"] = _storage_table(model, rooms)
    if _pump_ids(model):
        found["pumps"] = _pump_table(model)
    found["sewer_account"] = _account(model)
    return found


def _manholes(model: DrainageModel) -> Table:
    holes = model.holes
    coupled = [m for m in model.manholes if m.cell >= 0]
    rows = [
        (
            m.node.id, round(float(holes.up[k]), 3), round(float(holes.down[k]), 3),
            round(float(holes.head_max[k]) - m.rim_m, 3), *model.covers.columns(k),
        )
        for k, m in enumerate(coupled)
    ]  # fmt: skip
    return Table(
        (
            "id", "spilled_m3", "returned_m3", "max_surcharge_m", "max_head_under_cover_m", "cover_lifts",
            "open_min", "hidden_min",
        ),
        sorted(rows, key=lambda row: (-row[1], row[0])),
        "What rose out of each manhole, what ran back, its highest level against the rim; how often its cover was "
        "lifted, how long it stood open, and how long water hid the open hole.",
    )  # fmt: skip


def _overflow_nodes(model: DrainageModel) -> Table:
    """Nodes that gave water to the street, or lost it over their rim where there is no street."""
    assert model.swmm is not None
    assert model.sewer is not None
    coupled = [m for m in model.manholes if m.cell >= 0]
    rows: list[tuple[str, float, str, float | None]] = [
        (m.node.id, round(float(v), 3), "onto the street", None)
        for m, v in zip(coupled, model.holes.up, strict=False)
        if v > SPILLS_M3
    ]
    names = {m.node.id for m in coupled}
    others = [n.id for n in model.sewer.nodes.values() if n.kind != "outfall" and n.id not in names]
    rows += [
        (s.id, round(s.flooded_m3, 3), "lost", round(s.flooded_s / 60.0, 1))
        for s in node_stats(model.swmm, others)
        if s.flooded_m3 > SPILLS_M3
    ]
    return Table(
        ("id", "volume_m3", "where", "time_min"),
        sorted(rows, key=lambda row: (-row[1], row[0])),
        "Nodes that overflowed: onto the street above them, or lost where there is none.",
    )


def _conduits(model: DrainageModel) -> dict[str, float]:
    """Length of each conduit, m."""
    assert model.sewer is not None
    rows = model.sewer.rows("CONDUIT")
    return {r.tokens[0]: r.number(3) * model.sewer.metres for r in rows if r.tokens[0] in model.sewer.links}


def _full_pipes(model: DrainageModel, lengths: dict[str, float]) -> Table:
    assert model.swmm is not None
    rows = [
        (s.id, round(lengths[s.id], 1), round(s.surcharged_s / 60.0, 1), round(s.full_flow_s / 60.0, 1))
        for s in link_stats(model.swmm, list(lengths))
        if s.surcharged_s >= FULL_S
    ]
    return Table(
        ("id", "length_m", "full_min", "above_full_flow_min"),
        sorted(rows, key=lambda row: (-row[2], row[0])),
        "Conduits that ran full at both ends for a minute or more, and how long above the flow that they carry full.",
    )


def _storage(model: DrainageModel) -> dict[str, float]:
    """Room of each storage unit of the user's file, m3."""
    assert model.sewer is not None
    return storage_room_m3(model.sewer)


def _storage_table(model: DrainageModel, rooms: dict[str, float]) -> Table:
    assert model.swmm is not None
    rows = [
        (
            s.id, round(rooms[s.id], 1), round(s.largest_m3, 1), round(max(rooms[s.id] - s.largest_m3, 0.0), 1),
            round(100.0 * min(s.largest_m3 / rooms[s.id], 1.0), 1) if rooms[s.id] > 0 else None,
        )
        for s in storage_stats(model.swmm, list(rooms))
    ]  # fmt: skip
    return Table(
        ("id", "room_m3", "largest_m3", "left_m3", "full_pct"), rows, "Basins and tanks at their fullest moment."
    )


def _pump_ids(model: DrainageModel) -> list[str]:
    assert model.sewer is not None
    return [link.id for link in model.sewer.links.values() if link.kind == "pump"]


def _pump_table(model: DrainageModel) -> Table:
    assert model.swmm is not None
    commanded = {p.id: p for p in model.commands.pumps} if model.commands else {}
    rows = []
    for s in pump_stats(model.swmm, _pump_ids(model)):
        out = commanded.get(s.id)
        rows.append(
            (
                s.id, round(s.on_s / 3600.0, 2), s.starts, round(s.volume_m3, 1),
                round(s.hydraulic_kwh / model.config.pump_efficiency, 2), out.outages if out else 0,
                round(model.commands.out_s(out, model.now_us) / 60, 1) if out and model.commands else 0.0,
            )
        )  # fmt: skip
    return Table(
        ("id", "on_h", "starts", "volume_m3", "energy_kwh", "outages", "out_min"),
        rows,
        "Hours, starts, water and energy (flow times lift over the stated efficiency) of each pump; how often and how "
        "long it stood still for want of power, by water, or by failure.",
    )


def _account(model: DrainageModel) -> Table:
    from drainage.balance import sewer_balance

    account = sewer_balance(model)
    rows = [("stored at the start", account.stored_start)]
    rows += [(f"in: {name}", value) for name, value in account.inflow.items()]
    rows += [(f"out: {name}", -value) for name, value in account.outflow.items()]
    rows += [
        ("stored at the end", -account.stored_now),
        ("SWMM's own error", -sum(v for _, v in rows) + account.stored_now),
    ]
    return Table(
        ("item", "volume_m3"),
        [(name, round(value, 3)) for name, value in rows],
        "SWMM's continuity restated: its report counts what passes the manholes as external flow.",
    )
