"""One transaction a request, ended at the edge.

A safe request reads and can do nothing else. An unsafe one begins its transaction at first use and has it committed
when the answer is below 400, rolled back otherwise. What must outlast a read or a refusal (a join and its tries,
last-used times) goes through `aside()`, a short transaction of its own; tests/house lists who may call it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, current_app, g, request

from app.kernel.db.engine import Database, Db

SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


def database() -> Database:
    """The database of the running app."""
    found: Database = current_app.extensions["database"]
    return found


def reading() -> Db:
    """A session that only reads, one a request; also within an unsafe request, outside its transaction."""
    db: Db | None = g.get("reading")
    if db is None:
        db = g.reading = database().open_reader()
    return db


def db() -> Db:
    """The session of this request: reading for safe methods, its one transaction otherwise."""
    if request.method in SAFE:
        return reading()
    found: Db | None = g.get("writing")
    if found is None:
        database().acquire_writer()
        found = g.writing = database().open_writer()
    return found


@contextmanager
def side_transaction() -> Iterator[Db]:
    """A short transaction of its own, committed at once whatever becomes of the request.

    Not while this request's own transaction is open: on SQLite the two would wait for each other.
    """
    if g.get("writing") is not None:
        raise RuntimeError("aside() must come before the first use of db() in this request")
    with database().write() as own:
        yield own


def roll_back() -> None:
    """Takes back what this request has written so far; the next use of db() begins anew."""
    writing: Db | None = g.pop("writing", None)
    if writing is not None:
        try:
            # Not rollback(), after which rows that were read would ask the closed session for themselves again.
            writing.close()
        finally:
            database().release_writer()


def commit_despite_refusal() -> None:
    """Commits this request's transaction even though its answer is a refusal (a stored idempotent answer)."""
    g.keep = True


def end(response: Response) -> Response:
    """Commits or rolls back, before the answer leaves. A commit that fails turns into a 500 or 503 at the edge."""
    writing: Db | None = g.get("writing")
    if writing is not None:
        try:
            if response.status_code < 400 or g.get("keep"):
                writing.commit()
            else:
                writing.rollback()
        finally:
            close()
    return response


def close(_error: BaseException | None = None) -> None:
    """Closes what is open; an uncommitted transaction is rolled back."""
    writing: Db | None = g.pop("writing", None)
    if writing is not None:
        try:
            writing.close()
        finally:
            database().release_writer()
    read: Db | None = g.pop("reading", None)
    if read is not None:
        read.close()


def install(app: Flask, database: Database) -> None:
    app.extensions["database"] = database
    app.after_request(end)
    app.teardown_request(close)
