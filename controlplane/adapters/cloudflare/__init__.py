"""Adapters for cloudflare."""
