"""What a run starts and stops: a durable PostgreSQL, the floor, and the product as `desk serve` starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from bench import world
from bench.load import cpu_seconds, tree
from tests import postgres

ROOT = Path(__file__).resolve().parents[1]
DURABLE = {
    **postgres.SETTINGS,
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
}
SIDES = ("floor", "product")
THREADS = {"sqlite": 1, "postgresql": 3}
"""Threads a worker: what `desk serve` uses (app/serving.py)."""


def workers(database: str) -> int:
    """Processes that serve: what `desk serve` uses by itself."""
    return 1 if database == "sqlite" else os.cpu_count() or 1


def start_postgresql(folder: Path) -> Any:
    """A server that syncs its commits to the disk that `folder` lies on."""
    folder.mkdir(parents=True, exist_ok=True)
    return postgres.start(folder, DURABLE)


class Server:
    """A program that serves, running until `stop()`. `seconds_to_answer` and `cpu_to_answer`: to the first answer.

    `{port}` in its command is the port that was free."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = log
        env = {**os.environ, **environment, "PUBLIC_BASE_URL": self.base, "PYTHONPATH": str(ROOT)}
        began = time.monotonic()
        with log.open("wb") as words:
            self.process = subprocess.Popen(
                [part.replace("{port}", str(self.port)) for part in command],
                env=env,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
        self._wait()
        self.seconds_to_answer = time.monotonic() - began
        self.cpu_to_answer = cpu_seconds(tree(self.process.pid))

    def _wait(self) -> None:
        ends = time.monotonic() + 120
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                ask(self.base + "/health/live").close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"The server did not answer. Its last words:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def start(side: str, database: str, url: str, log: Path) -> Server:
    """The floor or the product on a database."""
    count = str(workers(database))
    if side == "floor":
        command = ["bench.floor", "{port}", count, str(THREADS[database])]
    else:
        for step in (["compileall", "-q", "app"], ["app.serving.compile"]):  # as at an installation (docs/operating.md)
            subprocess.run([sys.executable, "-m", *step], cwd=ROOT, check=True)
        command = ["app.cli", "serve", "--port", "{port}", "--workers", count]
    return Server([sys.executable, "-m", *command], {"DATABASE_URL": url}, log)


DIRECT = urllib.request.ProxyHandler({})  # no proxy from the environment
TOKEN = re.compile(r'name="(csrf\w*)"[^>]*value="([^"]+)"')
"""The field of a form that proves where it was shown, and its value."""


def ask(
    url: str, *, method: str = "GET", body: str = "", headers: dict[str, str] | None = None, seconds: float = 10
) -> Any:
    """One request; the open response. Raises OSError, also for an answer that is not 2xx."""
    request = urllib.request.Request(url, body.encode() or None, headers or {}, method=method)
    return urllib.request.build_opener(DIRECT).open(request, timeout=seconds)


def sign_in(base: str, email: str) -> str:
    """Signs somebody in at the product's own page; what the Cookie header says from then on."""
    jar = CookieJar()
    browser = urllib.request.build_opener(DIRECT, urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(f"{base}/sign-in", timeout=10).read().decode()
    found = TOKEN.search(page)
    if found is None:
        raise RuntimeError("The sign-in page holds no CSRF token.")
    fields = {"email": email, "password": world.PASSWORD, found[1]: found[2]}
    browser.open(f"{base}/sign-in", urllib.parse.urlencode(fields).encode(), timeout=10)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
