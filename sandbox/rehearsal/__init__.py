"""The rehearsal: phases act and record evidence, claims judge it, counter-experiments show that they can be false."""
