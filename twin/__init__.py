"""The core of the city twin: time, ports, links, the ledger, scenarios and results.

It knows no domain. Water, drainage, traffic and the terminal are found by entry point (`twin.domains`) and
speak to each other only through ports, so that a new domain is a new folder and nothing here changes.
"""

import os

os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")  # GNU OpenMP kills forked children

__version__ = "0.1.0"
