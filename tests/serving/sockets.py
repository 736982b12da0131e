"""Clients that speak HTTP by hand: slowly, in part, or not at all."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import ROOT, free_port

LONGEST = 20
"""Seconds after which a test gives up waiting."""


def connect(port: int, data: bytes = b"", receive_buffer: int = 0) -> socket.socket:
    """A connection on which `data` has been sent."""
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(LONGEST)
    try:
        client.connect(("127.0.0.1", port))
        client.sendall(data)
    except OSError:
        client.close()
        raise
    return client


def head(method: str, path: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def answer(client: socket.socket) -> bytes:
    """The whole answer of a connection that the server closes."""
    found = b""
    while piece := client.recv(65536):
        found += piece
    return found


def ask(port: int, data: bytes) -> tuple[int, bytes]:
    """Status and body of one request on a connection of its own."""
    with connect(port, data.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)) as client:
        whole = answer(client)
    top, _, body = whole.partition(b"\r\n\r\n")
    return int(top.split()[1]), body


def get(port: int, path: str) -> tuple[int, bytes]:
    return ask(port, head("GET", path))


class SmallSite:
    """The process of tests/serving/small_site.py."""

    def __init__(self, log: Path, workers: int = 1, threads: int = 1) -> None:
        self.port, self._log = free_port(), log
        command = [sys.executable, "-m", "tests.serving.small_site", str(self.port), str(workers), str(threads)]
        with log.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        self.wait_until_it_answers()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_until_it_answers(self) -> None:
        ends = time.monotonic() + LONGEST
        while time.monotonic() < ends:
            assert self.process.poll() is None, self.log
            try:
                if get(self.port, "/who")[0] == 200:
                    return
            except (OSError, IndexError):
                time.sleep(0.02)
        raise AssertionError(f"It never answered:\n{self.log}")

    def wait_for_log(self, text: str, times: int = 1) -> None:
        """Until the log holds the text so often: lines are written beside the requests."""
        ends = time.monotonic() + LONGEST
        while self.log.count(text) < times:
            assert time.monotonic() < ends, f"{text} never came:\n{self.log}"
            time.sleep(0.02)


@contextmanager
def small_site(folder: Path, workers: int = 1, threads: int = 1) -> Iterator[SmallSite]:
    site = SmallSite(folder / f"site-{workers}-{threads}.log", workers, threads)
    try:
        yield site
    finally:
        site.process.terminate()
        site.process.wait(LONGEST)
