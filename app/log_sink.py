"""Where log lines go: a stream that may be slow, full or broken, and that no request may wait for or fail by."""

import atexit
import contextlib
import os
import select
import threading
import time
from collections import deque
from typing import TextIO

LARGEST = 4 * 1024 * 1024
"""Bytes that wait to be written; what comes when they are full is dropped."""
LONGEST_LINE = 32 * 1024
GATHER = 0.02
"""Seconds for which lines gather before they are written together. Waking the thread for each took a tenth of what a
request costs: it competes with requests for the interpreter."""
AT_EXIT = 2.0
"""Seconds that the end of a process waits for its last lines."""


class Sink:
    """Writes lines to a stream from a thread of its own. Lines that cannot be written are dropped and counted."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.flush, AT_EXIT)

    def _begin(self) -> None:
        """Begins anew, in a forked process too: there a lock may be held for ever, and the lines are the parent's."""
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._writing = self._started = self._idle = self._broken_line = False
        self.dropped = 0
        """Lines lost since this process began."""

    def write(self, line: str) -> None:
        """Takes a line. Never raises, never waits for the stream."""
        text = line.encode("utf-8", "replace")[:LONGEST_LINE] + b"\n"
        with self._changed:
            if self._size + len(text) > LARGEST:
                self.dropped += 1
                return
            self._waiting.append(text)
            self._size += len(text)
            if not self._started:
                self._started = True
                # Interpreters that end refuse new threads: the line is then lost, as are those of a killed process.
                with contextlib.suppress(RuntimeError):
                    threading.Thread(target=self._run, daemon=True, name="log").start()
            if self._idle:
                self._changed.notify_all()

    debug = info = warning = error = critical = exception = msg = log = write

    def flush(self, seconds: float) -> bool:
        """Waits until every line was written or dropped. False when that took too long."""
        ends = time.monotonic() + seconds
        with self._changed:
            while self._waiting or self._writing:
                left = ends - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                self._idle = True
                while not self._waiting:
                    self._changed.wait()
                self._idle = False
            time.sleep(GATHER)
            with self._changed:
                lines, self._waiting, self._size = list(self._waiting), deque(), 0
                self._writing = True
            lost = self._put(lines)
            with self._changed:
                self._writing = False
                self.dropped += lost
                self._changed.notify_all()

    def _put(self, lines: list[bytes]) -> int:
        """Writes the lines and returns how many were lost."""
        # A disk that filled up may have taken half a line; the next one begins a line of its own.
        start = b"\n" if self._broken_line else b""
        written = self._write(start + b"".join(lines)) - len(start)
        self._broken_line &= written < 0
        for number, line in enumerate(lines):
            if written < len(line):
                self._broken_line |= written > 0
                return len(lines) - number
            written -= len(line)
        return 0

    def _write(self, data: bytes) -> int:
        """Writes as much as the stream takes. Returns how many bytes that was."""
        written = 0
        try:
            descriptor = _descriptor(self._stream)
            if descriptor is None:
                assert self._stream is not None
                self._stream.write(data.decode())
                self._stream.flush()
                return len(data)
            while written < len(data):
                try:
                    written += os.write(descriptor, data[written : written + 64 * 1024])
                except BlockingIOError:
                    select.select([], [descriptor], [])
        except Exception:
            # Whatever a stream does: what it has not taken is lost, and counted.
            return written
        return written


def _descriptor(stream: TextIO | None) -> int | None:
    """The file descriptor of a stream, or None where it has none (a test's). Raises OSError when there is no stream."""
    if stream is None:
        raise OSError("There is no stream.")
    try:
        return stream.fileno()
    except (OSError, AttributeError):
        return None
