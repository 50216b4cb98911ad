"""The phases in order; each is a module with one function `play(stage)` that acts and records, and never judges."""
