"""One message, delivered now by the worker's own code."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import Handler, Message, OutboxRow
from app.wiring import Sweep, wire
from app.worker import Worker

HANDLERS: dict[str, Handler] = {}
"""Handlers that a test adds to those of the app, or puts in their place (`monkeypatch.setitem`)."""


def worker(database: Database, sweeps: tuple[Sweep, ...] = (), **more: Any) -> Worker:
    """A worker that only delivers: without the sweeps of the app."""
    wiring = wire(database.config, database)
    return Worker(replace(wiring, sweeps=sweeps, handlers={**wiring.handlers, **HANDLERS}), **more)


def promise(database: Database, *messages: Message, organization_id: int | None = 1) -> list[UUID]:
    """Commits messages about deposition 7."""
    with database.write() as db:
        return outbox.enqueue(
            db,
            messages,
            event_id=None,
            organization_id=organization_id,
            subject_type="deposition",
            subject_id="7",
            now=now(),
        )


def row_of(database: Database, id: UUID) -> Any:
    with database.read() as db:
        return db.execute(select(OutboxRow.__table__).where(OutboxRow.id == id)).one()


def send(database: Database, message: Message) -> Any:
    """Promises and tries it once. Returns the row as it stands then."""
    (id,) = promise(database, message)
    worker(database).run_once()
    return row_of(database, id)
