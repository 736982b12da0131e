"""Telling those who do not know yet how a session stands."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case

from app.depositions import emails, events
from app.depositions.actions._write import organization_name, record, write
from app.depositions.actions.cancel import webhook_of
from app.depositions.actions.request import webhook
from app.depositions.emails import Participant
from app.depositions.models import BOOKED, Deposition, Kind, State
from app.depositions.queries import managers, people
from app.depositions.queries.people import Knowledge
from app.depositions.rules import transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message


def tell(db: Db, deposition_id: int, *, by: Actor, now: datetime, version: int | None = None) -> Deposition:
    """Sends the present state of a session to those who hold an earlier one, and to nobody else.

    Raises Conflict when there is nobody, or nobody who can be written to.
    """
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_tell(current.state, transitions.over(current, now), outdated=True),
        [state.value for state in people.MATTERS],
        {
            Deposition.moved_silently: case(
                (Deposition.moved_silently.is_(True), False), else_=Deposition.moved_silently
            )
        },
        by=by,
        now=now,
        version=version,
    )
    behind = people.outdated(db, deposition_id)
    transitions.check_tell(deposition.state, transitions.over(deposition, now), bool(behind))
    messages = messages_to(db, deposition, behind, now)
    transitions.check_reachable(messages)
    told = [message.payload["to"] for message in messages if message.channel == "email"]
    data = {"people": told, "webhook": any(message.channel == "webhook" for message in messages)}
    record(db, events.TOLD, deposition, by=by, now=now, data=data, messages=messages)
    return deposition


def messages_to(db: Db, deposition: Deposition, behind: Sequence[Knowledge], now: datetime) -> list[Message]:
    """The messages that bring these people and systems up to date."""
    canceled = deposition.state == State.CANCELED
    messages = _to_participants(db, deposition, [one for one in behind if one.kind == Kind.PARTICIPANT], now)
    messages += _to_managers(db, deposition, [one for one in behind if one.kind == Kind.MANAGER], now)
    if any(one.kind == Kind.SYSTEM for one in behind):
        if canceled:
            messages += webhook_of(db, deposition)
        elif deposition.state in BOOKED:
            messages += webhook(db, deposition)
    return messages


def _to_participants(db: Db, deposition: Deposition, behind: Sequence[Knowledge], now: datetime) -> list[Message]:
    name = organization_name(db, deposition.organization_id)
    keys = {one.address for one in behind if one.concerned}
    here = [one for one in emails.participants(deposition) if people.address_key(one.email) in keys]
    left = [Participant(-1, one.address, one.name, host=False) for one in behind if not one.concerned]
    if deposition.state == State.CANCELED:
        return emails.canceled(db, deposition, name, now, to=[*here, *left])
    # Of a session that was not moved they hear as of a new one; so do those who never heard of it.
    moved = [one for one in behind if one.invited_sequence is not None and not one.invited_canceled]
    informed = {one.address for one in moved} if deposition.moved_at else set()
    return [
        *emails.moved(db, deposition, name, now, informed, to=here),
        *emails.uninvited(db, deposition, name, now, to=left),
    ]


def _to_managers(db: Db, deposition: Deposition, behind: Sequence[Knowledge], now: datetime) -> list[Message]:
    name = organization_name(db, deposition.organization_id)
    messages = []
    for one in behind:
        if not one.concerned:
            former = managers.by_email(db, one.address)
            messages += emails.manager_canceled(db, deposition, name, now, former=former) if former else []
        elif deposition.state == State.CANCELED:
            messages += emails.manager_canceled(db, deposition, name, now)
        elif one.invited_sequence is None or one.invited_canceled:
            messages += emails.manager_invited(db, deposition, name, now)
        else:
            messages += emails.manager_changed(db, deposition, name, now, moved=True)
    return messages
