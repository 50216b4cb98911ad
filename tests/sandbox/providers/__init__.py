"""The Pulumi providers: their pure parts, and their protocol against the running emulators."""
