"""Dispatch policies that plan: each module is one, a class with `assign(decision)` (see `port.dispatch`)."""
