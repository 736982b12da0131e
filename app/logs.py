"""Logs: JSON lines on stderr with request id, actor and organization. Secrets never reach here: callers log names of
routes and ids, and what looks like a credential is redacted once more before it is written."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from app.config import Config

# Keys, bearers, join tokens, signed links and codes, wherever they may have slipped in.
SECRETS = re.compile(
    r"(nb_sec_|ra_|sd_|tok_)[A-Za-z0-9_-]{6,}|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|([?&](?:t|k|token|code)=)[^&\s\"']+|(/join/)[A-Za-z0-9_-]{20,}"
    r"|((?:password|cookie|authorization|otp)\"?[=:]\s*\"?)[^\s\",]+",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    return SECRETS.sub(lambda found: next((g for g in found.groups() if g), "") + "[redacted]", text)


def _redacted(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = redact(value)
    return entry


def configure(config: Config) -> None:
    """Sets up structlog for this process."""
    level = logging.getLevelNamesMapping()[config.log_level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _redacted,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL if config.testing else level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=not config.testing,
    )
