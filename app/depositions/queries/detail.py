"""One deposition, and the list as the API gives it."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, select

from app.accounts.models import Organization
from app.depositions.models import COUNTS, Deposition
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound

T: Any = Deposition.__table__.c
_ID: Any = bindparam("organization_id")
_EVERYTHING = tuple(Deposition.__table__.c)
_WIRE = (
    T.id,
    T.state,
    T.slug,
    T.remote_session_id,
    T.booked_at,
    T.ended_at,
    T.session_type,
    T.deponent_name,
    T.deponent_email,
    T.deponent_role,
    T.invites,
    T.title,
    T.case_name,
    T.file_number,
    T.start_date,
    T.start_time,
    T.time_zone,
    T.estimated_duration,
    T.details,
    T.notice,
    T.cancellation_requested_at,
)

BY_ID = select(*_EVERYTHING).where(T.organization_id == _ID, T.id == bindparam("wanted"))
BY_REMOTE_ID = select(*_EVERYTHING).where(T.organization_id == _ID, T.remote_session_id == bindparam("wanted"))
BY_SLUG = select(*_EVERYTHING).where(T.organization_id == _ID, T.slug == bindparam("wanted"))
PUBLIC = (
    select(*_EVERYTHING, Organization.__table__.c.name.label("organization_name"))
    .join(Organization.__table__, Organization.__table__.c.id == T.organization_id)
    .where(T.slug == bindparam("wanted"))
)
COUNT_ALL = select(func.coalesce(func.sum(COUNTS.c.n), 0)).where(COUNTS.c.organization_id == _ID)

LARGEST_ID = 2**63 - 1
EARLIEST, LATEST = datetime(1800, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)


def get(db: Db, deposition_id: int, scope: ColumnElement[bool]) -> Any:
    """A deposition with its organization's name, for somebody who sees what `scope` admits. Raises NotFound."""
    organization = Organization.__table__.c
    row = db.execute(
        select(
            *_EVERYTHING,
            organization.name.label("organization_name"),
            organization.locale.label("organization_locale"),
            organization.contact_email.label("organization_email"),
        )
        .join(Organization.__table__, organization.id == T.organization_id)
        .where(T.id == deposition_id, scope)
    ).first()
    if row is None:
        raise NotFound("There is no such session request, or it belongs to somebody else.")
    return row


def find(db: Db, organization_id: int, wanted: str) -> Any:
    """An organization's deposition by numeric id, then `remote_session_id`, then the slug of its address.

    Raises NotFound, alike for what does not exist and what belongs to others.
    """
    for statement, value in _readings(wanted):
        row = db.execute(statement, {"organization_id": organization_id, "wanted": value}).first()
        if row is not None:
            return row
    raise NotFound("There is no such session request.")


def _readings(wanted: str) -> list[tuple[Any, Any]]:
    readings: list[tuple[Any, Any]] = []
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= 19 and int(wanted) <= LARGEST_ID:
        readings.append((BY_ID, int(wanted)))
    if len(wanted) == 36:
        with suppress(ValueError):
            readings.append((BY_REMOTE_ID, UUID(wanted)))
    if wanted.isascii() and len(wanted) <= 100 and "\x00" not in wanted:
        readings.append((BY_SLUG, wanted))
    return readings


def by_slug(db: Db, slug: str) -> Any:
    """The session behind a public address, with its organization's name. Raises NotFound."""
    row = None
    if slug.isascii() and len(slug) <= 100 and "\x00" not in slug:
        row = db.execute(PUBLIC, {"wanted": slug}).first()
    if row is None:
        raise NotFound("There is no session at this address. Copy the whole link from your message.")
    return row


def listed(
    db: Db, organization_id: int, *, after: datetime | None, before: datetime | None, page: int, size: int
) -> tuple[list[Any], int]:
    """One page in ascending id, and how many there are in all.

    `after`: only what starts later; `before`: only what ends earlier. The ids are found in an index alone, so that a
    late page does not read the rows before it; without filters the count is kept, not counted.
    """
    conditions = [T.organization_id == organization_id]
    if after is not None:
        conditions.append(T.starts_at > _storable(after))
    if before is not None:
        conditions.append(T.ends_at < _storable(before))
    if len(conditions) == 1:
        count = db.execute(COUNT_ALL, {"organization_id": organization_id}).scalar_one()
    else:
        count = db.execute(select(func.count()).where(*conditions)).scalar_one()
    offset = (page - 1) * size
    if offset >= count:
        return [], int(count)
    ids = select(T.id).where(*conditions).order_by(T.id).limit(size).offset(offset).subquery()
    rows = db.execute(select(*_WIRE).join(ids, ids.c.id == T.id).order_by(T.id)).all()
    return list(rows), int(count)


def _storable(moment: datetime) -> datetime:
    return min(max(moment, EARLIEST), LATEST)


def instant_of(epoch: int, milliseconds_from: int) -> datetime:
    """The moment of an epoch in seconds, or in milliseconds from `milliseconds_from` on; held within the calendar."""
    seconds = epoch / 1000 if abs(epoch) >= milliseconds_from else epoch
    seconds = min(max(seconds, EARLIEST.timestamp()), LATEST.timestamp())
    return datetime.fromtimestamp(seconds, UTC)
