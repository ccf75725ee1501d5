"""How far to trust the queue engine on a configuration of SUMO's: all engines on the same trips, side by side."""
