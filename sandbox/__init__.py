"""A whole cloud on a laptop: emulators that obey what was declared through the vendors' own APIs."""
