"""What a plan is made of: the requests that wait, or the sessions of a manager who is away, and the team around them.

A fixed number of reads, each of a range of an index with at most MOST rows of a manager or a state.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Protocol, cast

from sqlalchemy import bindparam, select

from app.depositions.locales import language_codes
from app.depositions.models import BOOKED, SESSIONS, Deposition, Manager, OfferedKey, State
from app.depositions.queries import board, managers, roster
from app.depositions.queries.board import Team
from app.depositions.rules import availability, conflicts
from app.depositions.rules.availability import Away
from app.depositions.rules.conflicts import LONGEST
from app.depositions.rules.plan.facts import Candidate, Problem, Session
from app.depositions.rules.transitions import Span, busy
from app.kernel.db.engine import Db
from app.kernel.text import normalization

AHEAD = timedelta(days=14)
"""How far ahead requests are planned."""
MOST = 200
"""Sessions of a plan; more are planned once these are booked."""
LONGEST_AHEAD = timedelta(days=400)
"""How far ahead sessions of somebody who is away are looked for."""
AROUND = timedelta(hours=12)
"""How far around the sessions of a plan it matters what a manager has."""
REMEMBERED = timedelta(days=90)
"""How long ago a manager may have managed a case to know it."""

_instant = Deposition.starts_at.type
_BEGINS, _ENDS = bindparam("begins", type_=_instant), bindparam("ends", type_=_instant)
_COLUMNS = (
    Deposition.id,
    Deposition.organization_id,
    Deposition.version,
    Deposition.state,
    Deposition.starts_at,
    Deposition.ends_at,
    Deposition.zone,
    Deposition.title,
    Deposition.case_name,
    Deposition.deponent_name,
    Deposition.details,
    Deposition.manager_id,
    Deposition.manager_name,
)
_ORDERED = select(*_COLUMNS).order_by(Deposition.starts_at, Deposition.id).limit(MOST + 1)
WAITING = _ORDERED.where(
    Deposition.state == State.INITIAL.value, Deposition.starts_at >= _BEGINS, Deposition.starts_at < _ENDS
)
MANAGED = _ORDERED.where(
    Deposition.manager_id == bindparam("manager"),
    Deposition.starts_at >= _BEGINS,
    Deposition.starts_at < _ENDS,
    Deposition.state.in_([state.value for state in BOOKED]),
)
KNOWN = (
    select(Deposition.organization_id, Deposition.case_name, Deposition.manager_id)
    .distinct()
    .where(
        Deposition.manager_id.in_(bindparam("managers", expanding=True)),
        Deposition.starts_at >= _BEGINS,
        Deposition.starts_at < _ENDS,
        Deposition.state.in_([state.value for state in SESSIONS]),
        Deposition.case_name.in_(bindparam("cases", expanding=True)),
    )
)

OFFERED = select(OfferedKey.deposition_id, OfferedKey.key, OfferedKey.begins, OfferedKey.ends).where(
    OfferedKey.key.in_(bindparam("keys", expanding=True)),
    OfferedKey.begins > bindparam("earliest"),
    OfferedKey.begins < bindparam("ends"),
)


class PlannedSession(Protocol):
    """What is read of a session that needs a manager."""

    id: int
    organization_id: int
    version: int
    state: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    title: str
    case_name: str
    deponent_name: str | None
    details: dict[str, str]
    manager_id: int | None
    manager_name: str | None


def waiting(db: Db, within: Span) -> list[PlannedSession]:
    """The requests that begin in a time and wait for a manager, one more than MOST where there are more."""
    return [cast(PlannedSession, row) for row in db.execute(WAITING, _moments(within))]


def managed(db: Db, manager_id: int, within: Span) -> list[PlannedSession]:
    """The booked sessions of a manager that begin in a time, one more than MOST where there are more."""
    return [cast(PlannedSession, row) for row in db.execute(MANAGED, {"manager": manager_id, **_moments(within)})]


def managed_while_away(db: Db, manager: Manager, now: datetime) -> list[PlannedSession]:
    """The booked sessions ahead of a manager that lie within an absence of theirs, at most one more than MOST; of one
    who is not active any more, all of them."""
    absences = [Away(one.first_day, one.last_day, one.note) for one in roster.absences(db, manager.id, now)]
    ahead = Span(now, now + LONGEST_AHEAD)
    spans = [part for _, part in availability.away_during(manager.zone, absences, ahead)] if manager.active else [ahead]
    if not spans:
        return []
    rows = managed(db, manager.id, Span(now, max(span.ends_at for span in spans)))
    return [row for row in rows if any(_meet(busy(row.starts_at, row.ends_at), span) for span in spans)]


def _meet(one: Span, other: Span) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def problem(
    db: Db,
    rows: Sequence[PlannedSession],
    pinned: Mapping[int, int],
    *,
    without: int = 0,
) -> Problem:
    """What is to be planned for these sessions: the active team `without` somebody, and what they have."""
    sessions = [session_of(row) for row in rows]
    if not sessions:
        return Problem((), ())
    spans = [busy(one.starts_at, one.ends_at) for one in sessions]
    within = Span(min(span.starts_at for span in spans), max(span.ends_at for span in spans))
    team = board.team(db, within)
    ids = [one.id for one in team.managers]
    theirs: dict[int, list[Span]] = {}
    moved = {row.id for row in rows}
    for row in managers.booked(db, ids, within.starts_at, within.ends_at):
        if row.id not in moved:
            theirs.setdefault(cast(int, row.manager_id), []).append(busy(row.starts_at, row.ends_at))
    kept = _offered(db, team, moved, within)
    known = _known(db, ids, {row.case_name for row in rows}, within)
    return Problem(
        sessions,
        candidates(team, theirs, without, kept),
        {case: frozenset(each - {without}) for case, each in known.items() if each - {without}},
        pinned,
    )


def _offered(db: Db, team: Team, besides: Collection[int], within: Span) -> dict[int, list[Span]]:
    """The hours of each manager to which sessions may be moved, other than `besides`."""
    keys = {conflicts.manager_key(one.id): one for one in team.managers}
    begins, ends = int(within.starts_at.timestamp()), int(within.ends_at.timestamp())
    around = LONGEST + int(AROUND.total_seconds())
    values = {"keys": list(keys), "earliest": begins - around, "ends": ends + around}
    found: dict[int, list[Span]] = {}
    for row in db.execute(OFFERED, values) if keys else ():
        if row.deposition_id not in besides:
            one = keys[row.key]
            # What is kept ends with what the manager needs before the next session, which a plan adds itself.
            until = row.ends - availability.gap(one.buffer_before, one.buffer_after).total_seconds()
            span = Span(datetime.fromtimestamp(row.begins, UTC), datetime.fromtimestamp(until, UTC))
            found.setdefault(one.id, []).append(span)
    return found


def candidates(
    team: Team,
    booked: Mapping[int, Sequence[Span]],
    without: int = 0,
    offered: Mapping[int, Sequence[Span]] = MappingProxyType({}),
) -> list[Candidate]:
    """The team as a plan sees it."""
    return [
        Candidate(
            one.id,
            normalization.shown(one.name, one.email),
            one.zone,
            availability.gap(one.buffer_before, one.buffer_after),
            team.hours.get(one.id, ()),
            team.absences.get(one.id, ()),
            language_codes(", ".join(one.languages)),
            one.templates,
            booked.get(one.id, ()),
            offered.get(one.id, ()),
        )
        for one in team.managers
        if one.id != without
    ]


def session_of(row: PlannedSession) -> Session:
    """A row as a plan sees it. Who asks for English asks for nothing special."""
    wished = ", ".join(filter(None, (row.details.get("language"), row.details.get("languages"))))
    return Session(
        row.id,
        row.starts_at,
        row.ends_at,
        row.zone,
        normalization.shown(row.deponent_name, row.title, f"request {row.id}"),
        conflicts.case_key(row.organization_id, row.case_name),
        row.details.get("preferred_manager", ""),
        language_codes(wished) - {"en"},
        row.details.get("video_provider", ""),
        row.state == State.INITIAL,
    )


def _known(db: Db, ids: Sequence[int], cases: Collection[str], within: Span) -> dict[int, set[int]]:
    """Who had sessions of these cases lately, by the key of the case."""
    around = Span(within.starts_at - REMEMBERED, within.ends_at + AHEAD)
    found: dict[int, set[int]] = {}
    rows = db.execute(KNOWN, {"managers": list(ids), "cases": sorted(cases), **_moments(around)}) if ids else ()
    for organization_id, case_name, manager_id in rows:
        found.setdefault(conflicts.case_key(organization_id, case_name), set()).add(cast(int, manager_id))
    return found


def _moments(within: Span) -> dict[str, object]:
    return {"begins": within.starts_at, "ends": within.ends_at}
