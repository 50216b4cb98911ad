"""Adapters for http."""
