"""Road traffic: who still gets through when streets are under water, closed or dark."""
