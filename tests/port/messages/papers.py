"""Small ship's papers for tests, written as lines of EDIFACT and closed with the right counts."""

from __future__ import annotations

from port.messages.iso6346 import container_number


def number(k: int) -> str:
    """The k-th container of the tests."""
    return container_number("CSQU", 305400 + k)


def closed(*messages: tuple[str, list[str]], reference: str = "REF1") -> str:
    """An interchange of (type, segments from BGM on); UNB, UNH, UNT and UNZ are added."""
    lines = [f"UNB+UNOA:2+LINE+TERMINAL+260701:1200+{reference}'"]
    for k, (kind, body) in enumerate(messages, 1):
        lines += [f"UNH+{k}+{kind}'", *(f"{s}'" for s in body), f"UNT+{len(body) + 2}+{k}'"]
    return "\n".join([*lines, f"UNZ+{len(messages)}+{reference}'", ""])


PLACES = {0: "0010282", 1: "0010284", 2: "0020186", 3: "0010102", 4: "0030102", 5: "0060082"}
"""Container k and where it stands: two 20 ft boxes on deck, a 40 ft box beside them, two in the hold, one aft."""
STAYS = 4
SIZES = {0: "22G1", 1: "22G1", 2: "42G1", 3: "22G1", 4: "22G1", 5: "45G1"}


def _aboard(k: int) -> list[str]:
    port = "NLRTM" if k == STAYS else "DEHAM"
    return [
        f"LOC+147+{PLACES[k]}::5",
        f"MEA+WT++KGM:{10000 + 1000 * k}",
        "LOC+9+CNSHA:139:6",
        f"LOC+11+{port}:139:6",
        "RFF+BM:1",
        f"EQD+CN+{number(k)}+{SIZES[k]}+++{4 if k == 3 else 5}",
        "NAD+CA+COS:172:20",
    ]


HEADER = ["BGM++PLAN1+9", "DTM+137:2607011200:201", "TDT+20+024W+++COS:172:20+++XNOE:103::AURORA"]
BAPLIE = (
    "BAPLIE:D:95B:UN:SMDG20",
    [*HEADER, "LOC+5+CNSHA:139:6", "LOC+61+DEHAM:139:6", *(s for k in PLACES for s in _aboard(k))],
)


def _ordered(k: int, extra: tuple[str, ...] = ()) -> list[str]:
    return [f"EQD+CN+{number(k)}+22G1:102:5++2+5", *extra]


LOADING = (
    "COPRAR:D:95B:UN:SMDG16",
    [
        *("BGM+45+ORDER1+9", "RFF+XXX:1", "TDT+20+024W+1++COS:172:20+++XNOE:103::AURORA", "LOC+9+DEHAM:139:6"),
        *("NAD+CA+COS:172:20", *_ordered(10, ("LOC+147+0010284:139:5", "MEA+AAE+VGM+KGM:21000"))),
        *(*_ordered(11, ("LOC+147+0010282:139:5",)), *_ordered(12), "CNT+16:3"),
    ],
)
DISCHARGING = (
    "COPRAR:D:95B:UN:SMDG16",
    ["BGM+43+ORDER2+9", "TDT+20+024W", "NAD+CA+COS", *_ordered(0), *_ordered(1), "CNT+16:2"],
)
