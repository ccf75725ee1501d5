"""The compiled event loop: the fast twin of the SimPy engine, with the same log to the bit."""
