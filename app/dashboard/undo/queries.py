"""Reads of pending decisions: about one subject, about a page of them, of one user."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, literal_column, select

from app.accounts.models import IN_FORCE, Membership, Person
from app.accounts.roles import WRITERS, Grant, Role, scope_of
from app.dashboard.listing import Condition
from app.dashboard.undo.models import IS_PENDING, TABLE, Decision, PendingDecision
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared

BAR_LENGTH = 100
LATELY = 20
MOST_PENDING = 500

_BAR: Prepared[Decision] = Prepared(
    select(TABLE)
    .where(PendingDecision.shown_to == bindparam("person_id"))
    .order_by(PendingDecision.pressed_at.desc())
    .limit(BAR_LENGTH)
)
_PENDING = select(TABLE).where(
    PendingDecision.subject_type == bindparam("subject_type"),
    PendingDecision.subject_id == bindparam("subject_id"),
    IS_PENDING,
)
_PENDING_IDS = (
    select(PendingDecision.subject_id)
    .where(PendingDecision.subject_type == bindparam("subject_type"), IS_PENDING)
    .limit(MOST_PENDING)
)
_LATEST = (
    select(TABLE)
    .where(
        PendingDecision.subject_type == bindparam("subject_type"), PendingDecision.subject_id == bindparam("subject_id")
    )
    .order_by(PendingDecision.pressed_at.desc())
    .limit(1)
)
_OF = select(TABLE).where(
    PendingDecision.subject_type == bindparam("subject_type"),
    PendingDecision.subject_id.in_(bindparam("subject_ids", expanding=True)),
    IS_PENDING,
)
_LATELY = (
    select(TABLE)
    .where(PendingDecision.person_id == bindparam("person_id"))
    .order_by(PendingDecision.pressed_at.desc())
    .limit(LATELY)
)
_DUE = (
    select(PendingDecision.id)
    .where(IS_PENDING, PendingDecision.due_at <= bindparam("now", type_=PendingDecision.due_at.type))
    .order_by(PendingDecision.due_at, PendingDecision.id)
)
_GRANTS = (
    select(Membership.role, Membership.organization_id)
    .join(Person, Person.id == Membership.person_id)
    .where(Membership.person_id == bindparam("person_id"), Person.disabled_at.is_(None), IN_FORCE)
)


def on_bar(db: Db, person_id: int) -> Sequence[Decision]:
    """What the bar of a user shows, the newest first."""
    return _BAR.all(db, {"person_id": person_id})


def pending(db: Db, subject_type: str, subject_id: object) -> Decision | None:
    """The pending decision about a subject, also when its time is over and it is not carried out yet."""
    found = db.execute(_PENDING, {"subject_type": subject_type, "subject_id": str(subject_id)}).one_or_none()
    return cast(Decision | None, found)


def latest(db: Db, subject_type: str, subject_id: object) -> Decision | None:
    """The last decision about a subject, however it ended."""
    found = db.execute(_LATEST, {"subject_type": subject_type, "subject_id": str(subject_id)}).one_or_none()
    return cast(Decision | None, found)


def pending_of(db: Db, subject_type: str, subject_ids: Iterable[object]) -> dict[str, Decision]:
    """The pending decisions about these subjects, by id as text; one query."""
    wanted = [str(id) for id in subject_ids]
    if not wanted:
        return {}
    found = cast(Iterable[Decision], db.execute(_OF, {"subject_type": subject_type, "subject_ids": wanted}))
    return {decision.subject_id: decision for decision in found}


def pending_ids(db: Db, subject_type: str) -> list[str]:
    """Ids of subjects with a pending decision, as text: few, because each ends within two minutes."""
    return list(db.execute(_PENDING_IDS, {"subject_type": subject_type}).scalars())


def recent(db: Db, person_id: int) -> Sequence[Decision]:
    """The last twenty decisions of a user that could be undone, the newest first."""
    return cast(Sequence[Decision], db.execute(_LATELY, {"person_id": person_id}).all())


def due(db: Db, now: datetime, limit: int) -> list[UUID]:
    """Ids of decisions to carry out now, the longest due first."""
    return list(db.execute(_DUE.limit(limit), {"now": now}).scalars())


def is_pending(subject_type: str, subject_id: ColumnElement[str], *more: Condition) -> Condition:
    """Within a statement about things: whether this one is under a decision. `subject_id` must be the id as text."""
    # The type as a literal too: it is a constant, and the partial index is then found by any planner.
    of_type = PendingDecision.subject_type == literal_column(f"'{subject_type}'")
    return (
        select(PendingDecision.id).where(of_type, PendingDecision.subject_id == subject_id, IS_PENDING, *more).exists()
    )


def may_still(db: Db, person_id: int, desk: str, organization_id: int) -> bool:
    """Whether a person may (still) act at a desk on the items of an organization; disabled people may not."""
    grants = [Grant(Role(row.role), row.organization_id) for row in db.execute(_GRANTS, {"person_id": person_id})]
    return scope_of(grants, WRITERS[desk]).covers(organization_id)
