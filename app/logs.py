"""Logs: JSON lines on stderr with request id, actor and organization.

Callers log names of routes and ids, never secrets; text that looks like a credential is redacted before it is written.
"""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger

from app.accounts.roles import ACCESS
from app.config import Config

SECRETS = re.compile(
    rf"({'|'.join(access.key_prefix for access in ACCESS.values())}|tok_)[A-Za-z0-9_-]{{6,}}"
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|([?&](?:t|k|token|code)=)[^&\s\"']+|(/join/)[A-Za-z0-9_-]{20,}"
    r"|((?:password|cookie|authorization|otp)\"?[=:]\s*\"?)[^\s\",]+",
    re.IGNORECASE,
)
"""Keys, bearer tokens, join tokens, signed links and codes."""


def redact(text: str) -> str:
    """The text with its credentials replaced by `[redacted]`."""
    return SECRETS.sub(lambda found: next((group for group in found.groups() if group), "") + "[redacted]", text)


def _redacted(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
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
