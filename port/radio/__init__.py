"""Radio over the terminal: who hears a roadside unit where, how old messages get, and where units are best placed.

Import from the modules themselves; nothing heavy happens here.
"""
