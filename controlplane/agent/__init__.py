"""The region agent: the only control-plane process that speaks to its region's Redis."""
