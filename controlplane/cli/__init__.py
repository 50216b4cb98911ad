"""The words on-call types."""
