"""Rain, tide, wind and visibility over the city: the inputs of `twin.environment`.

Each is a curve over time. Rain is kept as the depth fallen since the start, so that the mean over any interval is
exact; the others are values at a moment.
"""
