"""SSH signatures (`ssh-keygen -Y`): reading, verifying and making them."""
