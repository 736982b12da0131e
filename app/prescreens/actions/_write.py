"""How what happened to a prescreen is written down, with what must leave because of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.changes.events import Actor, record
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message

SUBJECT = "prescreen"
"""What history, deliveries and holds call one of these."""

DONE = {
    "prescreen.started": "opened it",
    "prescreen.link_sent": "asked for the link to go on later",
    "prescreen.completed": "sent the answers",
    "prescreen.approved": "approved it",
    "prescreen.denied": "denied it",
    "prescreen.held": "decided it, still on hold",
    "prescreen.hold_undone": "took a decision back",
    "prescreen.hold_overtaken": "overtook a decision on hold",
    "prescreen.hold_returned": "changed it while a decision was on hold",
    "prescreen.taken": "took it",
    "prescreen.released": "gave it back",
    "prescreen.tagged": "tagged it",
    "prescreen.untagged": "took a tag off it",
}
"""What each event says of its actor: "Lena Ortiz approved it"."""


def note(
    db: Db,
    kind: str,
    id: UUID,
    organization_id: int,
    by: Actor,
    now: datetime,
    data: dict[str, Any],
    messages: Sequence[Message] = (),
) -> None:
    """One line of history, and its messages, in the transaction of the change."""
    record(
        db,
        kind,
        subject_type=SUBJECT,
        subject_id=id,
        organization_id=organization_id,
        by=by,
        now=now,
        data=data,
        messages=messages,
    )
