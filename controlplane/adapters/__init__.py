"""Vendor services behind the ports; a vendor's SDK is imported in its own folder only."""
