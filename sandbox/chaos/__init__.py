"""Chaos: laptops that die at every step of every operation, and others that finish what they began (`make chaos`)."""
