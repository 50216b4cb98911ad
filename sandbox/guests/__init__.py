"""Guests: clients that visit the platform through its POPs and write down what they saw. The outside witness."""
