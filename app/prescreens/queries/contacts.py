"""Who answered: contacts by e-mail, then by phone, and the prescreens of one contact."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select

from app.kernel.db.engine import Db
from app.prescreens.models import Contact, Prescreen, WorkflowTemplate
from app.prescreens.queries.stages import P
from app.prescreens.rules.answers import email_key, phone_key

C, T = Contact.__table__.c, WorkflowTemplate.__table__.c


def match(db: Db, organization_id: int, email: str | None, phone: str | None) -> tuple[UUID | None, UUID | None]:
    """The contact known by this address, and the one known by this number, within one organization."""

    def known(column: Any, key: str | None) -> UUID | None:
        if not key:
            return None
        return db.execute(select(C.id).where(C.organization_id == organization_id, column == key)).scalar_one_or_none()

    by_email = known(C.email_key, email_key(email) if email else None)
    return by_email, known(C.phone_key, phone_key(phone) if phone else None)


def get(db: Db, id: UUID | None) -> Row | None:
    return None if id is None else db.execute(select(Contact.__table__).where(C.id == id)).one_or_none()


def earlier(db: Db, prescreen: Any, limit: int = 20) -> Sequence[Row]:
    """Other prescreens of the same contact, newest first."""
    if prescreen.contact_id is None:
        return []
    return db.execute(
        select(
            P.id,
            P.status,
            P.review_status,
            P.reviewed_by,
            P.expires_at,
            P.created_at,
            T.name.label("template_name"),
        )
        .join_from(Prescreen.__table__, WorkflowTemplate.__table__, T.id == P.workflow_template_id)
        .where(
            P.organization_id == prescreen.organization_id,
            P.contact_id == prescreen.contact_id,
            P.id != prescreen.id,
        )
        .order_by(P.expires_at.desc(), P.id.desc())
        .limit(limit)
    ).all()


_FIRST = (
    select(P.contact_id, func.min(P.expires_at))
    .where(
        # Their organizations too, which the index begins with.
        P.organization_id.in_(bindparam("organizations", expanding=True)),
        P.contact_id.in_(bindparam("contacts", expanding=True)),
    )
    .group_by(P.contact_id)
)


def known_before(db: Db, rows: Sequence[Any]) -> set[UUID]:
    """Which of these prescreens come from a contact that an earlier one came from: the earliest expires first."""
    known = [row for row in rows if row.contact_id is not None]
    if not known:
        return set()
    values = {
        "organizations": sorted({row.organization_id for row in known}),
        "contacts": sorted({row.contact_id for row in known}),
    }
    first: dict[Any, Any] = {row[0]: row[1] for row in db.connection().execute(_FIRST, values)}
    return {row.id for row in known if first.get(row.contact_id, row.expires_at) < row.expires_at}
