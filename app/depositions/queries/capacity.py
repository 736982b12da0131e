"""What capacity is computed of: the sessions and requests ahead, the requests of the last weeks, and the roster.

A fixed number of reads, each of ranges of an index with at most MOST rows of a state, whatever the size of the table.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select, union_all

from app.dashboard import day_forms
from app.depositions.models import Deposition, State
from app.depositions.queries import board
from app.depositions.queries.board import LoadSession
from app.depositions.rules import availability
from app.depositions.rules.board import day_span
from app.depositions.rules.capacity import days as rules
from app.depositions.rules.capacity.days import Capacity
from app.depositions.rules.capacity.feasible import Worker
from app.depositions.rules.capacity.forecast import Arrival, forecast, since, workdays
from app.depositions.rules.conflicts import OPEN
from app.depositions.rules.new_request import LONGEST_HOURS
from app.depositions.rules.transitions import LENGTH_UNKNOWN, Span
from app.kernel.db.engine import Db
from app.kernel.text import datetimes

MOST = 2000
"""Sessions ahead that are read, and requests of the past; of more the nearest."""
LONGEST_BREAK = timedelta(days=60)
"""Days in which as many business days are looked for as are shown."""
_LONGEST = timedelta(hours=LONGEST_HOURS) + LENGTH_UNKNOWN

_instant = Deposition.starts_at.type
_FROM, _UNTIL = bindparam("begins", type_=_instant), bindparam("ends", type_=_instant)
_BY_START = (Deposition.starts_at, Deposition.id)
_COLUMNS = (Deposition.id, Deposition.state, Deposition.starts_at, Deposition.ends_at, Deposition.manager_id)
_AHEAD = union_all(
    *(
        select(
            select(*_COLUMNS)
            .where(Deposition.state == state.value, Deposition.starts_at >= _FROM, Deposition.starts_at < _UNTIL)
            .order_by(*_BY_START)
            .limit(MOST + 1)
            .subquery()
        )
        for state in OPEN
    )
).subquery()
AHEAD = select(_AHEAD).order_by(_AHEAD.c.starts_at, _AHEAD.c.id).limit(MOST + 1)
_CAME = union_all(
    *(
        select(
            select(Deposition.created_at, Deposition.starts_at)
            .where(Deposition.state == state.value, Deposition.created_at > _FROM)
            .order_by(Deposition.created_at.desc(), Deposition.id.desc())
            .limit(MOST + 1)
            .subquery()
        )
        for state in (*OPEN, State.ENDED)
    )
).subquery()
CAME = select(_CAME).order_by(_CAME.c.created_at.desc()).limit(MOST + 1)
"""The newest requests that were not canceled; the index by when they came has all that is read."""


def capacity(db: Db, now: datetime, zone: str) -> Capacity:
    """What the team can hold on the next business days, days and hours on the clock of `zone`. Five reads."""
    team_hours = db.config.desk_hours
    today = datetimes.local(now, zone).date()
    country = day_forms.country_of(team_hours.zone)
    calendar = workdays(
        datetimes.local(since(now), zone).date() - timedelta(days=14), today + LONGEST_BREAK, team_hours, country
    )
    first = bisect_right(calendar, today - timedelta(days=1))
    days = calendar[first : first + rules.DAYS]
    last = days[-1] if days else today
    span = Span(day_span(today, zone).starts_at, day_span(last, zone).ends_at)
    found = [
        LoadSession(*row) for row in db.execute(AHEAD, {"begins": span.starts_at - _LONGEST, "ends": span.ends_at})
    ]
    came = [Arrival(*row) for row in db.execute(CAME, {"begins": since(now)})]
    team = board.team(db, Span(now, span.ends_at))
    workers = {
        one.id: Worker(
            one.zone,
            availability.gap(one.buffer_before, one.buffer_after),
            team.hours.get(one.id, ()),
            team.absences.get(one.id, ()),
        )
        for one in team.managers
    }
    past = forecast(came[:MOST], now, zone, calendar, cut=len(came) > MOST)
    return rules.capacity(found[:MOST], workers, past, _whole(days, found, zone), now, zone)


def _whole(days: Sequence[date], found: Sequence[LoadSession], zone: str) -> Sequence[date]:
    """The days of which all sessions were read."""
    if len(found) <= MOST:
        return days
    last = datetimes.local(found[MOST].starts_at, zone).date()
    return [day for day in days if day < last]
