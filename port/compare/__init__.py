"""What dispatch policies are worth on a terminal: paired differences with the same luck, the fleet each one needs."""
