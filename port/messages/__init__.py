"""Messages of the trade: container numbers (ISO 6346), bay plans and orders in, gate and quay reports out (EDIFACT)."""
