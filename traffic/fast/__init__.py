"""The fast engine of traffic: queues on lanes, event by event, over a SUMO network (Numba).

Import from the modules themselves (`traffic.fast.network`, `traffic.fast.demand`, `traffic.fast.engine`); nothing heavy
happens here.
"""
