"""Roles that the operations need played; each promise stands in its docstring."""
