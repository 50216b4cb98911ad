"""Verbs: what the control plane does."""
