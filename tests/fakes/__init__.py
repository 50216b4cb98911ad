"""Fakes that speak the control plane's ports, in memory; the contract suites run on them and on the real adapters."""
