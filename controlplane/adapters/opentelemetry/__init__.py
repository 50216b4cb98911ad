"""The OpenTelemetry adapter: an extra, imported by whoever wants spans and by nobody else."""
