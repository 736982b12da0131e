"""The pages and files of the roster: its rows, one manager, and the sessions of a calendar feed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, bindparam, func, select

from app.depositions.models import BOOKED, Absence, Deposition, Manager, State, WorkingHours
from app.depositions.rules.availability import Hours
from app.depositions.rules.roster import RosterFacts
from app.kernel.db.engine import Db
from app.kernel.text import normalization

SHOWN = 200
"""Rows of a page of the roster."""
FEED_BACK, FEED_AHEAD, FEED_MOST = timedelta(days=30), timedelta(days=366), 1000
"""The time around now whose sessions a feed has, and how many at most."""
WEEK = timedelta(days=7)

_EVERY_COLUMN = tuple(Manager.__table__.c)
_RUNS = (*(state.value for state in BOOKED), State.ACTIVE.value)

_MINE = (
    Deposition.manager_id == bindparam("manager_id"),
    Deposition.starts_at >= bindparam("after", type_=Deposition.starts_at.type),
)
_BY_START = select(*Deposition.__table__.c).where(*_MINE).order_by(Deposition.starts_at)
UPCOMING = _BY_START.where(Deposition.state.in_(_RUNS)).limit(10)
FEED = _BY_START.where(Deposition.starts_at < bindparam("before", type_=Deposition.starts_at.type)).limit(FEED_MOST)


class RosterRow(NamedTuple):
    """A manager as the list of the roster shows them: with their sessions of the next seven days, and whether they are
    away."""

    manager: Manager
    sessions: int
    away: Absence | None


def listed(db: Db, text: str, active: bool | None, now: datetime) -> list[RosterRow]:
    """The rows of the roster by name, those who are active first."""
    conditions: list[ColumnElement[bool]] = []
    words = normalization.query(text, 100).split()
    for word in words[:5]:
        pattern = f"%{word.lower().replace('%', '').replace('_', '')}%"
        conditions.append(func.lower(Manager.name).like(pattern) | Manager.email.like(pattern))
    if active is not None:
        conditions.append(Manager.active.is_(active))
    found = db.execute(
        select(*_EVERY_COLUMN).where(*conditions).order_by(Manager.active.desc(), Manager.name, Manager.id).limit(SHOWN)
    )
    rows = [cast(Manager, row) for row in found]
    ids = [row.id for row in rows]
    sessions = dict(
        db.execute(
            select(Deposition.manager_id, func.count())
            .where(
                Deposition.manager_id.in_(ids),
                Deposition.starts_at >= now,
                Deposition.starts_at < now + WEEK,
                Deposition.state.in_(_RUNS),
            )
            .group_by(Deposition.manager_id)
        ).all()
    )
    today = now.date()
    away = {
        row.manager_id: cast(Absence, row)
        for row in db.execute(
            select(*Absence.__table__.c)
            .where(Absence.manager_id.in_(ids), Absence.last_day >= today, Absence.first_day <= today)
            .order_by(Absence.last_day)
        )
    }
    return [RosterRow(row, sessions.get(row.id, 0), away.get(row.id)) for row in rows]


class Named(NamedTuple):
    """A row of the roster by its ids and name."""

    id: int
    person_id: int | None
    name: str


_NAMES = select(Manager.id, Manager.person_id, Manager.name)
_BY_NAME = _NAMES.order_by(Manager.active.desc(), Manager.name, Manager.id).limit(SHOWN)


def names(db: Db) -> list[Named]:
    """Who can be filtered by: the roster by name, those who are active first."""
    return [Named(*row) for row in db.execute(_BY_NAME)]


def name_of(db: Db, manager_id: int | None, person_id: int | None) -> str | None:
    """The name of a row by its id or by that of its person; None when there is no such row."""
    one = Manager.person_id == person_id if manager_id is None else Manager.id == manager_id
    return db.execute(select(Manager.name).where(one)).scalar()


def counts(db: Db) -> tuple[int, int]:
    """How many managers are active, and how many there are."""
    active, every = db.execute(select(func.count().filter(Manager.active), func.count()).select_from(Manager)).one()
    return active, every


def every_row(db: Db) -> list[Manager]:
    """The whole roster by name, for the CSV."""
    found = db.execute(select(*_EVERY_COLUMN).order_by(Manager.name, Manager.id))
    return [cast(Manager, row) for row in found]


def by_address(db: Db) -> dict[str, RosterFacts]:
    """What every row says, by address: what an import is compared with."""
    rows = every_row(db)
    found = hours(db, [row.id for row in rows])
    return {row.email: facts(row, found.get(row.id, [])) for row in rows}


def hours(db: Db, manager_ids: Sequence[int]) -> dict[int, list[Hours]]:
    """The working hours of these managers, by their ids."""
    found: dict[int, list[Hours]] = {}
    columns = (WorkingHours.manager_id, WorkingHours.weekday, WorkingHours.starts, WorkingHours.ends)
    for id, weekday, starts, ends in db.execute(select(*columns).where(WorkingHours.manager_id.in_(manager_ids))):
        found.setdefault(id, []).append(Hours(weekday, starts, ends))
    return found


def facts_of(db: Db, manager: Manager) -> RosterFacts:
    """What a row says, with its working hours."""
    return facts(manager, hours(db, [manager.id]).get(manager.id, []))


def facts(manager: Manager, hours: Sequence[Hours]) -> RosterFacts:
    """The same of what was read before."""
    return RosterFacts(
        manager.name,
        manager.email,
        manager.zone,
        tuple(manager.languages),
        tuple(manager.skills),
        manager.buffer_before,
        manager.buffer_after,
        manager.templates,
        manager.active,
        tuple(sorted(hours)),
        manager.telephone,
    )


def absences(db: Db, manager_id: int, now: datetime) -> list[Absence]:
    """The absences of a manager that lie ahead or ended within the last month, the first ones first."""
    rows = db.execute(
        select(*Absence.__table__.c)
        .where(Absence.manager_id == manager_id, Absence.last_day >= (now - timedelta(days=31)).date())
        .order_by(Absence.first_day, Absence.id)
        .limit(100)
    )
    return [cast(Absence, row) for row in rows]


def upcoming(db: Db, manager_id: int, now: datetime) -> list[Deposition]:
    """The next sessions of a manager."""
    values = {"manager_id": manager_id, "after": now - timedelta(hours=1)}
    return [cast(Deposition, row) for row in db.execute(UPCOMING, values)]


def by_feed(db: Db, hashed: str) -> Manager | None:
    """The manager whose calendar feed has this token, by its hash."""
    row = db.execute(select(*_EVERY_COLUMN).where(Manager.feed_hash == hashed)).first()
    return cast(Manager, row) if row is not None else None


def feed(db: Db, manager_id: int, now: datetime) -> list[Deposition]:
    """The sessions of a manager's calendar feed, with those that were canceled."""
    values = {"manager_id": manager_id, "after": now - FEED_BACK, "before": now + FEED_AHEAD}
    return [cast(Deposition, row) for row in db.execute(FEED, values)]
