"""The Redis and Valkey adapters: purge log, second tier with its read lane, control keys."""
