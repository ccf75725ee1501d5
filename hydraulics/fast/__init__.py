"""The fast engine: many what-if cases of one network at once, with EPANET's own equations.

Import from the modules themselves (`hydraulics.fast.arrays`, `hydraulics.fast.solver`); nothing heavy happens here.
"""
