"""Optimistic concurrency for every write: a conditional UPDATE on state and version.

Raises Conflict with who was first.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, bindparam, select, true, update
from sqlalchemy.sql.dml import ReturningUpdate

from app.accounts.models import Organization
from app.depositions.actions import overlaps, people, proposals
from app.depositions.actions.follow_ups import follow_ups
from app.depositions.events import EVENTS, SUBJECT
from app.depositions.models import Deposition, State
from app.depositions.queries.people import refresh_one
from app.kernel.changes import events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Rows, Values
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import Conflict, NotFound
from app.kernel.outbox.outbox import Message

COLUMNS = tuple(Deposition.__table__.c)


_MINE = Deposition.organization_id == bindparam("home")


def _one(of_organization: bool) -> Rows:
    """Every column of one deposition, of an organization or of any."""
    found = select(*COLUMNS).where(Deposition.id == bindparam("wanted"))
    return found.where(_MINE) if of_organization else found


_ONE: Prepared[Deposition] = Prepared(_one(False))
_LOCKED: dict[bool, Prepared[Deposition]] = {each: Prepared(_one(each).with_for_update()) for each in (True, False)}
"""By whether it must be of an organization."""


def _changing(of_organization: bool, versioned: bool) -> ReturningUpdate[*tuple[Any, ...]]:  # of COLUMNS
    """The conditional UPDATE."""
    return (
        update(Deposition.__table__)
        .where(
            Deposition.id == bindparam("wanted"),
            Deposition.state.in_(bindparam("states", expanding=True)),
            *([_MINE] if of_organization else []),
            *([Deposition.version == bindparam("seen")] if versioned else []),
        )
        .values(version=Deposition.version + 1)
        .returning(*COLUMNS)
    )


@cache
def _writing(of_organization: bool, versioned: bool, told: bool) -> Prepared[Deposition]:
    """The same, built once; with the next sequence where people have something new to learn."""
    changed = _changing(of_organization, versioned)
    return Prepared(changed.values(sequence=Deposition.sequence + 1) if told else changed)


def write(
    db: Db,
    deposition_id: int,
    check: Callable[[Deposition], None],
    states: Sequence[str],
    values: Values,
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
    organization_id: int | None = None,
    only: ColumnElement[bool] | None = None,
) -> Deposition:
    """Changes the deposition if it is in one of `states` and, when given, still at `version`; returns the changed row.

    `only` is another condition that must hold. When no row matched, `check` raises the rule's refusal about the row
    as it is now. Raises NotFound, and Conflict `stale` when the rule would allow the change but the deposition moved
    on after the page was shown.
    """
    values = {Deposition.updated_at: now, **values, **overlaps.kept(db, deposition_id, values)}
    computed = {column: value for column, value in values.items() if isinstance(value, ColumnElement)}
    conditions = organization_id is not None, version is not None
    which = {"wanted": deposition_id, "states": states, "home": organization_id, "seen": version}
    if only is None and computed.keys() <= {Deposition.sequence}:
        written = {column.key: value for column, value in values.items() if column not in computed}
        row = _writing(*conditions, bool(computed)).first(db, {**which, **written})
    else:
        changes = {column.key: value for column, value in values.items()}
        changed = _changing(*conditions).where(true() if only is None else only).values(changes)
        row = cast(Deposition | None, db.execute(changed, which).first())
    if row is not None:
        return row
    current = _ONE.first(db, which)
    if current is None or (organization_id is not None and current.organization_id != organization_id):
        raise NotFound("There is no such session request.")
    try:
        check(current)
    except Conflict as refusal:
        if version is not None and current.version > version:
            refusal.changes = events.changes_since(db, SUBJECT, deposition_id, version, current.version, EVENTS, by)
        raise
    raise events.stale_conflict(db, SUBJECT, deposition_id, version or current.version, current.version, EVENTS, by)


def locked(
    db: Db, deposition_id: int, organization_id: int | None = None, hours: overlaps.Hours | None = None
) -> Deposition:
    """The row as it is before a write, which no other transaction changes until this one ends. Raises NotFound.

    `hours` are those that it gets: turns are taken before the row is locked (overlaps.take_turns).
    """
    overlaps.take_turns_at(db, deposition_id, hours)
    row = _LOCKED[organization_id is not None].first(db, {"wanted": deposition_id, "home": organization_id})
    if row is None:
        raise NotFound("There is no such session request.")
    return row


def record(
    db: Db,
    event_type: EventType,
    deposition: Deposition,
    *,
    by: Actor,
    now: datetime,
    data: Mapping[str, object] | None = None,
    messages: Sequence[Message] = (),
) -> None:
    """Records an event of a deposition with its outgoing messages, and who is told by them of its present state: of
    what waits to be sent to them, these messages take the place.

    Where people have something new to learn, what happens by itself before the session is ordered anew.
    """
    if deposition.version > 1:
        people.overtaken(db, deposition, messages, now)
    events.record(
        db,
        event_type,
        subject_type=SUBJECT,
        subject_id=deposition.id,
        organization_id=deposition.organization_id,
        by=by,
        now=now,
        data=dict(data) if data else None,
        messages=[*messages, *follow_ups(db, deposition, now)],
    )
    people.queued(db, deposition, messages, now)
    if deposition.agreement is not None:
        proposals.follow(db, deposition, now)
    if deposition.version > 1 and deposition.state != State.INITIAL:
        refresh_one(db, deposition.id)


def next_sequence(now: datetime) -> Values:
    """The columns that say that participants and systems have something new to learn."""
    return {Deposition.sequence: Deposition.sequence + 1, Deposition.sequence_at: now}


def organization_name(db: Db, organization_id: int) -> str:
    """The organization's name, as e-mails print it."""
    return db.execute(select(Organization.name).where(Organization.id == organization_id)).scalar_one()
