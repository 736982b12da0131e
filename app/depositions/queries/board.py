"""The sessions of some days for the boards, and the roster beside them: a fixed number of reads, each of at most MOST
rows of a range of an index, whatever the size of the table."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    bindparam,
    literal,
    select,
    true,
    union_all,
)

from app.dashboard.filters import Chosen
from app.depositions.models import BOOKED, Absence, Deposition, Manager, State
from app.depositions.queries import listing, roster
from app.depositions.queries.listing import ListedDeposition
from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.new_request import LONGEST_HOURS
from app.depositions.rules.transitions import LENGTH_UNKNOWN, Span
from app.kernel.db.columns import Rows
from app.kernel.db.engine import Db

MOST = 200
"""Sessions that a board shows; the list has them all."""
MOST_OF_A_WEEK = 1400
MOST_MANAGERS = 200
_LONGEST = timedelta(hours=LONGEST_HOURS) + LENGTH_UNKNOWN
STATES = (State.INITIAL, *BOOKED, State.ACTIVE, State.ENDED)
"""What stands on a board: all but what was canceled."""


class BoardSession(ListedDeposition, Protocol):
    """A row of the list with the row of the roster that manages it."""

    manager_id: int | None


class LoadSession(NamedTuple):
    """What a week needs of a session."""

    id: int
    state: str
    starts_at: datetime
    ends_at: datetime
    manager_id: int | None


class Team(NamedTuple):
    """The roster of some days: who is active, with working hours and absences by their ids."""

    managers: list[Manager]
    hours: dict[int, list[Hours]]
    absences: dict[int, list[Away]]


_instant = Deposition.starts_at.type
_FROM, _UNTIL, _EARLIEST = (bindparam(name, type_=_instant) for name in ("begins", "ends", "earliest"))
_SHORT = bindparam("short", type_=_instant)
_LOADED = (Deposition.id, Deposition.state, Deposition.starts_at, Deposition.ends_at, Deposition.manager_id)
_STATES = union_all(*(select(literal(one.value).label("state")) for one in STATES)).subquery()


def _of_state(state: str | ColumnElement[str], most: int) -> list[Rows]:  # of LoadSession
    """What begins in a time, and what began before it and may still last: the first in this state."""
    mine = select(*_LOADED).where(Deposition.state == state).correlate(_STATES)
    within = mine.where(Deposition.starts_at >= _FROM, Deposition.starts_at < _UNTIL)
    first = within.order_by(Deposition.starts_at, Deposition.id).limit(most).subquery()
    before = mine.where(Deposition.starts_at >= _EARLIEST, Deposition.starts_at < _FROM)
    latest = before.order_by(Deposition.starts_at.desc(), Deposition.id.desc()).limit(most).subquery()
    # A session of unknown length ends when it starts, and is taken to last for an hour.
    lasting = (latest.c.ends_at > _FROM) | ((latest.c.ends_at == latest.c.starts_at) & (latest.c.starts_at > _SHORT))
    return [select(first), select(latest).where(lasting)]


def _found(dialect: str, most: int) -> FromClause:
    """The rows of every state. PostgreSQL plans each range by itself, which takes it longer than reading ten of them:
    it has two that it reads once a state. SQLite knows no LATERAL."""
    if dialect == "postgresql":
        each = union_all(*_of_state(_STATES.c.state, most)).lateral()
        return select(each).select_from(_STATES.join(each, true())).subquery()
    return union_all(*(part for state in STATES for part in _of_state(state.value, most))).subquery()


def _sessions(found: FromClause) -> Rows:  # of BoardSession
    these = select(*listing.COLUMNS, Deposition.manager_id).where(Deposition.id.in_(select(found.c.id)))
    return these.order_by(Deposition.starts_at, Deposition.id).limit(MOST + 1)


def _load(found: FromClause) -> Rows:  # of LoadSession
    return select(found).order_by(found.c.starts_at, found.c.id).limit(MOST_OF_A_WEEK + 1)


_DIALECTS = ("sqlite", "postgresql")
SESSIONS = {dialect: _sessions(_found(dialect, MOST + 1)) for dialect in _DIALECTS}
LOAD = {dialect: _load(_found(dialect, MOST_OF_A_WEEK + 1)) for dialect in _DIALECTS}


def moments(within: Span) -> dict[str, object]:
    """The values of both statements."""
    begins = within.starts_at
    return {
        "begins": begins,
        "ends": within.ends_at,
        "earliest": begins - _LONGEST,
        "short": begins - LENGTH_UNKNOWN,
    }


def sessions(db: Db, within: Span) -> list[BoardSession]:
    """The requests and sessions of a time by their start, one more than MOST where there are more."""
    return [cast(BoardSession, row) for row in db.execute(SESSIONS[db.dialect], moments(within))]


def matching(db: Db, ids: Sequence[int], chosen: Chosen) -> set[int]:
    """Which of these sessions meet the filters."""
    if not ids:
        return set()
    statement = select(Deposition.id).where(Deposition.id.in_(bindparam("ids", expanding=True)))
    narrowed = statement.where(*chosen.kind.conditions())
    return set(db.execute(narrowed, {**chosen.bind(db), "ids": ids}).scalars())


def load(db: Db, within: Span) -> list[LoadSession]:
    """The same with what a week needs of them."""
    return [LoadSession(*row) for row in db.execute(LOAD[db.dialect], moments(within))]


def team(db: Db, within: Span) -> Team:
    """The active managers by name, with what is known of their time. Three reads."""
    found = db.execute(
        select(*Manager.__table__.c).where(Manager.active).order_by(Manager.name, Manager.id).limit(MOST_MANAGERS)
    )
    managers = [cast(Manager, row) for row in found]
    ids = [one.id for one in managers]
    absences: dict[int, list[Away]] = {}
    # A day more on both sides, for the calendar of another zone.
    day = timedelta(days=1)
    for id, first_day, last_day, note in db.execute(
        select(Absence.manager_id, Absence.first_day, Absence.last_day, Absence.note)
        .where(
            Absence.manager_id.in_(ids),
            Absence.last_day >= within.starts_at.date() - day,
            Absence.first_day <= within.ends_at.date() + day,
        )
        .order_by(Absence.first_day, Absence.id)
    ):
        absences.setdefault(id, []).append(Away(first_day, last_day, note))
    return Team(managers, roster.hours(db, ids), absences)
