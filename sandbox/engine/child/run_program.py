"""Run a Pulumi program as pulumi-language-python-exec does: through `runpy`, inside the SDK's `run_in_stack`.

Started as a script with a socket as its first argument and the modules to import ahead as its second (JSON list). It
imports the SDK and those modules once; each request on the socket (settings in JSON, and the file descriptor that takes
the output) is then served by a fork, so that the preview and the update of one `up` import the vendors' SDKs once. The
answers are the fork's pid, then its exit code: 0, 1 (RunError), 32 (the program failed and the error was shown). When
the socket ends, the engine is gone and everything here leaves too.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this script's own folder, which no program should see

import asyncio
import importlib
import json
import logging
import os
import runpy
import socket
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_SHOWN = 32
_MESSAGE = 1 << 20


def _leave_with_the_engine(engine: socket.socket) -> None:
    """Block until the engine hangs up, then end the process without further ado."""
    engine.recv(1, socket.MSG_PEEK)
    os._exit(1)


def _user_traceback(program: str) -> str:
    """The traceback from the program's first own frame on."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    for position, frame in enumerate(frames):
        own = not frame.filename.startswith("<")
        if own and str(Path(frame.filename).absolute()).startswith(program):
            return traceback.format_exc(limit=-(len(frames) - position)).rstrip()
    return traceback.format_exc().rstrip()


def _run(settings: dict[str, Any]) -> int:
    import pulumi
    import pulumi.runtime

    pulumi.runtime.set_all_config(settings["config"], settings["secrets"])
    parallel = int(settings["parallel"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=settings["monitor"],
            engine=settings["engine"],
            project=settings["project"],
            stack=settings["stack"],
            parallel=parallel,
            dry_run=settings["preview"],
            organization="organization",
            root_directory=settings["root"],
        )
    )
    sys.argv = [settings["entry"]]
    os.chdir(settings["folder"])
    program = str(Path(settings["entry"]).absolute())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(parallel, 1) * 4)
    loop.set_default_executor(executor)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # futures of a failed run are left on purpose

    def run() -> None:
        runpy.run_path(settings["entry"], run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
        return 0
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:  # whatever the program raises is shown as its failure
        pulumi.log.error("Program failed with an unhandled exception:\n" + _user_traceback(program))
        return _SHOWN
    finally:
        executor.shutdown(wait=True)
        loop.close()


def _serve(engine: socket.socket, settings: dict[str, Any], output: int) -> None:
    """The fork: run one program and leave with its code."""
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    threading.Thread(target=_leave_with_the_engine, args=(engine,), daemon=True).start()
    code = 1
    try:
        code = _run(settings)
        used = sorted(name for name in sys.modules if name.startswith("pulumi_") and _was_executed(name))
        Path(settings["used"]).write_text(json.dumps(used))
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except KeyboardInterrupt:
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _was_executed(name: str) -> bool:
    """Whether the module's package was imported plainly; a program may enter a slow package without running it."""
    return getattr(sys.modules[name.partition(".")[0]], "__loader__", None) is not None


def _import_ahead(names: list[str]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # the program itself will say what is wrong with an import
            return


def main() -> None:
    """Import ahead, then serve the engine's requests one after the other."""
    engine = socket.socket(fileno=int(sys.argv[1]))
    _import_ahead(["pulumi", "pulumi.runtime", *json.loads(sys.argv[2])])
    while True:
        message, descriptors, _, _ = socket.recv_fds(engine, _MESSAGE, 1)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            _serve(engine, json.loads(message), descriptors[0])
        os.close(descriptors[0])
        engine.send(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        engine.send(b"%d\n" % os.waitstatus_to_exitcode(status))


main()
