"""The web processes: granian, one worker a core, one thread each on SQLite."""

import gc

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from app.config import Config

SHUTDOWN_SECONDS = 25
"""Seconds in which accepted requests may finish after SIGTERM."""


def application() -> Flask:
    """The app of one worker process. Objects made at start-up are left out of garbage collection: no long pauses."""
    from app import create_app

    app: Flask = create_app(Config.from_env())
    gc.collect()
    gc.freeze()
    return app


def serve(config: Config, *, host: str, port: int, workers: int) -> None:
    """Serves until SIGTERM or SIGINT. A worker that dies is replaced."""
    server = Granian(
        "app.serving:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=1 if config.sqlite else 3,
        http=HTTPModes.http1,
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=SHUTDOWN_SECONDS,
    )
    server.serve()
