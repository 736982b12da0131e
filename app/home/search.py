"""One search over every desk a person has: by name, case, e-mail or number. Indexed, and capped a desk."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, union_all

from app.accounts.access import Me, Scope
from app.accounts.models import Organization
from app.accounts.queries import contains
from app.accounts.roles import DEPOSITIONS, INSPECTIONS, PRESCREENS
from app.depositions.queries import queue as depositions
from app.home import desks
from app.inspections.models import Inspection, Invite
from app.kernel.db import Db
from app.prescreens.queries import desk as prescreens

SHOWN = 10
"""Finds a desk shows; its own list has the rest."""
NEWEST = 2000
"""Inspections have no word index: so many of the newest are looked through, shared by the organizations in reach."""
MOST_ORGANIZATIONS = 50


@dataclass(frozen=True, slots=True)
class Find:
    """One thing found: what it is called, what tells it apart, where it is."""

    title: str
    small: str
    state: str
    endpoint: str
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finds:
    """What one desk found. `more` says that its own list holds further ones."""

    desk: desks.Desk
    rows: list[Find]
    more: bool


def search(db: Db, person: Me, text: str, now: datetime) -> list[Finds]:
    """What each desk finds, empty desks included, so that a person sees where was looked."""
    ways = {DEPOSITIONS: _depositions, PRESCREENS: _prescreens, INSPECTIONS: _inspections}
    found = []
    for desk in desks.of(person):
        rows = ways[desk.name](db, person.scope(desk.name), text, now)
        found.append(Finds(desk, rows[:SHOWN], len(rows) > SHOWN))
    return found


def _depositions(db: Db, scope: Scope, text: str, now: datetime) -> list[Find]:
    filters = depositions.Filters(view=depositions.EVERYTHING, q=text, reach=desks.reach(scope))
    return [
        Find(
            row.deponent_name or row.title,
            f"{row.case_name} · {row.organization_name} · no. {row.id}",
            row.state.capitalize(),
            "depositions.detail",
            {"id": row.id},
        )
        for _, row in depositions.page(db, filters, now, None).rows
    ]


def _prescreens(db: Db, scope: Scope, text: str, now: datetime) -> list[Find]:
    view = prescreens.View(state="all", text=text)
    rows = prescreens.page(db, prescreens.reach_of(scope), view, now, after=None, size=SHOWN + 1).rows
    return [
        Find(
            row.name or row.email or row.phone or "Somebody without a name",
            " · ".join(part for part in (row.template_name, row.organization_name, row.email) if part),
            _prescreen_state(row, now),
            "prescreens.detail",
            {"id": row.id},
        )
        for _, row in rows
    ]


def _prescreen_state(row: Any, now: datetime) -> str:
    if row.reviewed_at is not None:
        return row.review_status.capitalize()
    if row.expires_at <= now:
        return "Expired"
    return {"completed": "Waiting for a decision", "active": "Answering", "draft": "Opened"}[row.status]


def _inspections(db: Db, scope: Scope, text: str, _now: datetime) -> list[Find]:
    i, v = Inspection.__table__.c, Invite.__table__.c
    columns = (i.id, i.notes, i.status, i.operator_email, i.created_at)
    number = _as_uuid(text)
    if number is not None:
        rows = db.execute(select(*columns).where(i.id == number, scope.where(i.organization_id))).all()
    else:
        newest = _newest(db, scope)
        if newest is None:
            return []
        invited = select(v.id).where(
            v.inspection_id == i.id,
            or_(
                contains(v.recipient_email, text),
                contains(v.recipient_first_name + " " + v.recipient_last_name, text),
            ),
        )
        matches = or_(contains(i.notes, text), contains(i.operator_email, text), invited.exists())
        statement = select(*columns).where(i.id.in_(newest), matches).order_by(i.created_at.desc(), i.id)
        rows = db.execute(statement.limit(SHOWN + 1)).all()
    return [
        Find(
            row.notes.partition("\n")[0][:120] or f"Inspection {str(row.id)[:8]}",
            f"by {row.operator_email} · {str(row.id)[:8]}",
            row.status.capitalize(),
            "inspections.detail",
            {"id": row.id},
        )
        for row in rows
    ]


def _newest(db: Db, scope: Scope) -> Any:
    """Ids of the newest inspections in reach: a stretch of each organization's own index."""
    i = Inspection.__table__.c
    ids = sorted(scope.organization_ids)
    if scope.everything:
        ids = list(db.execute(select(Organization.id).order_by(Organization.id).limit(MOST_ORGANIZATIONS)).scalars())
    if not ids:
        return None
    each = NEWEST // len(ids[:MOST_ORGANIZATIONS])
    stretches = [
        select(i.id).where(i.organization_id == organization).order_by(i.created_at.desc(), i.id.desc()).limit(each)
        for organization in ids[:MOST_ORGANIZATIONS]
    ]
    return union_all(*(select(stretch.subquery().c.id) for stretch in stretches))


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
