"""Logs: JSON lines on stderr with request id, route, actor and organization.

Callers log names of routes and ids, never secrets; text that looks like a credential is redacted before it is written.
An exception is logged by its types and places, without its message: messages repeat what was typed, paths and SQL.
Lines of libraries that log by the standard library take the same way.
"""

import logging
import re
import sys
import threading
from traceback import walk_tb
from types import TracebackType

import orjson
import structlog
from flask import has_request_context
from structlog.typing import EventDict, WrappedLogger

from app.accounts.roles import ACCESS
from app.config import Config
from app.kernel import clock
from app.kernel.current import notes, the_request
from app.log_sink import Sink

SECRETS = re.compile(
    rf"({'|'.join(access.key_prefix for access in ACCESS.values())}|tok_)[A-Za-z0-9_-]{{6,}}"
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|([?&](?:t|k|token|code)=)[^&\s\"']+|(/join/|/managers/feed/)[A-Za-z0-9_-]{20,}|(/receipt/)[A-Za-z0-9_.-]{20,}"
    r"|((?:password|cookie|authorization|otp)\"?[=:]\s*\"?)[^\s\",]+",
    re.IGNORECASE,
)
"""Keys, bearer tokens, join tokens, signed links and codes."""

METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
"""Methods that are named in the log and in metrics. A client may make up any other, and put anything into it."""

FRAMES = 30
"""Places of one exception, the innermost ones."""

SINK = Sink(sys.stderr)
"""Where the lines of this process go."""


def redact(text: str) -> str:
    """The text with its credentials replaced by `[redacted]`."""
    return SECRETS.sub(lambda found: next((group for group in found.groups() if group), "") + "[redacted]", text)


def request_facts() -> dict[str, str | None]:
    """What a line says of the request that it belongs to. Nothing of it is of the client's choice."""
    request = the_request()
    rule = request.url_rule
    method = request.method if request.method in METHODS else "other"
    return {"request_id": notes().get("request_id"), "method": method, "route": rule.rule if rule else None}


def write_access(status: int, ms: float) -> None:
    """Writes the line of a request that is answered: the route instead of the path, because paths and queries can carry
    tokens. Every request has one, so it takes the short way; nothing in it needs to be redacted."""
    if not writes_accesses:
        return
    noted = notes()
    facts = request_facts() | {
        "event": "request",
        "level": "info",
        "status": status,
        "ms": ms,
        "organization": noted.get("organization_id"),
        "person": noted.get("person_id"),
        "address": the_request().remote_addr,
        "timestamp": clock.now(),
    }
    SINK.write(orjson.dumps(facts, option=orjson.OPT_UTC_Z).decode())


writes_accesses = False
"""Whether every request has a line: from the level `info` on."""


def _placed(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    return {**request_facts(), **entry} if has_request_context() else entry


def _redacted(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = redact(value)
    return entry


def describe(error: BaseException) -> list[str]:
    """An exception and what caused it, a line each for its type and its places; never its message."""
    found: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        state = getattr(getattr(link, "orig", link), "sqlstate", None)
        found.append(f"{type(link).__name__} {state}" if state else type(link).__name__)
        found += _places(link.__traceback__)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found


def _places(traceback: TracebackType | None) -> list[str]:
    places = [
        f"  {'/'.join(frame.f_code.co_filename.split('/')[-3:])}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(traceback)
    ]
    return places[-FRAMES:]


def _described(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    given = entry.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        entry["trace"] = describe(error)
    return entry


class LibraryHandler(logging.Handler):
    """Takes the lines of libraries. Of a message with arguments only its pattern is kept: arguments are values."""

    def emit(self, record: logging.LogRecord) -> None:
        text = str(record.msg)
        structlog.get_logger(record.name).log(
            record.levelno,
            text if record.args or "\n" not in text else text.partition("\n")[0],
            exc_info=record.exc_info,
        )


def configure(config: Config) -> None:
    """Sets up the logs of this process."""
    global writes_accesses
    level = logging.getLevelNamesMapping()[config.log_level]
    writes_accesses = level <= logging.INFO and not config.testing
    structlog.configure(
        processors=[
            _placed,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _described,
            _redacted,
            structlog.processors.JSONRenderer(default=repr),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL if config.testing else level),
        logger_factory=lambda *_: SINK,
        cache_logger_on_first_use=not config.testing,
    )
    if not config.testing:
        _take_everything()


def _take_everything() -> None:
    """Leads what libraries log, and what nobody caught, into the same lines."""
    logging.raiseExceptions = False
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers = [LibraryHandler()]
    root.setLevel(logging.WARNING)
    log = structlog.get_logger("desk")
    sys.excepthook = lambda _kind, error, _trace: log.critical("crash", exc_info=error)
    threading.excepthook = lambda left: log.critical("crash of a thread", exc_info=left.exc_value)
