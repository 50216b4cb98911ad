"""One noun a file: each component is its arguments, its children, its outputs."""
