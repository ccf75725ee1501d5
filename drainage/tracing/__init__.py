"""Where an illegal discharge entered the sewers: flows, adjoint transport, likelihood of every node."""
