"""Adapters for system."""
