"""The platform's application as the clouds see it: one origin per region, a real database and real photos."""
