"""Who is looking at what: advisory, never a lock, forgotten by itself.

A row says that a person who may act on a thing had its page open at `seen_at`. It counts for FRESH; a page that stays
open renews it every RENEW. Nobody is told about themselves, and people who are disabled are not shown at all.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, bindparam, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Person
from app.kernel.db.engine import Base, Db, Instant

FRESH = timedelta(seconds=90)
"""How long somebody counts as looking after their page last said so."""
RENEW = timedelta(seconds=30)
"""How old `seen_at` may become before it is written again."""


class Presence(Base):
    """One person's look at one thing. `since` starts anew when they come back after it had lapsed."""

    __tablename__ = "presences"
    __table_args__ = (
        Index("uq_presences_look", "subject_type", "subject_id", "person_id", unique=True),
        Index("ix_presences_place", "subject_type", "organization_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(40))
    organization_id: Mapped[int | None]
    since: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)


_t = Presence.__table__.c
_p = Person.__table__.c

_LOOKING = (
    select(_t.subject_id, _p.name)
    .join(Person.__table__, _p.id == _t.person_id)
    .where(
        _t.subject_type == bindparam("subject"),
        _t.subject_id.in_(bindparam("ids", expanding=True)),
        _t.person_id != bindparam("me"),
        _t.seen_at > bindparam("after", type_=_t.seen_at.type),
        _p.disabled_at.is_(None),
    )
    .order_by(_t.since, _t.id)
)


def looking(db: Db, subject_type: str, ids: Iterable[object], *, me: int, now: datetime) -> dict[str, tuple[str, ...]]:
    """Names of the others who are looking at these things now, by subject id, the longest there first.

    The caller hands in ids of rows this person may see, nothing else.
    """
    wanted = [str(id) for id in ids]
    if not wanted:
        return {}
    found: dict[str, list[str]] = defaultdict(list)
    asked = {"subject": subject_type, "ids": wanted, "me": me, "after": now - FRESH}
    for subject_id, name in db.connection().execute(_LOOKING, asked):
        found[subject_id].append(name)
    return {id: tuple(names) for id, names in found.items()}


def look(
    db: Db, subject_type: str, subject_id: object, organization_id: int | None, *, person_id: int, now: datetime
) -> None:
    """Writes that this person is looking now. One statement, whether they were here before or not."""
    make = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    keys = {"subject_type": subject_type, "subject_id": str(subject_id), "person_id": person_id}
    statement = make(Presence.__table__).values(**keys, organization_id=organization_id, since=now, seen_at=now)
    changes = {**_seen(now), "organization_id": organization_id}
    db.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changes, where=_t.seen_at < now))


def renew(db: Db, subject_type: str, subject_id: object, *, person_id: int, now: datetime) -> None:
    """Writes that this person is still looking at what they looked at before; nothing if they did not."""
    mine = (_t.subject_type == subject_type, _t.subject_id == str(subject_id), _t.person_id == person_id)
    db.execute(update(Presence.__table__).where(*mine, _t.seen_at < now).values(_seen(now)))


def _seen(now: datetime) -> dict[str, Any]:
    came_back = case((_t.seen_at <= now - FRESH, bindparam("since_now", now, _t.since.type)), else_=_t.since)
    return {"seen_at": now, "since": came_back}


def forget_old(db: Db, now: datetime) -> None:
    """Drops what lapsed a while ago. For the worker."""
    db.execute(delete(Presence.__table__).where(_t.seen_at < now - 10 * FRESH))
