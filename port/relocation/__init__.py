"""Which way to move the boxes that stand on the one that is wanted: rules of thumb and the exact least number of moves.

Import from the modules themselves; nothing heavy happens here.
"""
