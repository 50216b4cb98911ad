"""The cache client that the platform's services import: memory, Redis, loader."""
