"""Figures of a finished run: who worked when, and where the lanes were full."""
