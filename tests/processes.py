"""Processes of the product that start loaded: forked from one that imported it, which costs each of them a second.

What a process does once it runs is the same. How it starts is tested elsewhere (tests/tools, tests/serving).
"""

import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["app.cli", "app.worker", "tests.faults.victim"])


class Loaded:
    """A process that calls `module.main` with these arguments, as `python -m module` does."""

    def __init__(self, module: str, arguments: list[str], names: Mapping[str, str]) -> None:
        self._process = FORKS.Process(target=_run, args=(module, arguments, dict(names)), daemon=True)
        self._process.start()
        self.pid = int(self._process.pid or 0)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code; None when it still runs after so many seconds."""
        self._process.join(timeout)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(module: str, arguments: list[str], names: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(names)
    sys.argv = [module, *arguments]
    importlib.import_module(module).main()
