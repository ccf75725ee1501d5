"""Plants, pipes, rivers and basins dispatched as one system: rules, and plans that branches of the run have tried."""
