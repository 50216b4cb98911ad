"""The Pulumi program of one wedding's stack. The project's root is not on sys.path when Pulumi runs this folder."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
# A failing resource makes the CLI interrupt this process: 40 lines of traceback would come before the reason.
signal.signal(signal.SIGINT, lambda *_: os._exit(1))

from infra.program import main  # noqa: E402  (the path comes first)

main()
