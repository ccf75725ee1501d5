"""Hydrant watch: which hydrant is open, knocked over or being drawn from, said from a few pressures and flows.

readings = read_csv(Path("readings.csv"), sensors_of("net.inp"))
diagnosis = watch(Path("net.inp"), readings)
diagnosis.findings[0].hydrant
"""
