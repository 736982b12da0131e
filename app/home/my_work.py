"""What is with one person at all their desks, and the sessions they manage today: a few stretches of an index each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, select, union_all

from app.accounts.access import Me
from app.accounts.roles import DEPOSITIONS, INSPECTIONS, PRESCREENS
from app.depositions import presentation as depositions
from app.depositions.models import Deposition, State
from app.home import overview
from app.inspections import presentation as inspections
from app.inspections.models import Inspection
from app.inspections.models import Status as Standing
from app.inspections.rules import status_of
from app.kernel.db.engine import Db
from app.prescreens import presentation
from app.prescreens.models import Prescreen, ReviewStatus, Status, WorkflowTemplate

SHOWN = 12
"""Things a desk shows here; its own list has the rest."""

_d: Any = Deposition.__table__.c
_p: Any = Prescreen.__table__.c
_i: Any = Inspection.__table__.c
_OPEN = (State.ACTIVE, State.INITIAL, State.SCHEDULED, State.READY)
_LIVE = (Standing.OPEN, Standing.RECORDING)


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing on somebody's desk: what it is called, how it stands, and until or since when."""

    desk: str
    title: str
    small: str
    state: tuple[str, str, str]
    at: datetime | None
    clock: str
    """What `at` means, in a word: `starts`, `expires`, `since`."""
    endpoint: str
    id: Any


def with_me(db: Db, person: Me, now: datetime) -> list[Thing]:
    """What this person took and has not finished, the most pressing of each desk first."""
    ways = {DEPOSITIONS: _depositions, PRESCREENS: _prescreens, INSPECTIONS: _inspections}
    return [thing for desk in overview.of(person) for thing in ways[desk.name](db, person, now)]


def _depositions(db: Db, person: Me, now: datetime) -> list[Thing]:
    mine = (_d.assignee_id == person.id, person.scope(DEPOSITIONS).where(_d.organization_id))
    columns = (_d.id, _d.state, _d.deponent_name, _d.title, _d.case_name, _d.starts_at, _d.zone)
    rows = _first(db, [select(*columns).where(*mine, _d.state == state.value) for state in _OPEN], _d.starts_at, _d.id)
    return [_session(row, now) for row in rows]


def _session(row: Row, now: datetime) -> Thing:
    word = depositions.STATES[State(row.state)]
    name = row.deponent_name or row.title
    state = (word.word, word.icon, word.tone)
    clock = "starts" if row.starts_at > now else "was for" if row.state == State.INITIAL else "started"
    return Thing(DEPOSITIONS, name, row.case_name, state, row.starts_at, clock, "depositions.detail", row.id)


def _prescreens(db: Db, person: Me, now: datetime) -> list[Thing]:
    rows = db.execute(
        select(_p.id, _p.name, _p.email, _p.phone, _p.expires_at, WorkflowTemplate.name.label("template"))
        .join(WorkflowTemplate.__table__, WorkflowTemplate.__table__.c.id == _p.workflow_template_id)
        .where(
            _p.assignee_id == person.id,
            _p.status == Status.COMPLETED.value,
            _p.review_status == ReviewStatus.PENDING.value,
            _p.expires_at > now,
            person.scope(PRESCREENS).where(_p.organization_id),
        )
        .order_by(_p.expires_at, _p.id)
        .limit(SHOWN)
    ).all()
    state = ("Waiting for a decision", "circle-dot", "")
    return [
        Thing(
            PRESCREENS,
            presentation.name_of(row),
            row.template,
            state,
            row.expires_at,
            "expires",
            "prescreens.detail",
            row.id,
        )
        for row in rows
    ]


def _inspections(db: Db, person: Me, now: datetime) -> list[Thing]:
    reach = person.scope(INSPECTIONS).where(_i.organization_id)
    columns = (_i.id, _i.status, _i.notes, _i.scheduled_for, _i.started_at, _i.created_at, _i.expires_at)
    # What they took, and what they made while nobody else has it; each its own index.
    taken, made = _i.assignee_id == person.id, (_i.operator_email == person.email) & _i.assignee_id.is_(None)
    stretches = []
    for mine in (taken, made):
        stretches += [select(*columns).where(mine, reach, _i.status == status.value) for status in _LIVE]
        stretches.append(select(*columns).where(mine, reach, _i.status == Standing.CREATED.value, _i.expires_at > now))
    return [_inspection(row, now) for row in _first(db, stretches, _i.expires_at, _i.id)]


def _inspection(row: Row, now: datetime) -> Thing:
    title = row.notes.partition("\n")[0][:120] or f"Inspection {str(row.id)[:8]}"
    state = inspections.STATUS_BADGES[status_of(row, now)]
    at, clock = (row.started_at, "since") if row.started_at else (row.scheduled_for or row.expires_at, "begins")
    if not row.started_at and not row.scheduled_for:
        clock = "expires"
    return Thing(INSPECTIONS, title, str(row.id)[:8], state, at, clock, "inspections.detail", row.id)


def managed_today(db: Db, person: Me, now: datetime) -> list[Thing]:
    """The sessions that name this person as their manager, from an hour ago to the end of their day."""
    if DEPOSITIONS not in person.desks:
        return []
    local = now.astimezone(ZoneInfo(person.time_zone))
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = db.execute(
        select(_d.id, _d.state, _d.deponent_name, _d.title, _d.case_name, _d.starts_at, _d.zone)
        .where(
            _d.manager_email == person.email,
            _d.starts_at >= now - timedelta(hours=1),
            _d.starts_at < midnight,
            _d.state.in_([state.value for state in (State.ACTIVE, State.SCHEDULED, State.READY)]),
            person.scope(DEPOSITIONS).where(_d.organization_id),
        )
        .order_by(_d.starts_at)
        .limit(SHOWN)
    ).all()
    return [_session(row, now) for row in rows]


def _first(db: Db, stretches: Sequence[Select], *order: Any) -> Sequence[Row]:
    """The first few of several stretches of one index, each read only as far as it can matter."""
    parts = [select(stretch.order_by(*order).limit(SHOWN).subquery()) for stretch in stretches]
    merged = union_all(*parts).subquery()
    return db.execute(select(merged).order_by(*(merged.c[column.name] for column in order)).limit(SHOWN)).all()
