"""ElastiCache: parameter groups, subnet groups, replication groups and their member clusters."""
