"""Canceling a session or request, by the scheduling team."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_

from app.depositions import emails, events
from app.depositions.actions import people
from app.depositions.actions._write import next_sequence, organization_name, record, write
from app.depositions.actions.request import webhook
from app.depositions.models import Deposition, State
from app.depositions.queries import settings
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message


def cancel(
    db: Db,
    deposition_id: int,
    *,
    by: Actor,
    now: datetime,
    notify: bool = True,
    reason: str = "",
    version: int | None = None,
) -> Deposition:
    """Cancels anything whose planned start lies ahead or that has not begun. With `notify`, every participant gets an
    e-mail; `reason` says why not, and only the event has it."""
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_cancel(current.state, ahead=current.starts_at > now),
        transitions.source_states("cancel"),
        canceled_values(now),
        by=by,
        now=now,
        version=version,
        only=or_(Deposition.state != State.ACTIVE.value, Deposition.starts_at > now),
    )
    record_canceled(db, deposition, notify, by=by, now=now, reason=reason, webhooks=webhook_of(db, deposition))
    return deposition


def webhook_of(db: Db, deposition: Deposition) -> list[Message]:
    """The webhook about a cancellation, where the organization has switched that on: the document promises only the
    one about the booking."""
    chosen = settings.of_organization(db, deposition.organization_id)
    return webhook(db, deposition) if chosen.postback_cancellations else []


def canceled_values(now: datetime) -> Values:
    """The columns that say a deposition is canceled."""
    return {
        Deposition.state: State.CANCELED.value,
        Deposition.canceled_at: now,
        Deposition.cancellation_open: False,
        **next_sequence(now),
    }


def record_canceled(
    db: Db,
    deposition: Deposition,
    notify: bool,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    webhooks: Sequence[Message] = (),
) -> None:
    """Records the cancellation, the e-mails to every participant and the manager when `notify` is set, and what goes to
    systems."""
    people.superseded(db, deposition, reason="The session was canceled.", now=now)
    name = organization_name(db, deposition.organization_id) if notify else ""
    messages = []
    if notify:
        to_manager = emails.manager_canceled(db, deposition, name, now)
        messages = [*emails.canceled(db, deposition, name, now), *to_manager]
    data = {"told": bool(messages), **({"reason": reason} if reason else {})}
    record(db, events.CANCELED, deposition, by=by, now=now, data=data, messages=[*messages, *webhooks])
