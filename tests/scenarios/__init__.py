"""Whole situations on a real sandbox."""
