"""What exists: Pulumi programs for the platform and for each wedding."""
