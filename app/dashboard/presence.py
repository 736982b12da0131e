"""Presence: who is viewing which item. Advisory, never a lock; it lapses by itself.

A row says that a person who may act on a thing had its page open at `seen_at`. It counts for FRESH; a page that stays
open renews it every RENEW. Viewers do not see themselves, and disabled people are not shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, bindparam, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Person
from app.kernel.db.engine import Base, Db, Instant
from app.kernel.db.prepared import Prepared

FRESH = timedelta(seconds=90)
"""How long a presence counts after the page last renewed it."""
RENEW = timedelta(seconds=30)
"""How old `seen_at` may become before it is written again."""


class Presence(Base):
    """A person who views an item. `since` starts anew when they come back after it had lapsed."""

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


_HERE: Prepared[tuple[str, str, int, datetime]] = Prepared(
    select(Presence.subject_id, Person.name, Presence.person_id, Presence.seen_at)
    .join(Person, Person.id == Presence.person_id)
    .where(
        Presence.subject_type == bindparam("subject"),
        Presence.subject_id.in_(bindparam("ids", expanding=True)),
        Presence.seen_at > bindparam("after", type_=Presence.seen_at.type),
        Person.disabled_at.is_(None),
    )
    .order_by(Presence.since, Presence.id)
)


def viewers_of(
    db: Db, subject_type: str, ids: Iterable[object], *, me: int, now: datetime
) -> dict[str, tuple[str, ...]]:
    """Names of the other viewers of these items, by subject id, the longest there first.

    The caller passes ids of rows that this person may see, nothing else.
    """
    wanted = [str(id) for id in ids]
    if not wanted:
        return {}
    found: dict[str, list[str]] = defaultdict(list)
    for subject_id, name, person_id, _ in _here(db, subject_type, wanted, now):
        if person_id != me:
            found[subject_id].append(name)
    return {id: tuple(names) for id, names in found.items()}


def viewers_and_own(
    db: Db, subject_type: str, id: str, *, me: int, now: datetime
) -> tuple[tuple[str, ...], datetime | None]:
    """Names of the other viewers of one item, and when this person's own presence was renewed, if it still counts."""
    rows = _here(db, subject_type, [id], now)
    own = next((seen_at for _, _, person_id, seen_at in rows if person_id == me), None)
    return tuple(name for _, name, person_id, _ in rows if person_id != me), own


def _here(db: Db, subject_type: str, ids: list[str], now: datetime) -> Sequence[tuple[str, str, int, datetime]]:
    return _HERE.all(db, {"subject": subject_type, "ids": ids, "after": now - FRESH})


def touch(
    db: Db, subject_type: str, subject_id: object, organization_id: int | None, *, person_id: int, now: datetime
) -> None:
    """Records that a person views an item now. One statement, whether they were here before or not."""
    make = postgresql.insert if db.dialect == "postgresql" else sqlite.insert
    keys = {"subject_type": subject_type, "subject_id": str(subject_id), "person_id": person_id}
    statement = make(Presence.__table__).values(**keys, organization_id=organization_id, since=now, seen_at=now)
    changes = {**_seen(now), "organization_id": organization_id}
    db.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changes, where=Presence.seen_at < now))


def renew(db: Db, subject_type: str, subject_id: object, *, person_id: int, now: datetime) -> None:
    """Renews a presence that exists; changes nothing otherwise."""
    mine = (
        Presence.subject_type == subject_type,
        Presence.subject_id == str(subject_id),
        Presence.person_id == person_id,
    )
    db.execute(update(Presence.__table__).where(*mine, Presence.seen_at < now).values(_seen(now)))


def _seen(now: datetime) -> dict[str, object]:
    came_back = case(
        (Presence.seen_at <= now - FRESH, bindparam("since_now", now, Presence.since.type)), else_=Presence.since
    )
    return {"seen_at": now, "since": came_back}


def forget_old(db: Db, now: datetime) -> None:
    """Drops what lapsed a while ago. For the worker."""
    # Of a clock that was ahead; else it would count until the clock is there again.
    db.execute(update(Presence.__table__).where(Presence.seen_at > now).values(seen_at=now))
    db.execute(delete(Presence.__table__).where(Presence.seen_at < now - 10 * FRESH))
