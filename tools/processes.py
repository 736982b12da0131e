"""The web process and the worker as `./dev` starts them: together, for as long as the tool runs."""

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tools import ROOT
from tools.console import Refusal, python
from tools.signals import StopSignals

PATIENCE = 15
"""Seconds in which the processes may end by themselves after SIGTERM."""

START_UP = 180
"""Seconds in which the web process has to answer; a process that dies is noticed at once."""


def need_free_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            why = "another program has it" if getattr(error, "errno", 0) == errno.EADDRINUSE else str(error)
            raise Refusal(f"Port {port} cannot be used: {why}. Choose another one with --port.") from None


def web_and_worker(port: int) -> dict[str, Sequence[str]]:
    web = python("-m", "app.cli", "serve", "--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    return {"web": web, "worker": python("-m", "app.cli", "worker")}


class Processes:
    """Named processes, started by entering and stopped by leaving. What they print goes to files in `folder`."""

    def __init__(
        self, commands: Mapping[str, Sequence[str]], env: Mapping[str, str], folder: Path, signals: StopSignals
    ) -> None:
        self._commands, self._env, self._folder, self._signals = commands, env, folder, signals
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            for name, command in self._commands.items():
                self._children[name] = self._start(name, command)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, name: str, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        with self._log(name).open("wb") as log:
            return subprocess.Popen(
                command,
                env=self._env,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the tool alone, which then stops all in order
                preexec_fn=_die_with_parent,
            )

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def wait_until_ready(self, port: int) -> None:
        """Waits until the web process answers. Raises Refusal when it does not, KeyboardInterrupt at a stop signal."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy from the environment
        deadline = time.monotonic() + START_UP
        while time.monotonic() < deadline:
            self.check()
            try:
                return direct.open(f"http://127.0.0.1:{port}/health/live", timeout=2).close()
            except OSError:
                self._signals.wait(0.1)
        raise Refusal(f"The web process did not answer within {START_UP} seconds. {self._last_lines('web')}")

    def check(self) -> None:
        """Raises Refusal when one of them has ended."""
        for name, child in self._children.items():
            if child.poll() is not None:
                ended = f"The {name} process ended by itself (exit code {child.returncode}); the other is stopped too."
                raise Refusal(f"{ended} {self._last_lines(name)}")

    def _last_lines(self, name: str) -> str:
        log = self._log(name)
        lines = log.read_text(errors="replace").splitlines()[-20:]
        return "\n".join([f"Its last words, from {log}:", *(lines or ["(none)"])])

    def stop(self) -> None:
        """Asks all to end, and kills those that take too long, or all at a second stop signal.

        What a process has started goes with it: a killed web process leaves its workers behind, which hold the port.
        """
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + PATIENCE
        while self._alive() and time.monotonic() < deadline and self._signals.count < 2:
            time.sleep(0.05)
        for child in self._children.values():
            with contextlib.suppress(OSError):  # nothing is left of it, as it should be
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def _alive(self) -> "list[subprocess.Popen[bytes]]":
        return [child for child in self._children.values() if child.poll() is None]


def _die_with_parent() -> None:
    """Even a kill -9 of the tool leaves no process behind (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
