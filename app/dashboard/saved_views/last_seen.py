"""Since you last looked: what one person has not seen yet of one list.

A time of looking goes on until GAP passes without a look. Its first look takes the end of the one before as `since`;
every further look only moves `looked_at`, so marks stay where they are however often the list is loaded. Polls of a
page left open are no looks and read `since` as it stands: otherwise a page that nobody watches would use up its marks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.dashboard.saved_views.models import LastSeen
from app.kernel.changes.events import Event
from app.kernel.db.engine import Db

GAP = timedelta(minutes=30)
"""So long without a look, and the next one begins a new time of looking."""
STEP = timedelta(minutes=1)
"""A look younger than this is not written again."""

L: Any = LastSeen.__table__.c
E: Any = Event.__table__.c

_ME = (L.person_id == bindparam("me"), L.desk == bindparam("of_desk"), L.view_sha256 == bindparam("of_view"))
_AGAIN = (
    update(LastSeen.__table__)
    .where(*_ME, L.looked_at < bindparam("fresh"))
    .values(
        since=case((L.looked_at < bindparam("gone"), L.looked_at), else_=L.since),
        looked_at=bindparam("seen"),
    )
    .returning(L.looked_at)
)
_FIRST = {
    name: dialect.insert(LastSeen.__table__).on_conflict_do_nothing()
    for name, dialect in {"sqlite": sqlite, "postgresql": postgresql}.items()
}
_FOREIGN = (
    select(E.subject_id)
    .where(
        E.subject_type == bindparam("subject"),
        E.subject_id.in_(bindparam("ids", expanding=True)),
        E.created_at > bindparam("since"),
        or_(E.actor_kind != "person", E.actor_id.is_(None), E.actor_id != bindparam("me")),
    )
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Look:
    """What is kept of one person's looks at one list."""

    looked_at: datetime
    since: datetime | None


def since(kept: Look | None, now: datetime, *, poll: bool) -> datetime | None:
    """What counts as new on this list comes after this moment; None on the very first time of looking."""
    if kept is None:
        return None
    if not poll and now - kept.looked_at > GAP:
        return kept.looked_at
    return kept.since


def is_due(kept: Look | None, now: datetime) -> bool:
    """Whether this look must be written: the first, or the last one is older than STEP."""
    return kept is None or now - kept.looked_at > STEP


def write(db: Db, person_id: int, desk: str, view: str, now: datetime) -> None:
    """Keeps that a person looks at a list now. Two tabs at once begin one time of looking, not two."""
    place = {"me": person_id, "of_desk": desk, "of_view": view}
    again = {**place, "fresh": now - STEP, "gone": now - GAP, "seen": now}
    if db.execute(_AGAIN, again).first() is None:
        row = {"person_id": person_id, "desk": desk, "view_sha256": view, "looked_at": now, "since": None}
        db.execute(_FIRST[db.dialect], row)


def marks(db: Db, person_id: int, subject: str, rows: Iterable[Any], moment: datetime | None) -> dict[Any, str]:
    """`new` or `changed` for each of these rows to which somebody else did something since `moment`, by row id.

    Rows carry `id` and `created_at`. History knows who did what, so it is asked, by its index, about these rows alone.
    """
    if moment is None:
        return {}
    shown = {str(row.id): row for row in rows}
    if not shown:
        return {}
    asked = {"subject": subject, "ids": list(shown), "since": moment, "me": str(person_id)}
    foreign: Sequence[str] = db.connection().execute(_FOREIGN, asked).scalars().all()
    return {shown[id].id: "new" if shown[id].created_at > moment else "changed" for id in foreign}
