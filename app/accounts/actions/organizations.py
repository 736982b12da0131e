"""Organizations: creating them and changing what they may do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from app.accounts import events, rules
from app.accounts.models import Billing, Organization, Plan
from app.kernel.changes.events import Actor, record
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Conflict

STAFF_FIELDS = frozenset({"plan", "billing", "self_service"})
"""What an organization pays for and may do: only the house changes these."""


def create(
    db: Db,
    *,
    slug: str,
    name: str,
    by: Actor,
    now: datetime,
    plan: str = Plan.FREE.value,
    billing: str = Billing.ACTIVE.value,
    self_service: bool = False,
    locale: str = "en",
    time_zone: str = "America/New_York",
    contact_email: str = "",
    decision_emails: bool = True,
) -> Organization:
    """Makes an organization. Raises Invalid for a bad field, Conflict when the slug is taken."""
    facts: dict[str, Any] = checked(
        {
            "name": name,
            "plan": plan,
            "billing": billing,
            "self_service": self_service,
            "locale": locale,
            "time_zone": time_zone,
            "contact_email": contact_email,
            "decision_emails": decision_emails,
        }
    )
    made = insert_once(
        db,
        Organization,
        {
            Organization.slug: rules.slug(slug),
            Organization.version: 1,
            Organization.created_at: now,
            **{getattr(Organization, name): value for name, value in facts.items()},
        },
    )
    if made is None:
        raise Conflict(f"There is already an organization {slug}. Nothing was created.", code="organization.exists")
    record(
        db,
        events.ORGANIZATION_CREATED,
        subject_type="organization",
        subject_id=made,
        organization_id=made,
        by=by,
        now=now,
        data={"slug": slug, **facts},
    )
    return db.get_one(Organization, made)


def change(
    db: Db,
    organization: Organization,
    changes: Mapping[str, Any],
    *,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> Organization:
    """Writes what differs. Raises Invalid for a bad field, Conflict when somebody else changed it meanwhile."""
    after = {name: value for name, value in checked(changes).items() if getattr(organization, name) != value}
    expected = organization.version if version is None else version
    if not after and expected == organization.version:
        return organization
    done = db.execute(
        update(Organization)
        .where(Organization.id == organization.id, Organization.version == expected)
        .values(**after, version=expected + 1)
        .returning(Organization.id)
    ).scalar_one_or_none()
    if done is None:
        raise Conflict(
            "Somebody else changed this organization meanwhile. Nothing was saved. Look at theirs, then save again.",
            code="organization.changed",
        )
    before = {name: getattr(organization, name) for name in after}
    record(
        db,
        events.ORGANIZATION_CHANGED,
        subject_type="organization",
        subject_id=organization.id,
        organization_id=organization.id,
        by=by,
        now=now,
        data={"before": before, "after": after},
    )
    return db.get_one(Organization, organization.id, populate_existing=True)


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of an organization as they are kept: trimmed, lowered, known words. Raises Invalid."""
    checks: dict[str, Any] = {
        "name": lambda value: rules.plain_text("name", value, rules.NAME_LENGTH),
        "plan": rules.plan,
        "billing": rules.billing,
        "locale": rules.locale,
        "time_zone": rules.time_zone,
        "contact_email": lambda value: rules.email_address(value, "contact_email") if value.strip() else "",
        "self_service": bool,
        "decision_emails": bool,
        "require_second_factor": bool,
    }
    return {name: checks[name](value) for name, value in changes.items()}
