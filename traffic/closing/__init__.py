"""Many closures on one network and demand, in batch by the queue engine: critical links, and cases from a file."""
