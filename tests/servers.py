"""A real server for tests: `desk serve` in a process of its own, on a free port."""

import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from app.config import ENVIRONMENT_NAMES, Config

ROOT = Path(__file__).resolve().parents[1]


_PORTS = itertools.islice(itertools.cycle(range(10_000, 30_000, 2)), random.SystemRandom().randrange(10_000), None)
"""Below those that the kernel hands to connections (32,768 and more on Linux); each process begins elsewhere. A port of
the kernel's own choice was taken now and then, by whoever connected to something before its server had started."""


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens, nor on the next one, where `./dev run` has its time stamps."""
    return next(port for port in _PORTS if _is_free(port) and _is_free(port + 1))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers have it
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def environment(config: Config) -> dict[str, str]:
    """Environment variables from which a process reads the same Config."""
    found = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT_NAMES}
    for name in ENVIRONMENT_NAMES:
        value: Any = getattr(config, name.lower())
        found[name] = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return {**found, "PYTHONPATH": str(ROOT)}


class Server:
    """A server process that runs until `stop()`. `url` is its address; `log` is the text it wrote."""

    def __init__(
        self,
        config: Config,
        folder: Path,
        workers: int,
        names: dict[str, str],
        program: str = "app.cli",
        log: Path | None = None,
        port: int | None = None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self._log = log or folder / f"server-{self.port}.log"
        command = ["serve", "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(workers)]
        with self._log.open("wb") as words:
            self.process = subprocess.Popen(
                [sys.executable, "-m", program, *command],
                env={**environment(config), "PUBLIC_BASE_URL": self.url, **names},
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
        self._wait()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.is_file() else ""

    def _wait(self, seconds: float = 30) -> None:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            assert self.process.poll() is None, f"The server ended by itself:\n{self.log}"
            try:
                direct.open(f"http://127.0.0.1:{self.port}/health/live", timeout=2).close()
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise AssertionError(f"The server did not answer within {seconds:g} seconds:\n{self.log}")

    def stop(self) -> None:
        """Stops the process as an operator would: SIGTERM, and after twenty seconds SIGKILL to the process group."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
