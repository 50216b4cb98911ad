"""Adapters for redis."""
