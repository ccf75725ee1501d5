"""What a control room asks of a network: which pipe matters, which valves to close, what a hydrant gives."""
