"""Run a Pulumi program as pulumi-language-python-exec does: through `runpy`, inside the SDK's `run_in_stack`.

Started as a script with the modules to import ahead as its first argument (JSON list) and its engine's socket as its
second, or a path to listen at for many engines. It imports the SDK and those modules once; each request on a socket
(settings in JSON, and the file descriptor that takes the output) is then served by a fork, so that the preview and the
update of one `up`, or all the programs of a run, import the vendors' SDKs once. The answers are the fork's pid, then
its exit code: 0, 1 (RunError), 32 (the program failed and the error was shown). When a socket ends, its engine is gone
and everything that served it leaves too.
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this script's own folder, which no program should see

import asyncio
import gc
import importlib
import importlib.util
import json
import logging
import os
import runpy
import signal
import socket
import threading
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

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


def _serve(engine: socket.socket, settings: dict[str, Any], output: int) -> NoReturn:
    """The fork: run one program in the engine's environment and leave with its code."""
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    _move_into(settings["environ"])
    threading.Thread(target=_leave_with_the_engine, args=(engine,), daemon=True).start()
    code = 1
    try:
        code = _run(settings)
        Path(settings["used"]).write_text(json.dumps(_used()))
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except KeyboardInterrupt:
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _move_into(environ: dict[str, str]) -> None:
    """Take the engine's environment for ours, also what the interpreter had read of it when it started."""
    own = _python_path(os.environ)
    sys.path[:] = [path for path in sys.path if path not in own]
    os.environ.clear()
    os.environ.update(environ)
    sys.path[:0] = _python_path(environ)


def _python_path(environ: Mapping[str, str]) -> list[str]:
    return [str(Path(path).absolute()) for path in environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def _used() -> list[str]:
    """The SDK modules of this process; a package without its name if the program entered it without running it."""
    named = sorted(name for name in sys.modules if name.startswith("pulumi_"))
    return [name for name in named if "." in name or getattr(sys.modules[name], "__loader__", None) is not None]


def _import_ahead(names: list[str]) -> None:
    """Import what the program will ask for; if that fails, the program itself will say what is wrong."""
    entered: set[str] = set()
    for name in names:
        package = name.partition(".")[0]
        try:
            if "." in name and package not in sys.modules:
                _enter(package)
                entered.add(package)
            importlib.import_module(name)
        except Exception:  # the program will meet it too
            break
    for package in entered:
        del sys.modules[package]  # its modules stay; whether to run it is the program's choice


def _enter(package: str) -> None:
    """Make a package's modules importable without running the package."""
    spec = importlib.util.find_spec(package)
    module = ModuleType(package)
    module.__path__ = list(spec.submodule_search_locations or ()) if spec else []
    sys.modules[package] = module


def _attend(engine: socket.socket) -> None:
    """Serve one engine's requests, one after the other."""
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


def _receive(path: str, names: list[str]) -> NoReturn:
    """Listen at `path`, import, then attend each engine that comes in a fork of its own."""
    os.chdir(Path(path).parent)
    door = socket.socket(socket.AF_UNIX)
    door.bind(Path(path).name)  # a socket's address has room for 107 bytes
    door.listen()
    _import_ahead(names)
    gc.freeze()  # forks share what is there
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        engine, _ = door.accept()
        if os.fork() == 0:
            door.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                _attend(engine)
            finally:
                os._exit(0)
        engine.close()


def main() -> None:
    """Attend one engine, or receive many."""
    names = ["pulumi", "pulumi.runtime", *json.loads(sys.argv[1])]
    if not sys.argv[2].isdigit():
        _receive(sys.argv[2], names)
    engine = socket.socket(fileno=int(sys.argv[2]))
    _import_ahead(names)
    _attend(engine)


main()
