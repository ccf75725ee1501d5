"""What the event loop remembers of each thing: one record a thing, one table a kind."""

from __future__ import annotations

import numpy as np


def _record(integers: str, floats: str = "", words: str = "", first: str = "") -> np.dtype:
    """first : fields that are read together, side by side at the head of the record."""
    kinds = {name: kind for kind, names in (("i8", integers), ("f8", floats), ("u8", words)) for name in names.split()}
    return np.dtype([(name, kinds[name]) for name in dict.fromkeys([*first.split(), *kinds])])


STREAM = "key counter"
"""Every thing that draws has a key and a counter (see `port.draws.Stream`)."""

CLOCK = _record(
    "now level log_n marked stage heap_n gap wakes_first wakes_last n_pairs ring_n "
    "planning new_orders changed orders_made n_waiting n_idle "
    "n_cars road arrivals arrival_at midnight handing shut opened inside out_free operators "
    "promised boxes_made stock_start discharged loaded delivered collected arrived departed left_empty refused "
    "rehandles longest_queue gridlocks events roadstead seed transhipped",
)
"""The state that belongs to nothing smaller: clock, counts, flags of what has changed, tallies."""

CONF = _record(
    "n_trucks n_cars_cap n_cranes n_gantries n_blocks n_arcs n_nodes n_places n_stations n_vessels log_cap margin "
    "leavers parked crane_line block_line station_line gate_line out_line wanting calling aside "
    "rule right_of_way stop_on_ring exclusion clearance turn slot_mm orders_ahead "
    "handover_retry gantry_retry twin_us saved_us rehandle berthing patience gantry_mean "
    "idle_w battery threshold lanes_in imports has_profile random_block orders_late instant "
    "booked stays rest_is_even until",
    "spread twin dual deliver_share scale released transhipment",
)
"""What does not change. `leavers` … `aside`: where their lines begin in the table of lines."""

CAR = _record(
    "kind place goal arc since rested blocked leg_mm leg_us final helpless phase next link waits "
    "n_boxes box0 box1 asked asked0 asked1 cycle owner asked_at asks there "
    "order crane vessel loads count block busy begun busy_us moves empty_mm loaded_mm "
    "level used power takeovers swaps station halted stage stage_us origin "
    "task arrived admitted departed outcome out_box lane wanting found_block found_box",
    "factor",
    STREAM,
    "kind goal arc since rested blocked leg_mm leg_us final helpless next n_boxes place factor key counter "
    "empty_mm loaded_mm level used power",
)
"""A driverless or a road truck."""

CRANE = _record(
    "berth vessel busy busy_us begun moves serving open_orders since assigned starving starved starved_since "
    "last_handed paired last_ordered waited waits halted",
    "retry",
    STREAM,
)
GANTRY = _record("block box serving busy busy_us begun moves halted dug cycle owner held", "", STREAM)
BLOCK = _record(
    "work gantries first_gantry waited waits bays rows tiers bay_limit capacity held reserved stack0 cell0 bay0 fill",
    "retry",
    first="work gantries capacity held reserved retry first_gantry",
)
VESSEL = _record(
    "berth at discharge load leaves state berthed work departed ordered_discharge ordered_load discharged loaded "
    "expected dual_from wanted next anywhere transfer0 transfer1",
    "",
    STREAM,
)
ARC = _record("mm tail head cap taken end_us")
NODE = _record("in0 in1 conflict free_us due queued")
PLACE = _record("lane mm room standing")
STATION = _record("bays charging mean watts swap")
LINE = _record("head tail n")
ORDER = _record("number crane vessel pick count box0 box1 block")
SOURCE = _record("", "", STREAM)
"""A stream by itself: arrivals (0) and the yard at the start (1)."""

(
    IDLE,
    TO_PICK,
    AT_PICK,
    TO_CRANE,
    AT_CRANE,
    TO_STORE,
    AT_STORE,
    TO_STATION,
    AT_STATION,
    TO_BLOCK,
    AT_BLOCK,
    WANTS,
    TO_GATE,
    AT_OUT,
) = range(14)
"""What a truck is doing."""

W_SENT, W_SERVED, W_PARKED, W_OUT, W_BAY, W_OPERATOR, W_FOUND, W_DONE, W_BERTH = range(9)
"""Why something goes on: an order, a service done, room at the place, an exit lane, a bay, an operator, an import box
(or the end of patience), a ship worked, a berth."""

S_CRANES, S_BLOCKS, S_PLACES, S_ARCS, S_NODES = range(5)
"""Sets of things to look at in the next settling pass."""

RUNNING, REACHED, DECIDE, GROW, FULL, RING = range(6)
"""Why the loop came back."""

T_HANDOVER, T_CRANE, T_GANTRY, T_GATE_IN, T_GATE_OUT, T_TAKEOVER, T_SECOND, T_FAILS, T_REPAIRS, T_STAYS, T_SWAPS = (
    *range(8),
    10,
    13,
    17,
)
"""Rows of the table of quantiles; three rows of failures and of repairs (cranes, gantries, trucks), four of stays in
the yard, one a station."""
T_IMPORTS, T_EXPORTS, T_TRANSHIPMENT, T_REST = range(T_STAYS, T_STAYS + 4)
