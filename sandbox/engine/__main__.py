"""`python -m sandbox.engine <pulumi arguments>`."""

import os
import sys
from pathlib import Path

from sandbox.engine.cli import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], os.environ, Path.cwd()))
