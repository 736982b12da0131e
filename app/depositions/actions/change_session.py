"""A change of a booked session by its own organization, through the API: title, moment, who is invited."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson

from app.depositions import emails, events
from app.depositions.actions import overlaps, people
from app.depositions.actions._manager import Managed
from app.depositions.actions._write import organization_name, record, write
from app.depositions.actions.move import Move, is_at, move
from app.depositions.models import Deposition, Kind, MessageState
from app.depositions.queries import reconfirmation
from app.depositions.queries.people import address_key, known
from app.depositions.queries.search import search_document
from app.depositions.rules import transitions
from app.depositions.rules.new_request import LONGEST_HOURS, SessionChange, Start
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message
from app.kernel.text import search


def change_session(
    db: Db, deposition_id: int, change: SessionChange, *, by: Actor, now: datetime, organization_id: int
) -> Deposition:
    """Changes the session by the rule of a move; what is as it should be already stays, without an event.

    Who is invited now gets the invitation, who no longer is, hears so. With another moment everybody does.
    """

    def hours(session: overlaps.Hour) -> list[tuple[datetime, datetime]]:
        begins = change.start.starts_at if change.start else session.starts_at
        return [(begins, begins + timedelta(hours=LONGEST_HOURS))]

    before = Managed(db, deposition_id, None, by=by, now=now, organization_id=organization_id, hours=hours).before
    transitions.check_move(before.state, same=False)
    deposition = before
    to = _move(before, change)
    moves = not is_at(before, to)
    values = _values(before, change)
    farewell: list[Message] = []
    if values:
        deposition = write(
            db,
            deposition_id,
            lambda current: transitions.check_move(current.state, same=False),
            transitions.source_states("move"),
            values,
            by=by,
            now=now,
            organization_id=organization_id,
        )
        search.index(db, search_document(deposition))
        gone = _missing(before, deposition)
        heard = [one for one in gone if address_key(one.email) in _heard(db, deposition_id)]
        # Made before the move, of whose moment they need not hear, and queued after it, which drops what waits.
        farewell = emails.uninvited(db, deposition, organization_name(db, deposition.organization_id), now, heard)
        people.leave(db, deposition, Kind.PARTICIPANT, _addresses(gone))
        # What somebody answered counts while they are asked: a host, who may be another one now.
        reconfirmation.summarize(db, deposition)
    if moves:
        transitions.check_ahead(to.start.starts_at, now)
        deposition = move(db, deposition_id, to, by=by, now=now, organization_id=organization_id)
        people.knows(db, deposition)
    if values:
        _record(db, before, deposition, farewell, invites=not moves, by=by, now=now)
    return deposition


def _move(before: Deposition, change: SessionChange) -> Move:
    """The moment that the session is to have."""
    here = Start(
        before.start_date, before.start_time, before.time_zone, before.zone, before.starts_at, before.ambiguous
    )
    hours = change.estimated_duration
    if hours is None and before.estimated_duration is not None:
        hours = orjson.loads(before.estimated_duration)
    return Move(change.start or here, hours)


def _values(before: Deposition, change: SessionChange) -> Values:
    """The columns that differ."""
    values: Values = {}
    if change.title is not None and change.title != before.title:
        values = {**values, Deposition.title: change.title}
    if change.invites is not None:
        invites = [{"email": invite.email, "access_level": invite.access_level} for invite in change.invites]
        if invites != before.invites:
            values = {**values, Deposition.invites: invites}
    return values


def _record(
    db: Db,
    before: Deposition,
    deposition: Deposition,
    farewell: Sequence[Message],
    *,
    invites: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Records the change, and with `invites` the invitations of those who take part now: a move has sent them."""
    added, gone = _missing(deposition, before), _missing(before, deposition)
    messages = list(farewell)
    if added and invites:
        name = organization_name(db, deposition.organization_id)
        messages += emails.scheduled(db, deposition, name, now, added)
    data: dict[str, object] = {"added": _addresses(added), "removed": _addresses(gone)}
    if deposition.title != before.title:
        data |= {"title": deposition.title, "before": before.title}
    record(db, events.CHANGED, deposition, by=by, now=now, data=data, messages=messages)


def _missing(one: Deposition, other: Deposition) -> list[emails.Participant]:
    """The participants of one state who are not among those of the other."""
    keys = {address_key(each.email) for each in emails.participants(other)}
    return [each for each in emails.participants(one) if address_key(each.email) not in keys]


def _heard(db: Db, deposition_id: int) -> set[str]:
    """The addresses of those who were invited, or to whom an invitation is on its way."""
    rows = (row for row in known(db, deposition_id) if row.kind == Kind.PARTICIPANT and not row.invited_canceled)
    waiting = MessageState.WAITING.value
    return {row.address for row in rows if row.invited_sequence is not None or row.message_state == waiting}


def _addresses(participants: Sequence[emails.Participant]) -> list[str]:
    return [one.email for one in participants]
