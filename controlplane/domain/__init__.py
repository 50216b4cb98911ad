"""Nouns of the product. Pure: no I/O, no clock, no environment."""
