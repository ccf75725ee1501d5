"""The container terminal: gate, driverless trucks, yard gantries over real stacks, quay cranes, vessels."""
