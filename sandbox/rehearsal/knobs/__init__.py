"""Knobs of both CDNs: one table row each, probed through a POP before and after a change through the vendor's API."""
