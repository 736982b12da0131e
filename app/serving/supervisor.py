"""The process that starts the web processes and replaces those that die."""

import os
import signal
import time
from typing import Any

import structlog
from granian.server import MPServer

LONGEST_DELAY = 30.0
"""Seconds after which a web process is replaced that died again and again."""

STEADY = 60.0
"""A web process that lived for so many seconds is replaced at once when it dies."""

STOPS = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger("desk")


class Supervisor(MPServer):
    """Granian's main process, which replaces a worker however often it dies: at once, then after 1, 2, 4 … seconds.

    Granian itself stops everything when a worker dies within seconds of having been started.
    """

    def __init__(self, *given: Any, **settings: Any) -> None:  # as granian has them
        keep_stops_while_forking()
        super().__init__(*given, **settings)

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:  # the same
        """Replaces what has died until a signal asks to stop. SIGHUP replaces all, one by one."""
        deaths = dict.fromkeys(range(self.workers), 0)
        due: dict[int, float] = {}
        while not self.interrupt_signal:
            now = time.monotonic()
            for worker in self.wrks:
                if worker.idx not in due and not worker.is_alive():  # type: ignore[no-untyped-call]  # granian
                    lived = now - worker.birth
                    deaths[worker.idx] = deaths[worker.idx] + 1 if lived < STEADY else 1
                    due[worker.idx] = now + delay(deaths[worker.idx])
                    again = round(due[worker.idx] - now, 1)
                    log.error("web process ended", worker=worker.idx + 1, lived=round(lived, 1), again_in=again)
            for index in [index for index, at in due.items() if at <= now]:
                del due[index]
                self._respawn_workers([index], spawn_target, target_loader)
            # Granian notes here what died, and takes it for a failure of its own when it stops.
            self.interrupt_children.clear()
            if self.reload_signal:
                self._reload(spawn_target, target_loader)  # type: ignore[no-untyped-call]  # granian
            # Set by signals, and when a worker ends.
            self.main_loop_interrupt.wait(max(0, min(due.values()) - now) if due else None)
            self.main_loop_interrupt.clear()


def keep_stops_while_forking() -> None:
    """Lets a process end that is asked to stop while it is being started.

    It has the main process' handlers at first, which would swallow the request: so it waits until they are gone.
    """
    os.register_at_fork(before=_delay_stops, after_in_parent=_let_stops_come, after_in_child=_begin_child)


def _delay_stops() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)


def _let_stops_come() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def _begin_child() -> None:
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    _let_stops_come()


def delay(deaths: int) -> float:
    """Seconds until a web process that died for the nth time in a row is replaced."""
    return min(LONGEST_DELAY, 2.0 ** min(deaths - 2, 10)) if deaths > 1 else 0.0
