"""The reasons that an organization's agents choose from, and what a decision was made upon."""

from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import bindparam, select

from app.accounts.models import Organization
from app.kernel.db.engine import Db
from app.prescreens.models import DecisionSnapshot, ReasonList
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.reasons import STANDARD


class OfferedReasons(NamedTuple):
    """An organization's list of reasons. `revision` is 0 while it is the standard one."""

    reasons: tuple[str, ...] = STANDARD
    revision: int = 0
    changed_at: datetime | None = None
    changed_by: str = ""


_OFFERED = select(ReasonList.reasons, ReasonList.revision, ReasonList.changed_at, ReasonList.changed_by).where(
    ReasonList.organization_id == bindparam("organization_id")
)


def offered(db: Db, organization_id: int, *, lock: bool = False) -> OfferedReasons:
    """The reasons of an organization. With `lock` nobody else changes them until this transaction ends."""
    statement = _OFFERED.with_for_update() if lock else _OFFERED
    row = db.execute(statement, {"organization_id": organization_id}).one_or_none()
    return OfferedReasons(tuple(row[0]), *row[1:]) if row else OfferedReasons()


class ReasonsOrganization(NamedTuple):
    """An organization whose reasons a person may change."""

    id: int
    name: str


def organizations(db: Db, reach: Reach) -> list[ReasonsOrganization]:
    """The organizations of a reach, by name."""
    rows = db.execute(
        select(Organization.id, Organization.name)
        .where(reach.rows(Organization.id))
        .order_by(Organization.name)
        .limit(500)
    )
    return [ReasonsOrganization._make(row) for row in rows]


_COLUMNS = tuple(DecisionSnapshot.__table__.c)


def snapshot(db: Db, prescreen_id: UUID) -> DecisionSnapshot | None:
    """What the decision about a prescreen was made upon; None for decisions of versions that kept none."""
    row = db.execute(select(*_COLUMNS).where(DecisionSnapshot.prescreen_id == prescreen_id)).one_or_none()
    return None if row is None else cast(DecisionSnapshot, row)
