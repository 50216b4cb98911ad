"""Run a Pulumi program as pulumi-language-python-exec does: through `runpy`, inside the SDK's `run_in_stack`.

Started as a script with a control pipe as its only argument. The SDK is imported first; the settings then arrive on the
pipe as one line of JSON, so that importing overlaps with the engine's own start. When the pipe ends, the engine is gone
and the process leaves too. Exit codes: 0, 1 (RunError), 32 (the program failed and the error was shown).
"""

from __future__ import annotations

import sys

sys.path.pop(0)  # this script's own folder, which no program should see

import asyncio
import json
import logging
import os
import runpy
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

_SHOWN = 32


def _leave_with_the_engine(control: Any) -> None:
    """Block until the engine closes the pipe, then end the process without further ado."""
    control.read()
    os._exit(1)


def _user_traceback(program: str) -> str:
    """The traceback from the program's first own frame on."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    for position, frame in enumerate(frames):
        own = not frame.filename.startswith("<")
        if own and str(Path(frame.filename).absolute()).startswith(program):
            return traceback.format_exc(limit=-(len(frames) - position))
    return traceback.format_exc()


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
    except Exception:
        pulumi.log.error("Program failed with an unhandled exception:\n" + _user_traceback(program).rstrip())
        return _SHOWN
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()


def main() -> None:
    """Import the SDK, wait for the settings, run the program."""
    try:
        import pulumi
    except ImportError:
        print("the Pulumi SDK is not installed in this environment: pip install pulumi", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    control = os.fdopen(int(sys.argv[1]), "r", encoding="utf-8")
    line = control.readline()
    if not line:
        sys.exit(1)
    threading.Thread(target=_leave_with_the_engine, args=(control,), daemon=True).start()
    code = _run(json.loads(line))
    del pulumi
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code) if code == 0 else sys.exit(code)


main()
