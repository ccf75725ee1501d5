"""How far to trust the compiled engine on a user's own terminal: both engines side by side, and the laws of queues."""
