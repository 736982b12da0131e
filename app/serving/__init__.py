"""The web processes of `desk serve`: granian, one process a core, one thread each on SQLite.

No client holds a thread: app/serving/bridge.py. A process that dies is replaced: app/serving/supervisor.py.
"""

import contextlib
import ctypes
import errno
import gc
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from app import logs
from app.config import Config, ConfigError, development_values
from app.kernel.errors import Unavailable
from app.serving import templates
from app.serving.supervisor import Supervisor

if TYPE_CHECKING:
    from flask import Flask

    from app.serving.bridge import Bridge

THREADS = 3
"""Requests that a process works on at once on PostgreSQL; on SQLite one, because writes take turns anyway."""

SHUTDOWN_SECONDS = 25
"""Seconds in which accepted requests may finish after SIGTERM."""

HEAD_SECONDS = 15
"""Seconds in which the head of a request has to arrive, and after which an idle connection is closed."""

HEAD_BYTES = 64 * 1024

CONNECTIONS = 4096
"""Connections that a process holds at once. One costs a few kilobytes and no thread."""

OTHER_FILES = 512
"""Files that a process opens for the database, for large answers and for itself."""


@cache
def load(config: Config) -> "Flask":
    """Makes the app, before web processes are forked: they share its memory, and one that replaces another is there at
    once. What is loaded stays, so nothing is collected meanwhile, and left out of collections: no long pauses.

    Nothing here may open a connection or start a thread, which would not live on in them.
    """
    gc.disable()
    from sqlalchemy.orm import configure_mappers

    from app import create_app

    app = create_app(config)
    # What the first request would do in each process.
    templates.read(app.jinja_env)
    configure_mappers()
    app.url_map.update()
    gc.freeze()
    gc.enable()
    return app


def application() -> "Bridge":
    """The app of one web process."""
    from app.kernel.api.routing import largest_body
    from app.serving.bridge import Bridge

    begin_process()
    config = Config.from_env()
    app = load(config)
    threading.Thread(target=templates.warm, args=(app.jinja_env,), name="templates", daemon=True).start()
    return Bridge(app, threads=1 if config.sqlite else THREADS, largest=lambda path: largest_body(app, path))


def resolve(host: str, port: int) -> str:
    """The IP address of `host`. Raises Unavailable when the server cannot listen there, ConfigError when it must not.

    Granian knows no names, and prints a trace for an address that is taken.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, _, _, place = found[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        why = "another program listens there" if error.errno == errno.EADDRINUSE else error.strerror
        raise Unavailable(f"{host}, port {port}, cannot be served: {why}. Nothing was started.") from None
    address = str(place[0])
    check_exposure(address)
    return address


def check_exposure(address: str) -> None:
    """Raises ConfigError when other machines could reach a server that is set up for development."""
    if ip_address(address).is_loopback:
        return
    config = Config.from_env()
    missing = development_values(config)
    if not os.environ.get("PUBLIC_BASE_URL", "").strip():
        missing.insert(0, "PUBLIC_BASE_URL is missing: the address that people use.")
    if missing:
        raise ConfigError(
            f"Other machines could reach {address}, and these settings are for development: anybody could read the "
            f"mail and forge sign-ins. {' '.join(missing)} Nothing was started. docs/operating.md lists the settings; "
            "--host 127.0.0.1 serves this machine alone."
        )


def serve(config: Config, *, host: str, port: int, workers: int) -> None:
    """Serves until SIGTERM or SIGINT."""
    logs.configure(config)
    with _shared_counts():
        load(config)
        _serve(host, port, workers)


@contextlib.contextmanager
def _shared_counts() -> Iterator[None]:
    """Names a folder in which web processes keep the counts for /metrics, and templates that they compiled: what a dead
    one counted stays counted.

    In shared memory where there is some, because a disk that fills up would stop a process in the middle of a count.
    """
    memory = "/dev/shm"
    place = memory if os.access(memory, os.W_OK | os.X_OK) else None
    with tempfile.TemporaryDirectory(prefix="session-desk-metrics-", dir=place, ignore_cleanup_errors=True) as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


def _serve(host: str, port: int, workers: int) -> None:
    Supervisor(
        "app.serving:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        backpressure=_allow_connections(),
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000, max_buffer_size=HEAD_BYTES),
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=SHUTDOWN_SECONDS,
    ).serve()


def _allow_connections() -> int:
    """Raises this process' limit of open files for its connections. Returns how many connections it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + OTHER_FILES
    allowed = max(soft, wanted if hard == resource.RLIM_INFINITY else min(wanted, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return min(CONNECTIONS, max(allowed - OTHER_FILES, allowed // 2))


def begin_process() -> None:
    """Lets a web process end with its main process: killed, that would leave behind what holds its port (Linux)."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)
