"""Every speed claim beside its rival, in one run."""
