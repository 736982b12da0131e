"""One transaction a request, ended after the view.

A safe request only reads. An unsafe one begins its transaction at first use; it is committed when the status is below
400 and rolled back otherwise. Writes that must survive a read or a refusal (a join and its attempts, last-used times)
go through `side_transaction()`; a test lists its callers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from flask import Flask, Response, current_app, g, request

from app.kernel.current import notes
from app.kernel.db.engine import Database, Db
from app.kernel.db.faults import code_of, fault_of

log = structlog.get_logger("desk")

SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


def database() -> Database:
    """The database of the running app."""
    found: Database = current_app.extensions["database"]
    return found


def reading() -> Db:
    """The reading session of this request; in an unsafe request it is outside the transaction."""
    noted = notes()
    db: Db | None = noted.get("reading")
    if db is None:
        db = noted.reading = database().open_reader(keep=True)
    return db


def db() -> Db:
    """The session of this request: reading for safe methods, else its one transaction."""
    if request.method in SAFE:
        return reading()
    found: Db | None = g.get("writing")
    if found is None:
        database().acquire_writer()
        found = g.writing = database().open_writer()
    return found


class CommitFailed(Exception):
    """The transaction of the request could not be committed, after the view had succeeded. The cause is the reason."""


@contextmanager
def side_transaction() -> Iterator[Db]:
    """A short separate transaction, committed at once whether or not the request succeeds.

    It must come before the request's own transaction: on SQLite the two would wait for each other.
    """
    if g.get("writing") is not None:
        raise RuntimeError("side_transaction() must come before the first use of db() in this request")
    with database().write() as own:
        yield own


def side_note(write: Callable[[Db], object]) -> None:
    """Writes a note beside a read. A database that takes no writes right now costs the note, not the page."""
    try:
        with side_transaction() as own:
            write(own)
    except Exception as error:
        fault = fault_of(error)
        if fault is None:
            raise
        log.warning("note not kept", fault=fault.name, code=code_of(error))


def roll_back() -> None:
    """Rolls back what this request has written so far; the next use of db() begins a new transaction."""
    writing: Db | None = g.pop("writing", None)
    if writing is not None:
        try:
            # Not rollback(), after which loaded rows would be refreshed from the closed session.
            _close(writing)
        finally:
            database().release_writer()


def commit_despite_refusal() -> None:
    """Commits this request's transaction although its response is a refusal (a stored idempotent response)."""
    g.keep = True


def end(response: Response) -> Response:
    """Commits or rolls back before the response is sent. Raises CommitFailed; nothing is stored then."""
    writing: Db | None = g.get("writing")
    if writing is not None:
        try:
            if response.status_code < 400 or g.get("keep"):
                _commit(writing)
        finally:
            close()
    return response


def _commit(writing: Db) -> None:
    try:
        writing.commit()
    except Exception as error:
        raise CommitFailed from error


def close(_error: BaseException | None = None) -> None:
    """Closes the sessions of the request; an uncommitted transaction is rolled back. Never raises.

    A connection that is broken cannot be rolled back; its transaction ends with it.
    """
    noted = notes()
    writing: Db | None = noted.pop("writing", None)
    if writing is not None:
        try:
            _close(writing)
        finally:
            database().release_writer()
    read: Db | None = noted.pop("reading", None)
    if read is not None:
        _close(read)


def _close(db: Db) -> None:
    try:
        db.close()
    except Exception as error:
        log.warning("connection lost", code=code_of(error), exc_info=error)
        db.invalidate()


def install(app: Flask, database: Database) -> None:
    """Ends the transaction after every request. To be called last: what is installed later runs before the commit."""
    app.extensions["database"] = database
    app.after_request(end)
    app.teardown_request(close)
