"""Processes of the product that start loaded: forked from one that imported it, which costs each of them a second.

What a process does once it runs is the same. How it starts is tested elsewhere (tests/tools, tests/serving).
"""

import importlib
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

PDF = "app.kernel.pdf.child"
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["app.cli", "app.worker", "tests.faults.victim", "tests.pdf_writer"])


class Loaded:
    """A process that calls `module.main` with these arguments, as `python -m module` does. What it prints goes into a
    file, if one is named."""

    def __init__(
        self, module: str, arguments: list[str], names: Mapping[str, str], printed: Path | None = None
    ) -> None:
        self._process = FORKS.Process(target=_run, args=(module, arguments, dict(names), printed), daemon=True)
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


class PdfWriter:
    """What app/kernel/pdf takes for the process that it starts: the same, but loaded."""

    def __init__(self, command: list[str], env: Mapping[str, str], **_: Any) -> None:
        *_python, module, folder = command
        assert module == PDF
        open_meanwhile, self._stdin = FORKS.Pipe(duplex=False)
        self._errors, complaints = FORKS.Pipe(duplex=False)
        self._process = FORKS.Process(target=_write_pdf, args=(folder, dict(env), open_meanwhile, complaints))
        self._process.start()
        open_meanwhile.close()
        complaints.close()
        self.stderr = os.fdopen(os.dup(self._errors.fileno()), "rb")
        self.returncode: int | None = None

    def wait(self, timeout: float) -> None:
        self._process.join(timeout)
        self.returncode = self._process.exitcode
        if self.returncode is None:
            raise subprocess.TimeoutExpired(PDF, timeout)

    def kill(self) -> None:
        self._process.kill()

    def __enter__(self) -> "PdfWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._stdin.close()
        self._errors.close()
        self.stderr.close()
        self._process.join()


def _write_pdf(folder: str, names: dict[str, str], open_meanwhile: Connection, complaints: Connection) -> None:
    os.dup2(open_meanwhile.fileno(), 0)
    os.dup2(complaints.fileno(), 2)
    os.environ.clear()
    os.environ.update(names)
    importlib.import_module(PDF).main(Path(folder))


def _run(module: str, arguments: list[str], names: dict[str, str], printed: Path | None) -> None:
    if printed is not None:
        with printed.open("wb") as file:
            os.dup2(file.fileno(), 1)
    os.environ.clear()
    os.environ.update(names)
    sys.argv = [module, *arguments]
    importlib.import_module(module).main()
