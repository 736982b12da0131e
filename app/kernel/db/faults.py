"""Faults of the database and of the disk: what an exception of a driver means, and the sentence for users."""

import errno
import sqlite3
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError, ResourceClosedError
from sqlalchemy.exc import TimeoutError as PoolTimeout


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is not the caller's, and passes. `name` is for logs."""

    name: str
    sentence: str
    retry_after: int


FULL = Fault(
    "full",
    "There is no space left to save anything. Nothing was saved; everything can still be read. "
    "Try again in a minute; if it stays so, tell the people who run this site.",
    60,
)
READ_ONLY = Fault(
    "read only",
    "Nothing can be saved right now: our database can only be read. Nothing was saved. Try again in a minute.",
    60,
)
AWAY = Fault("away", "Our database does not answer right now. Nothing was saved. Try again in a few seconds.", 5)
BUSY = Fault("busy", "Too much is being saved at once. Nothing was saved. Try again in a few seconds.", 2)
UNCERTAIN = Fault(
    "uncertain",
    "Our database went away while this was being saved, so we cannot say whether it was. "
    "Try again in a few seconds, and look first whether it is there.",
    5,
)
"""The connection broke after COMMIT was sent."""

_SQLITE = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_IOERR: AWAY,
    sqlite3.SQLITE_CANTOPEN: AWAY,
    sqlite3.SQLITE_PROTOCOL: AWAY,
    sqlite3.SQLITE_NOMEM: AWAY,
    sqlite3.SQLITE_CORRUPT: AWAY,
    sqlite3.SQLITE_NOTADB: AWAY,
    sqlite3.SQLITE_PERM: AWAY,
    sqlite3.SQLITE_AUTH: AWAY,
}
"""By primary result code."""

_POSTGRESQL = {"53100": FULL, "25006": READ_ONLY, "55P03": BUSY, "40001": BUSY, "40P01": BUSY, "57014": BUSY}
"""By SQLSTATE: disk full; read-only transaction; lock, serialization and deadlock; a statement that was cancelled."""

_POSTGRESQL_CLASSES = ("08", "53", "57", "58", "XX", "28", "3D")
"""By class: connection, resources, operator, system, damage, sign-in of the app, no such database."""

_SYSTEM = {errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EFBIG: FULL, errno.EROFS: READ_ONLY}


def fault_of(error: BaseException) -> Fault | None:
    """What kind of fault an exception is; None when it is a fault of the program."""
    if isinstance(error, PoolTimeout | DisconnectionError):
        return AWAY
    if isinstance(error, DBAPIError):
        passes = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        return _of_driver(error.orig) or (AWAY if passes else None)
    if isinstance(error, ResourceClosedError):
        return AWAY
    if isinstance(error, OSError):
        return _SYSTEM.get(error.errno or 0)
    return _of_driver(error)


def code_of(error: BaseException) -> str | None:
    """The driver's own code, for logs: SQLSTATE, or the name of SQLite."""
    cause = getattr(error, "orig", None) or error
    return getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)


def _of_driver(cause: BaseException | None) -> Fault | None:
    if isinstance(cause, sqlite3.Error):
        known = getattr(cause, "sqlite_errorcode", None)
        if known is None:
            return AWAY if isinstance(cause, sqlite3.OperationalError | sqlite3.InterfaceError) else None
        return _SQLITE.get(known & 0xFF)
    state = getattr(cause, "sqlstate", None)
    if state:
        return _POSTGRESQL.get(state) or (AWAY if state.startswith(_POSTGRESQL_CLASSES) else None)
    # Without a state the connection itself failed; the names are of PEP 249.
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    return AWAY if kinds & {"OperationalError", "InterfaceError"} else None
