"""Laptops that die, and others that finish: the machinery of `make chaos`, and a short run of it."""
