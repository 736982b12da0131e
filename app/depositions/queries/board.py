"""The sessions of some days for the boards, and the roster beside them: a fixed number of reads, each of at most MOST
rows of a range of an index, whatever the size of the table."""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, cast

from sqlalchemy import Select, bindparam, select, union_all

from app.depositions.models import BOOKED, Absence, Deposition, Manager, State
from app.depositions.queries import listing, roster
from app.depositions.queries.listing import ListedDeposition
from app.depositions.rules.availability import Away, Hours
from app.depositions.rules.new_request import LONGEST_HOURS
from app.depositions.rules.transitions import LENGTH_UNKNOWN, Span
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


def _ids(most: int) -> Select[int]:
    """The ids of what begins in a time, and of what began before it and may still last: the first of each state."""
    parts = []
    for state in STATES:
        mine = select(Deposition.id, Deposition.ends_at, Deposition.starts_at).where(Deposition.state == state.value)
        within = mine.where(Deposition.starts_at >= _FROM, Deposition.starts_at < _UNTIL)
        parts.append(select(within.order_by(Deposition.starts_at, Deposition.id).limit(most).subquery().c.id))
        before = mine.where(Deposition.starts_at >= _EARLIEST, Deposition.starts_at < _FROM)
        latest = before.order_by(Deposition.starts_at.desc(), Deposition.id.desc()).limit(most).subquery()
        # A session of unknown length ends when it starts, and is taken to last for an hour.
        parts.append(
            select(latest.c.id).where(
                (latest.c.ends_at > _FROM) | ((latest.c.ends_at == latest.c.starts_at) & (latest.c.starts_at > _SHORT))
            )
        )
    return select(union_all(*parts).subquery().c.id)


_SHORT = bindparam("short", type_=_instant)
SESSIONS = (
    select(*listing.COLUMNS, Deposition.manager_id)
    .where(Deposition.id.in_(_ids(MOST)))
    .order_by(Deposition.starts_at, Deposition.id)
    .limit(MOST + 1)
)
LOAD = (
    select(Deposition.id, Deposition.state, Deposition.starts_at, Deposition.ends_at, Deposition.manager_id)
    .where(Deposition.id.in_(_ids(MOST_OF_A_WEEK)))
    .order_by(Deposition.starts_at, Deposition.id)
    .limit(MOST_OF_A_WEEK + 1)
)


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
    return [cast(BoardSession, row) for row in db.execute(SESSIONS, moments(within))]


def load(db: Db, within: Span) -> list[LoadSession]:
    """The same with what a week needs of them."""
    return [LoadSession(*row) for row in db.execute(LOAD, moments(within))]


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
