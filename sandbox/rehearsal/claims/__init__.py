"""One claim a file: text, witness, the phases whose evidence it needs, its counter-experiment, and a pure judge."""
