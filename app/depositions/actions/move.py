"""Moving a booked session to another moment, with its manager and room where these change too."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import or_

from app.depositions import emails, events
from app.depositions.actions import overlaps, people
from app.depositions.actions._manager import Managed, manager_columns, room_columns
from app.depositions.actions._write import next_sequence, organization_name, record, write
from app.depositions.actions.request import webhook
from app.depositions.actions.schedule import Booking
from app.depositions.models import Deposition, Kind
from app.depositions.queries import questions
from app.depositions.queries.people import invited
from app.depositions.rules import transitions
from app.depositions.rules.new_request import Start, end_of
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.text import time_zones


@dataclass(frozen=True, slots=True)
class Move:
    """What a session is moved to. Its manager, room and notice stay where `booking` and `notice` name no others.
    `because` says why to the participants, in e-mails and on their page. `reason` says why in spite of an overlap or a
    past hour, or why nobody is told; only the event has it."""

    start: Start
    estimated_duration: int | float | None
    booking: Booking | None = None
    notice: str = ""
    because: str = ""
    reason: str = ""

    @property
    def ends_at(self) -> datetime:
        return end_of(self.start, self.estimated_duration)


def move(
    db: Db,
    deposition_id: int,
    to: Move,
    *,
    by: Actor,
    now: datetime,
    notify: bool = True,
    version: int | None = None,
    organization_id: int | None = None,
    event: EventType = events.MOVED,
) -> Deposition:
    """Moves the session; its id, links and room stay. With `notify`, the webhook and the e-mails go out.

    A manager who gives the session up and one who gets it are told in any case. Messages that say the old moment and
    were not sent yet are not sent any more. Raises Conflict when it is not booked,
    and when the manager is busy and no reason is given; Invalid when it is at that moment already.
    """
    starts_at, ends_at = to.start.starts_at, to.ends_at
    hours = [(starts_at, ends_at)]
    managed = Managed(
        db, deposition_id, to.booking, by=by, now=now, organization_id=organization_id, hours=lambda _: hours
    )
    before, manager = managed.before, managed.manager
    if version in (None, before.version):
        transitions.check_another_hour(before.state, is_at(before, to))
    deposition = write(
        db,
        deposition_id,
        lambda current: transitions.check_move(current.state, is_at(current, to)),
        transitions.source_states("move"),
        {
            **moment(to),
            **_previous(before, notify),
            **(manager_columns(manager) if manager is not managed.former else {}),
            **room_columns(managed, to.booking),
            **_notice(to),
            **next_sequence(now),
            Deposition.moved_at: now,
            Deposition.moved_because: to.because.strip() or None,
        },
        by=by,
        now=now,
        version=version,
        organization_id=organization_id,
        only=or_(
            Deposition.starts_at != starts_at,
            Deposition.ends_at != ends_at,
            Deposition.time_zone != to.start.time_zone,
            # Where zone rules have changed, one moment has two hours.
            Deposition.start_date != to.start.start_date,
            Deposition.start_time != to.start.start_time,
        ),
    )
    transitions.check_past(starts_at, now, to.reason)
    found = overlaps.check(db, deposition, to.reason, now, refuses=organization_id is None)
    informed = invited(db, deposition_id, Kind.PARTICIPANT)
    if former := managed.former if manager is not managed.former else None:
        people.leave(db, deposition, Kind.MANAGER, [before.manager_email or former.email])
    asked = questions.unheard(db, deposition)
    # A question that waits is asked anew, with the hour of now; where nobody is told, it keeps the hour that they know.
    kept = emails.question_keys(deposition, asked.id) if asked and not notify else []
    people.superseded(db, deposition, reason="The session was moved.", now=now, besides=kept)
    name = organization_name(db, deposition.organization_id)
    messages = []
    if notify:
        messages = [*emails.moved(db, deposition, name, now, informed), *webhook(db, deposition)]
        messages += [emails.question(db, deposition, name, asked)] if asked else []
    notified = any(message.channel == "email" for message in messages)
    if notify or manager is not managed.former:
        messages += managed.messages(db, deposition, name, now)
    data: dict[str, object] = {
        **events.moments(before, deposition),
        "told": notified,
    }
    if manager is not managed.former:
        data["manager"] = deposition.manager_name
    if deposition.room_url != before.room_url:
        data["room"] = deposition.room_url
    if deposition.moved_because:
        data["because"] = deposition.moved_because
    if to.reason.strip():
        data["reason"] = to.reason.strip()
    data |= found
    record(db, event, deposition, by=by, now=now, data=data, messages=messages)
    return deposition


def is_at(deposition: Deposition, to: Move) -> bool:
    """Whether the session is at this moment already."""
    written = (deposition.start_date, deposition.start_time, deposition.time_zone)
    there = (to.start.start_date, to.start.start_time, to.start.time_zone)
    return (deposition.starts_at, deposition.ends_at) == (to.start.starts_at, to.ends_at) and written == there


def moment(to: Move) -> Values:
    """The columns of the moment, as a request has them."""
    start, hours = to.start, to.estimated_duration
    return {
        Deposition.start_date: start.start_date,
        Deposition.start_time: start.start_time,
        Deposition.time_zone: start.time_zone,
        Deposition.estimated_duration: None if hours is None else orjson.dumps(hours).decode(),
        Deposition.zone: start.zone,
        Deposition.starts_at: start.starts_at,
        Deposition.ends_at: to.ends_at,
        Deposition.ambiguous: start.ambiguous,
        Deposition.zone_version: time_zones.VERSION,
        Deposition.hour_moved: False,
    }


def _previous(before: Deposition, notify: bool) -> Values:
    """The columns of what the participants were last told. After a move of which they were not told that is the moment
    before it, still."""
    if before.moved_silently:
        return {Deposition.moved_silently: not notify}
    return {
        Deposition.moved_silently: not notify,
        Deposition.previous_starts_at: before.starts_at,
        Deposition.previous_ends_at: before.ends_at,
        Deposition.previous_zone: before.zone,
    }


def _notice(to: Move) -> Values:
    return {Deposition.notice: to.notice.strip()} if to.notice.strip() else {}
