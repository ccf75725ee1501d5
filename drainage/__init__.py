"""Drainage and waterlogging: sewers by SWMM 5.2, streets by a 2D local-inertial surface, one water between them."""
