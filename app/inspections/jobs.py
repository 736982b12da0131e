"""Jobs of the worker: reminders that come due, and time-stamping authorities that are asked.

Both are outbox rows, written in the transaction that caused them. Whether a reminder is still needed is decided when
it comes due.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Organization
from app.inspections import actions, anchors, emails, events, queries, rules
from app.inspections.actions._write import record
from app.inspections.models import AnchorRequest, AnchorState, Inspection, Status
from app.inspections.rules import InviteState
from app.kernel.changes.events import WORKER
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound
from app.kernel.outbox.outbox import Delivery, Handler, Message, PermanentFailure, TemporaryFailure


def remind(delivery: Delivery) -> str:
    """Sends a reminder unless the inspection has ended, moved or begun, or the next reminder is due."""
    id, hours = UUID(delivery.payload["inspection"]), int(delivery.payload["hours"])
    planned_for = datetime.fromisoformat(delivery.payload["scheduled_for"])
    with delivery.database.write() as db:
        try:
            inspection = queries.get(db, id)
        except NotFound:
            return "There is no such inspection any more."
        over = rules.status_of(inspection, delivery.now) in (Status.CLOSED, Status.EXPIRED)
        if over or not rules.reminder_due(hours, inspection.scheduled_for, planned_for, delivery.now):
            return "Not needed any more."
        messages = _reminders(db, inspection, hours, delivery.now)
        if messages:
            data = {"hours": hours, "messages": len(messages)}
            record(db, events.REMINDED, inspection, by=WORKER, now=delivery.now, data=data, messages=messages)
    return f"{len(messages)} reminded."


def _reminders(db: Db, inspection: Inspection, hours: int, now: datetime) -> list[Message]:
    columns = select(Organization.name, Organization.time_zone)
    organization = db.execute(columns.where(Organization.id == inspection.organization_id)).one()
    found = {
        invite.recipient_email: invite
        for invite in queries.invites(db, inspection.id)
        if invite.recipient_email and rules.invite_state(invite, now) in (InviteState.LIVE, InviteState.LOCKED)
    }
    if found:
        return [emails.reminder(db, inspection, invite, organization, hours) for invite in found.values()]
    if inspection.status != Status.CREATED or not inspection.operator_email:
        return []
    return [emails.nobody_invited(db, inspection, organization, hours)]


def anchor(delivery: Delivery) -> str:
    """Asks one authority to stamp one chain, outside any transaction; again later when it cannot be reached."""
    id = UUID(delivery.payload["anchor"])
    with delivery.database.read() as db:
        found = db.get(AnchorRequest, id)
    if found is None or found.state == AnchorState.ANCHORED:
        return "Already anchored."
    try:
        stamp = anchors.ask(found.authority, found.statement.encode(), delivery.database.config.tsa_roots, delivery.now)
    except anchors.Refused as refused:
        with delivery.database.write() as db:
            actions.settle_anchor(db, id, now=delivery.now, reason=str(refused), final=True)
        raise PermanentFailure(str(refused)) from None
    except anchors.Unreachable as unreachable:
        with delivery.database.write() as db:
            state = actions.settle_anchor(db, id, now=delivery.now, reason=str(unreachable))
        if state == AnchorState.FAILED:
            raise PermanentFailure(f"{unreachable} Given up.") from None
        raise TemporaryFailure(str(unreachable)) from None
    with delivery.database.write() as db:
        actions.settle_anchor(db, id, now=delivery.now, reply=stamp.reply, stamped_at=stamp.stamped_at)
    return f"Stamped {stamp.stamped_at.isoformat()}"


HANDLERS: dict[str, Handler] = {emails.REMIND: remind, emails.ANCHOR: anchor}
