"""`python -m sandbox.clock_endpoint --run FOLDER`: answers `{"now": RFC 3339}` with the sandbox's calendar."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sandbox.clock import OffsetClock
from sandbox.run import Run


def main() -> None:
    """Serve on a free loopback port until SIGTERM; prints `ready <port>`."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.clock_endpoint", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="the run folder")
    clock = OffsetClock(Run(parser.parse_args().run).clock)

    class Answer(BaseHTTPRequestHandler):
        """One GET."""

        def do_GET(self) -> None:
            """Answer the calendar's time."""
            body = json.dumps({"now": clock.now().isoformat()}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (http.server's own name)
            """Keep quiet: the endpoint is asked several times a second."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(f"ready {server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
