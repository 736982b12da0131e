"""Writes: sending a message again."""

from datetime import datetime
from uuid import UUID

from app.deliveries import queries
from app.deliveries.rules import check_send_again
from app.kernel import outbox
from app.kernel.db import Db
from app.kernel.errors import Conflict, NotFound
from app.kernel.events import Actor, record


def send_again(db: Db, id: UUID, *, by: Actor, now: datetime) -> None:
    """Queues a message to go now, under the same id, with a fresh retry plan. Raises NotFound or Conflict."""
    row = queries.one(db, id)
    if row is None:
        raise NotFound()
    check_send_again(row, now)
    if outbox.send_again(db, id, now) is None:
        raise Conflict("Its state changed meanwhile. Nothing was sent; load the page again.", code="delivery.changed")
    record(
        db,
        "delivery.sent_again",
        subject_type=row.subject_type or "delivery",
        subject_id=row.subject_id or str(id),
        organization_id=row.organization_id,
        by=by,
        now=now,
        data={"delivery": str(id), "channel": row.channel, "to": row.destination, "was": outbox.standing(row)},
    )
