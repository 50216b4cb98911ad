"""Adapters for aws."""
