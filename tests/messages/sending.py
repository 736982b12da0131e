"""One message, delivered now by the worker's own code."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import Message, OutboxRow
from app.worker import Worker


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
    Worker(database, sweeps=()).run_once()
    return row_of(database, id)
