"""SUMO's vehicle classes as bits of one integer, so that a lane's permission is one comparison."""

from __future__ import annotations

CLASSES = (
    "passenger", "private", "taxi", "bus", "coach", "delivery", "truck", "trailer", "emergency", "authority", "army",
    "vip", "hov", "motorcycle", "moped", "bicycle", "pedestrian", "evehicle", "tram", "rail_urban", "rail",
    "rail_electric", "rail_fast", "ship", "container", "cable_car", "subway", "aircraft", "wheelchair", "scooter",
    "drone", "custom1", "custom2",
)  # fmt: skip
BIT = {name: 1 << k for k, name in enumerate(CLASSES)}
EVERY = (1 << len(CLASSES)) - 1
IGNORING = 0
"""`ignoring` drives anywhere."""
OFF_ROAD = ("pedestrian", "wheelchair", "tram", "rail_urban", "rail", "rail_electric", "rail_fast", "ship", "cable_car",
            "subway", "aircraft", "drone", "container")  # fmt: skip
ON_ROAD = EVERY & ~sum(BIT[name] for name in OFF_ROAD)


def bit_of(vclass: str) -> int:
    """The bit of a class; 0 for `ignoring`. Raises `ValueError` for an unknown one."""
    if vclass == "ignoring":
        return IGNORING
    if vclass not in BIT:
        raise ValueError(f"no vehicle class '{vclass}'")
    return BIT[vclass]


def bits_of(names: str) -> int:
    """All classes named in a list separated by spaces; names that this version does not know count for nothing."""
    return sum(BIT.get(name, 0) for name in set(names.split()))


def permitted(allow: str | None, disallow: str | None) -> int:
    """The classes that a lane's `allow` and `disallow` attributes leave."""
    if allow is not None and allow != "all":
        return bits_of(allow)
    if disallow is not None:
        return 0 if disallow == "all" else EVERY & ~bits_of(disallow)
    return EVERY
