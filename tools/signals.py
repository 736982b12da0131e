"""Ctrl-C and the other signals that ask a tool to stop, heard where it is safe to."""

import signal
import time
from types import FrameType
from typing import Any, Self

ASK_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Counts the signals that ask to stop, while it is entered; `wait` alone raises KeyboardInterrupt for them.

    Python raises KeyboardInterrupt between any two instructions. Inside `subprocess.Popen.poll` that leaves the lock
    taken by which the other methods of the same Popen wait for their child: the tool would then wait for ever.

    SIGINT is counted even when it was ignored before, as a shell's script has it for what it puts into the background.
    """

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._note) for number in ASK_TO_STOP}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1

    def wait(self, seconds: float) -> None:
        """Waits. Raises KeyboardInterrupt when a signal came, before or meanwhile."""
        if not self.count:
            time.sleep(seconds)
        if self.count:
            raise KeyboardInterrupt
