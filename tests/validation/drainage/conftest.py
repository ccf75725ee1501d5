"""The fixture of the drainage tests, here too."""

from tests.drainage.conftest import build

__all__ = ["build"]
