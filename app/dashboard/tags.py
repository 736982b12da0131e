"""Tags: short words that a team puts on what stands in its lists, to find it again. Organizations never see them.

A tag belongs to the organization of the item, so tags are not shown across organizations. Names are kept in small
letters: VIP and vip are one. Adding and removing is recorded as the events `<subject>.tagged` and `<subject>.untagged`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    bindparam,
    cast,
    delete,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.dashboard.events import tag_events
from app.dashboard.listing import Column, Id
from app.kernel.changes import events
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.counters import keep_counters
from app.kernel.db.engine import Base, Db, Instant
from app.kernel.db.prepared import Prepared
from app.kernel.errors import FieldError, Invalid
from app.kernel.text import normalization
from app.kernel.text.normalization import characters

LONGEST = 30
"""Characters of a tag."""

MOST = 10
"""Tags on one thing."""

OFFERED = 100
"""Tags that a filter offers."""


class Tag(Base):
    """One word on one thing. `subject_type` and `subject_id` name it as in `events`, a UUID without its dashes."""

    __tablename__ = "tags"
    __table_args__ = (
        Index("ix_tags_name", "subject_type", "name", "organization_id", "subject_id"),
        {"sqlite_with_rowid": False},
    )

    subject_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)


COUNTS = keep_counters(Tag.__table__, "tag_counts", ["organization_id", "subject_type", "name"])

_OF: Prepared[tuple[str, str]] = Prepared(
    select(Tag.subject_id, Tag.name)
    .where(Tag.subject_type == bindparam("subject_type"), Tag.subject_id.in_(bindparam("ids", expanding=True)))
    .order_by(Tag.subject_id, Tag.name)
)


def tidy(text: str) -> str:
    """A tag as it is kept. Raises Invalid with a sentence."""
    name = " ".join(characters.without_controls(text).split()).casefold()
    if normalization.is_blank(name):
        _refuse("Type the tag first, one or two words. Nothing was changed.")
    if len(name) > LONGEST:
        _refuse(f"A tag has at most {LONGEST} characters. Nothing was changed.")
    return name


def _refuse(sentence: str) -> None:
    raise Invalid(sentence, code="tag.name", errors=[FieldError("tag", "invalid", sentence)])


def tags_of(db: Db, subject_type: str, ids: Sequence[Id]) -> dict[Id, tuple[str, ...]]:
    """The tags of these things, in the order of the alphabet; things without a tag are left out."""
    if not ids:
        return {}
    wanted = {_key(id): id for id in ids}
    found: dict[Id, list[str]] = {}
    values = {"subject_type": subject_type, "ids": list(wanted)}
    for subject_id, name in _OF.all(db, values):
        found.setdefault(wanted[subject_id], []).append(name)
    return {id: tuple(names) for id, names in found.items()}


def _key(id: object) -> str:
    return id.hex if isinstance(id, UUID) else str(id)


def has_tag(subject_type: str, id: Column, name: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a desk's row, by its `id` column, has the tag `name`, usually a bindparam."""
    ids = select(cast(Tag.subject_id, id.type)).where(Tag.subject_type == literal(subject_type), Tag.name == name)
    return id.in_(ids)


_N = func.sum(COUNTS.c.n)
_OFFERED = (
    select(COUNTS.c.name, _N)
    .where(COUNTS.c.subject_type == bindparam("subject_type"))
    .group_by(COUNTS.c.name)
    .having(_N > 0)
    .order_by(_N.desc(), COUNTS.c.name)
    .limit(literal_column(str(OFFERED)))
)
_OFFERED_ANYWHERE: Prepared[tuple[str, int]] = Prepared(_OFFERED)
_OFFERED_THERE: Prepared[tuple[str, int]] = Prepared(
    _OFFERED.where(COUNTS.c.organization_id.in_(bindparam("organizations", expanding=True)))
)


def offered(db: Db, subject_type: str, organizations: Collection[int] | None) -> list[tuple[str, int]]:
    """The tags in use and how often, the most used first; `organizations` whose, None is everybody's."""
    values: dict[str, object] = {"subject_type": subject_type}
    if organizations is None:
        rows = _OFFERED_ANYWHERE.all(db, values)
    else:
        rows = _OFFERED_THERE.all(db, {**values, "organizations": sorted(organizations)})
    return [(name, int(many)) for name, many in rows]


def add(db: Db, subject_type: str, id: Id, organization_id: int, name: str, *, by: Actor, now: datetime) -> bool:
    """Puts a tag on a thing that the caller has checked; False when it had it already. Raises Invalid."""
    name = tidy(name)
    if len(tags_of(db, subject_type, [id]).get(id, ())) >= MOST:
        raise Invalid(f"It has {MOST} tags already. Nothing was changed. Remove one first.", code="tag.many")
    insert = sqlite.insert if db.dialect == "sqlite" else postgresql.insert
    row = {
        "subject_type": subject_type,
        "subject_id": _key(id),
        "name": name,
        "organization_id": organization_id,
        "created_at": now,
    }
    made = db.execute(insert(Tag.__table__).values(row).on_conflict_do_nothing().returning(Tag.name)).first()
    if made is None:
        return False
    _record(db, tag_events(subject_type).tagged, subject_type, id, organization_id, name, by, now)
    return True


def remove(db: Db, subject_type: str, id: Id, organization_id: int, name: str, *, by: Actor, now: datetime) -> bool:
    """Takes a tag off a thing; False when it did not have it."""
    name = tidy(name)
    mine = (Tag.subject_type == subject_type, Tag.subject_id == _key(id), Tag.organization_id == organization_id)
    gone = db.execute(delete(Tag.__table__).where(*mine, Tag.name == name).returning(Tag.name)).first()
    if gone is None:
        return False
    _record(db, tag_events(subject_type).untagged, subject_type, id, organization_id, name, by, now)
    return True


def erase(db: Db, subject_type: str, id: Id) -> None:
    """Takes every tag off a thing that is erased. The event of that says so."""
    mine = (Tag.subject_type == subject_type, Tag.subject_id == _key(id))
    names = db.scalars(delete(Tag.__table__).where(*mine).returning(Tag.name)).all()
    if names:
        forget_unused(db, names=names)


def forget_unused(db: Db, _now: datetime | None = None, *, names: Collection[str] = ()) -> None:
    """Deletes the counters of words that are on nothing any more; without `names` of all words.

    On PostgreSQL such a word may stand at one and minus one in two slots. Slots that sum to nothing can go at any time;
    those that somebody writes meanwhile are passed over, so that nobody waits for another.
    """
    table = COUNTS.c
    key = (table.organization_id, table.subject_type, table.name)
    wanted = [table.name.in_(names)] if names else []
    unused = select(*key).where(*wanted).group_by(*key).having(func.sum(table.n) == 0)
    for organization_id, subject_type, name in db.execute(unused).all():
        of = (table.organization_id == organization_id, table.subject_type == subject_type, table.name == name)
        rows = db.execute(select(table.slot, table.n).where(*of).with_for_update(skip_locked=True)).all()
        if sum(row.n for row in rows) == 0:
            db.execute(delete(COUNTS).where(*of, table.slot.in_([row.slot for row in rows])))


def _record(
    db: Db, event_type: EventType, subject_type: str, id: Id, organization_id: int, name: str, by: Actor, now: datetime
) -> None:
    events.record(
        db,
        event_type,
        subject_type=subject_type,
        subject_id=id,
        organization_id=organization_id,
        by=by,
        now=now,
        data={"tag": name},
    )
