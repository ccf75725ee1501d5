"""`twin port layout`: what a terminal's file describes, as figures, as a map, and as a drawing for a GIS."""
