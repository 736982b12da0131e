"""Last seen: what one person has not seen yet of one list.

A period of viewing goes on until GAP passes without a request. Its first request takes the end of the one before as
`since`; every further one only moves `looked_at`, so marks stay however often the list is loaded. Polls of a page left
open do not count and read `since` as it stands: otherwise a page that is not watched would use up its marks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import bindparam, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.dashboard.listing import Id
from app.dashboard.saved_views.models import LastSeen
from app.kernel.changes.events import Event
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared

GAP = timedelta(minutes=30)
"""After so long without a request the next one begins a new period of viewing."""
STEP = timedelta(minutes=1)
"""A row younger than this is not written again."""

_ME = (
    LastSeen.person_id == bindparam("me"),
    LastSeen.desk == bindparam("of_desk"),
    LastSeen.view_sha256 == bindparam("of_view"),
)
_AGAIN = (
    update(LastSeen.__table__)
    .where(*_ME, LastSeen.looked_at < bindparam("fresh"))
    .values(
        since=case((LastSeen.looked_at < bindparam("gone"), LastSeen.looked_at), else_=LastSeen.since),
        looked_at=bindparam("seen"),
    )
    .returning(LastSeen.looked_at)
)
_FIRST = {
    name: dialect.insert(LastSeen.__table__).on_conflict_do_nothing()
    for name, dialect in {"sqlite": sqlite, "postgresql": postgresql}.items()
}
_FOREIGN: Prepared[tuple[str]] = Prepared(
    select(Event.subject_id)
    .where(
        Event.subject_type == bindparam("subject"),
        Event.subject_id.in_(bindparam("ids", expanding=True)),
        Event.created_at > bindparam("since"),
        or_(Event.actor_kind != "person", Event.actor_id.is_(None), Event.actor_id != bindparam("me")),
    )
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Seen:
    """When one person last saw one list, and since when what they see there counts as new."""

    looked_at: datetime
    since: datetime | None


def since(kept: Seen | None, now: datetime, *, poll: bool) -> datetime | None:
    """What counts as new on this list comes after this moment; None on the very first time of looking."""
    if kept is None:
        return None
    if not poll and now - kept.looked_at > GAP:
        return kept.looked_at
    return kept.since


def is_due(kept: Seen | None, now: datetime) -> bool:
    """Whether this request must be recorded: the first, or the last one is older than STEP."""
    return kept is None or now - kept.looked_at > STEP


def write(db: Db, person_id: int, desk: str, view: str, now: datetime) -> None:
    """Records that a person sees a list now. Two tabs at once begin one period of viewing, not two."""
    place = {"me": person_id, "of_desk": desk, "of_view": view}
    again = {**place, "fresh": now - STEP, "gone": now - GAP, "seen": now}
    if db.execute(_AGAIN, again).first() is None:
        row = {"person_id": person_id, "desk": desk, "view_sha256": view, "looked_at": now, "since": None}
        db.execute(_FIRST[db.dialect], row)


class Dated(Protocol):
    """A row of a list as far as marks ask."""

    @property
    def id(self) -> Id: ...
    @property
    def created_at(self) -> datetime: ...


def marks(db: Db, person_id: int, subject: str, rows: Iterable[Dated], moment: datetime | None) -> dict[Id, str]:
    """`new` or `changed` for each of these rows that another actor changed since `moment`, by row id.

    Events know who did what, so they are asked, by their index, about these rows alone.
    """
    if moment is None:
        return {}
    shown = {str(row.id): row for row in rows}
    if not shown:
        return {}
    values = {"subject": subject, "ids": list(shown), "since": moment, "me": str(person_id)}
    foreign = _FOREIGN.all(db, values)
    return {shown[id].id: "new" if shown[id].created_at > moment else "changed" for (id,) in foreign}
