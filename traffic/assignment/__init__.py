"""User equilibrium: routes and volumes for a network of which only the demand between zones is known.

Import from the modules themselves; nothing heavy happens here.
"""
