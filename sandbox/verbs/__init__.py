"""The verbs of `python -m sandbox`, one module each."""
