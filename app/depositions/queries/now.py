"""What runs now and what begins within two hours: a fixed number of reads of a few rows each."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol, cast

from sqlalchemy import Select, bindparam, select, union_all

from app.dashboard.filters import reach_kind, reach_values, within_reach
from app.depositions.models import BOOKED, Deposition, DepositionPerson, State
from app.depositions.queries import listing
from app.depositions.queries.listing import ListedDeposition
from app.depositions.rules.running import AHEAD, LATE
from app.kernel.db.engine import Db

MOST = 100
"""Sessions of each kind that the page shows."""
SOON = timedelta(hours=26)
"""How far ahead the next session of a manager is looked for."""

_instant = Deposition.starts_at.type


class NowSession(ListedDeposition, Protocol):
    """A row of the list with what a session that runs has besides."""

    manager_id: int | None
    manager_email: str | None
    room_url: str | None
    started_at: datetime | None


class Guest(Protocol):
    """Somebody who is to take part: when they opened the page of the session, and entered."""

    deposition_id: int
    kind: str
    address: str
    name: str
    opened_at: datetime | None
    entered_at: datetime | None


@lru_cache(maxsize=8)
def statement(reach: str) -> Select:
    """The sessions of a reach."""
    here = within_reach(Deposition.organization_id, reach)
    begins, ends = bindparam("begins", type_=_instant), bindparam("ends", type_=_instant)
    branches = [select(Deposition.id).where(Deposition.state == State.ACTIVE.value, *here)]
    branches += [
        select(Deposition.id).where(
            Deposition.state == state.value, Deposition.starts_at >= begins, Deposition.starts_at < ends, *here
        )
        for state in BOOKED
    ]
    parts = [select(branch.order_by(Deposition.starts_at, Deposition.id).limit(MOST).subquery()) for branch in branches]
    return (
        select(
            *listing.COLUMNS,
            Deposition.manager_id,
            Deposition.manager_email,
            Deposition.room_url,
            Deposition.started_at,
        )
        .where(Deposition.id.in_(select(union_all(*parts).subquery().c.id)))
        .order_by(Deposition.starts_at, Deposition.id)
    )


def values(organization_ids: Collection[int] | None, now: datetime) -> dict[str, object]:
    """The values of the statement."""
    return {"begins": now - LATE, "ends": now + AHEAD, **reach_values(organization_ids)}


def sessions(db: Db, organization_ids: Collection[int] | None, now: datetime) -> list[NowSession]:
    """What runs, what begins within two hours, and what should have begun within the last two; by start."""
    rows = db.execute(statement(reach_kind(organization_ids)), values(organization_ids, now))
    return [cast(NowSession, row) for row in rows]


_GUESTS = select(
    DepositionPerson.deposition_id,
    DepositionPerson.kind,
    DepositionPerson.address,
    DepositionPerson.name,
    DepositionPerson.opened_at,
    DepositionPerson.entered_at,
).where(
    DepositionPerson.deposition_id.in_(bindparam("ids", expanding=True)),
    DepositionPerson.concerned,
)


def guests(db: Db, ids: Sequence[int]) -> dict[int, list[Guest]]:
    """Who is to take part in these sessions, by their ids."""
    found: dict[int, list[Guest]] = {}
    for row in db.execute(_GUESTS, {"ids": list(ids)}) if ids else ():
        found.setdefault(row.deposition_id, []).append(cast(Guest, row))
    return found


_NEXT = (
    select(Deposition.manager_id, Deposition.id, Deposition.starts_at)
    .where(
        Deposition.manager_id.in_(bindparam("managers", expanding=True)),
        Deposition.starts_at > bindparam("after", type_=_instant),
        Deposition.starts_at < bindparam("before", type_=_instant),
        Deposition.state.in_([state.value for state in BOOKED]),
    )
    .order_by(Deposition.starts_at, Deposition.id)
    .limit(1000)
)


def following(db: Db, manager_ids: Collection[int], now: datetime) -> dict[int, list[tuple[int, datetime]]]:
    """The next sessions of these managers by their start: ids and starts, by the manager's id."""
    found: dict[int, list[tuple[int, datetime]]] = {}
    if manager_ids:
        given = {"managers": sorted(manager_ids), "after": now - LATE, "before": now + SOON}
        for manager_id, id, starts_at in db.execute(_NEXT, given):
            found.setdefault(cast(int, manager_id), []).append((id, starts_at))
    return found
