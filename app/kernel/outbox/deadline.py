"""One deadline for a whole exchange on the network: resolving, connecting, encryption, sending, waiting, reading.

Time-outs of sockets begin anew with every byte, and libraries know no others. So the sockets of an exchange are shut
down from outside when its time is over, whatever a library is waiting for; and what it may read is bounded.
"""

import contextlib
import heapq
import os
import socket
import threading
import time
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

Found = TypeVar("Found")


class Overdue(TimeoutError):
    """The time of the exchange is over."""


class _Cutter:
    """Cuts what is overdue: one thread for every exchange of a process, started with the first one. A timer each is a
    thread each, which cost more than the rest of a short exchange."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Begins anew, in a forked process too: there the thread is not, and the exchanges are the parent's."""
        self._changed = threading.Condition()
        self._begun: list[tuple[float, int, Deadline]] = []
        """A heap by when they end. An exchange that ended in time stays until then, and has nothing to cut."""
        self._number = count()
        self._thread: threading.Thread | None = None

    def add(self, deadline: "Deadline", ends: float) -> None:
        with self._changed:
            heapq.heappush(self._begun, (ends, next(self._number), deadline))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, daemon=True, name="deadlines")
                self._thread.start()
            elif self._begun[0][2] is deadline:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._begun or self._begun[0][0] > time.monotonic():
                    self._changed.wait(self._begun[0][0] - time.monotonic() if self._begun else None)
                _, _, deadline = heapq.heappop(self._begun)
            deadline.cut()


_CUTTER = _Cutter()


class Deadline:
    """The end of one exchange, as a context manager. `left()` seconds are left; `watch()` a socket to have it cut."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        _CUTTER.add(self, self._ends)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    @property
    def over(self) -> bool:
        """Whether the time is over, or as good as."""
        return time.monotonic() >= self._ends - 0.05

    def left(self, most: float | None = None) -> float:
        """Seconds that are left, at most `most`. Raises Overdue."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Overdue
        return left if most is None else min(left, most)

    def watch(self, sock: socket.socket) -> None:
        """Shuts the connection down when the time is over, or at once when it is, also when it is encrypted meanwhile.

        That puts another object in the place of this one, which no longer knows its connection; so a second handle is
        kept until the exchange ends.
        """
        with self._lock:
            self._sockets.append(socket.fromfd(sock.fileno(), sock.family, sock.type))
        if time.monotonic() >= self._ends:
            self.cut()

    def cut(self) -> None:
        """Shuts the watched connections down, whatever waits for them."""
        with self._lock:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def wait_for(self, job: Callable[[], Found]) -> Found:
        """What a function returns or raises that takes no time-out, such as the system's resolver. Raises Overdue.

        After that a thread goes on waiting for it.
        """
        found: list[Found] = []
        raised: list[Exception] = []

        def run() -> None:
            try:
                found.append(job())
            except Exception as error:
                raised.append(error)

        thread = threading.Thread(target=run, daemon=True, name="wait")
        thread.start()
        thread.join(self.left())
        for error in raised:
            raise error
        if not found:
            raise Overdue
        return found[0]

    def connect(self, host: str, port: int, most: float) -> socket.socket:
        """A watched connection to the first address of a name that takes one within `most` seconds. Raises OSError."""
        reason: OSError = OSError(f"{host} has no address.")
        try:
            # An address leads to itself: the resolver, which may hang, is not asked.
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            found = self.wait_for(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        for family, kind, protocol, _, address in found:
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self.left(most))
                sock.connect(address)
                sock.settimeout(self.left())
            except OSError as error:
                sock.close()
                reason = error
                continue
            self.watch(sock)
            return sock
        raise reason


class Bounded:
    """A stream of which a bounded number of bytes is read: what `smtplib` and `imaplib` need of a file."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream, self._left = stream, most

    def allow(self, most: int) -> None:
        """Bounds anew what is read from here on."""
        self._left = most

    def readline(self, size: int = -1) -> bytes:
        """The next line. Raises OSError when the bound is passed, or when the line has no end."""
        line = self._stream.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("The other side sent more than is ever needed.")
        if line and not line.endswith(b"\n"):
            raise OSError("The other side did not end its line.")
        return line

    def read(self, size: int) -> bytes:
        """So many bytes. Raises OSError when that passes the bound."""
        self._left -= size
        if self._left < 0:
            raise OSError("The other side sent more than is ever needed.")
        return self._stream.read(size)

    def close(self) -> None:
        self._stream.close()
