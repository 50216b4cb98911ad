"""A Cloudflare API emulator: state, pure rules, a thin wire; `differences` names where the vendor differs."""
