"""Reads about holds: of one thing, of a page of them, of one person."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, literal_column, select

from app.accounts.models import Membership, Person
from app.accounts.roles import WRITERS, Grant, Role, scope_of
from app.dashboard.undo.models import IS_PENDING, TABLE, H
from app.kernel.db.engine import Db

BAR_LENGTH = 12
LATELY = 20
MOST_HELD = 500

_BAR = select(TABLE).where(H.shown_to == bindparam("person_id")).order_by(H.pressed_at.desc()).limit(BAR_LENGTH)
_HELD = select(TABLE).where(
    H.subject_type == bindparam("subject_type"), H.subject_id == bindparam("subject_id"), IS_PENDING
)
_HELD_IDS = select(H.subject_id).where(H.subject_type == bindparam("subject_type"), IS_PENDING).limit(MOST_HELD)
_LATEST = (
    select(TABLE)
    .where(H.subject_type == bindparam("subject_type"), H.subject_id == bindparam("subject_id"))
    .order_by(H.pressed_at.desc())
    .limit(1)
)
_OF = select(TABLE).where(
    H.subject_type == bindparam("subject_type"), H.subject_id.in_(bindparam("subject_ids", expanding=True)), IS_PENDING
)
_LATELY = select(TABLE).where(H.person_id == bindparam("person_id")).order_by(H.pressed_at.desc()).limit(LATELY)
_DUE = select(H.id).where(IS_PENDING, H.due_at <= bindparam("now", type_=H.due_at.type)).order_by(H.due_at, H.id)
_p, _m = Person.__table__.c, Membership.__table__.c
_GRANTS = (
    select(_m.role, _m.organization_id)
    .join(Person.__table__, _p.id == _m.person_id)
    .where(_m.person_id == bindparam("person_id"), _p.disabled_at.is_(None))
)


def on_bar(db: Db, person_id: int) -> Sequence[Row]:
    """What stands on somebody's bar, the newest first."""
    return db.execute(_BAR, {"person_id": person_id}).all()


def standing(db: Db, subject_type: str, subject_id: object) -> Row | None:
    """The hold that something is under, also when its time is over and nobody has written it down yet."""
    return db.execute(_HELD, {"subject_type": subject_type, "subject_id": str(subject_id)}).one_or_none()


def latest(db: Db, subject_type: str, subject_id: object) -> Row | None:
    """The last hold of something, however it ended."""
    return db.execute(_LATEST, {"subject_type": subject_type, "subject_id": str(subject_id)}).one_or_none()


def of(db: Db, subject_type: str, subject_ids: Iterable[object]) -> dict[str, Row]:
    """Which of these things are under a hold, by id as text; one query."""
    wanted = [str(id) for id in subject_ids]
    if not wanted:
        return {}
    return {row.subject_id: row for row in db.execute(_OF, {"subject_type": subject_type, "subject_ids": wanted})}


def held_ids(db: Db, subject_type: str) -> list[str]:
    """Ids of what is under a hold now, as text, at most MOST_HELD: few, because holds end within two minutes."""
    return list(db.execute(_HELD_IDS, {"subject_type": subject_type}).scalars())


def lately(db: Db, person_id: int) -> Sequence[Row]:
    """The last twenty holds of a person, the newest first."""
    return db.execute(_LATELY, {"person_id": person_id}).all()


def due(db: Db, now: datetime, limit: int) -> list[Any]:
    """Ids of holds to write down now, the longest due first."""
    return list(db.execute(_DUE.limit(limit), {"now": now}).scalars())


def is_held(subject_type: str, subject_id: ColumnElement[Any], *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Within a statement about things: whether this one is under a hold. `subject_id` must be the id as text."""
    # The type as a literal too: it is a constant of the house, and the partial index is then found by any planner.
    of_type = H.subject_type == literal_column(f"'{subject_type}'")
    return select(H.id).where(of_type, H.subject_id == subject_id, IS_PENDING, *more).exists()


def may_still(db: Db, person_id: int, desk: str, organization_id: int) -> bool:
    """Whether somebody may (still) act at a desk on an organization's things; disabled people may not."""
    grants = [Grant(Role(row.role), row.organization_id) for row in db.execute(_GRANTS, {"person_id": person_id})]
    return scope_of(grants, (WRITERS[desk],)).covers(organization_id)
