"""Bugs that the long rounds must notice, planted into processes of their own (`servers.planted`), never committed."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLANTS = Path(__file__).with_name("plants")


def limiter_fails_closed() -> None:
    """The file of the rate limits raises into the request."""
    from app.kernel.api.rate_limits import Limiter

    def hit_all(self: Any, buckets: Any, seconds: int, guarded: bool) -> Any:
        return self._windows.hit_all(buckets, seconds)

    Limiter._hit_all = hit_all  # type: ignore[method-assign]


def notes_are_needed() -> None:
    """What is noted beside a read is as needed as the read."""
    from app.dashboard import live
    from app.kernel.db import transaction

    def note(write: Callable[[Any], object]) -> None:
        with transaction.side_transaction() as own:
            write(own)

    live.side_note = note


def log_fails() -> None:
    """Log lines are written by the request itself."""
    from app.log_sink import Sink

    def write(self: Any, line: str) -> None:
        os.write(2, line.encode() + b"\n")

    for name in ("write", "debug", "info", "warning", "error", "critical", "exception", "msg", "log"):
        setattr(Sink, name, write)


def keys_are_ignored() -> None:
    """Idempotency keys are read and forgotten."""
    from app.kernel.db import idempotency

    idempotency.read_key = lambda header: None  # type: ignore[assignment]


def acknowledged_too_early() -> None:
    """The transaction is committed a moment after the answer was made, and lost when the process is killed."""
    from app.kernel.db import engine

    commit = engine.Db.commit

    def late(self: Any) -> None:
        if os.getpid() % 2:
            self.rollback()
        else:
            commit(self)

    engine.Db.commit = late  # type: ignore[method-assign]


def faults_are_crashes() -> None:
    """Faults of the database are taken for faults of the program."""
    from app import web_errors

    web_errors.fault_of = lambda error: None  # type: ignore[assignment]


def deadline_cuts_nothing() -> None:
    """An exchange on the network ends when the library thinks so."""
    from app.kernel.outbox.deadline import Deadline

    Deadline.cut = lambda self: None  # type: ignore[method-assign]


def clock_is_believed() -> None:
    """Hits of a clock that was ahead stay in the future."""
    from app.kernel.api import rate_limits

    class Believing(rate_limits.array):  # type: ignore[type-arg]
        def __getitem__(self, place: Any) -> Any:
            # The question whether the newest hit lies ahead finds none.
            return min(super().__getitem__(place), time.time()) if place == -1 else super().__getitem__(place)

    rate_limits.array = Believing  # type: ignore[misc]


def bodies_block_the_process() -> None:
    """A process waits for a body and does nothing else meanwhile."""
    from app.serving.bridge import Bridge

    read = Bridge._read

    async def block(self: Any, environ: Any, exchange: Any, most: int, body: bytearray) -> None:
        if environ.get("CONTENT_LENGTH") == "100000":
            time.sleep(10)
        await read(self, environ, exchange, most, body)

    Bridge._read = block  # type: ignore[method-assign]


def stops_at_once() -> None:
    """A stop ends the web processes, whatever they are doing."""
    from granian.server.common import AbstractServer

    def stop(self: Any) -> None:
        for worker in self.wrks:
            worker.kill()
            worker.join()
        self.wrks.clear()

    AbstractServer._stop_workers = stop  # type: ignore[method-assign]


def commits_are_beyond_handlers() -> None:
    """A commit that fails after the view is Flask's own to answer."""
    from flask import Flask

    from app.kernel.db import transaction
    from app.web_errors import Application

    transaction._commit = lambda writing: writing.commit()
    Application.handle_exception = Flask.handle_exception  # type: ignore[method-assign]


def gives_up() -> None:
    """The main process ends when a web process dies within seconds of its start, as granian does by itself."""
    from granian.server import MPServer

    from app.serving.supervisor import Supervisor

    Supervisor._serve_loop = MPServer._serve_loop  # type: ignore[method-assign]


BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        limiter_fails_closed,
        notes_are_needed,
        log_fails,
        keys_are_ignored,
        acknowledged_too_early,
        faults_are_crashes,
        deadline_cuts_nothing,
        clock_is_believed,
        bodies_block_the_process,
        stops_at_once,
        commits_are_beyond_handlers,
        gives_up,
    )
}


def plant(name: str) -> None:
    BUGS[name]()


def environment(name: str | None) -> dict[str, str]:
    """What a process needs to have this bug, or none."""
    if name is None:
        return {}
    root = Path(__file__).resolve().parents[2]
    return {"PLANTED": name, "PYTHONPATH": f"{PLANTS}{os.pathsep}{root}"}
