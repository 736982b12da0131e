"""One deadline for a whole exchange on the network: resolving, connecting, encryption, sending, waiting, reading.

Time-outs of sockets begin anew with every byte, and libraries know no others. So the sockets of an exchange are shut
down from outside when its time is over, whatever a library is waiting for; and what it may read is bounded.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

Found = TypeVar("Found")


class Overdue(TimeoutError):
    """The time of the exchange is over."""


class Deadline:
    """The end of one exchange, as a context manager. `left()` seconds are left; `watch()` a socket to have it cut."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._timer.cancel()
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
            self._cut()

    def _cut(self) -> None:
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
        for family, kind, protocol, _, address in self.wait_for(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        ):
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
