"""Organizations: creating, changing, closing and reopening them."""

from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import update

from app.accounts import events, rules
from app.accounts.models import Billing, Organization, Plan
from app.kernel.changes.events import Actor, is_own_act, record
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Conflict
from app.kernel.text import normalization


class OrganizationFields(TypedDict, total=False):
    """The fields of an organization that administrators and operators change."""

    name: str
    plan: str
    billing: str
    self_service: bool
    locale: str
    time_zone: str
    country: str | None
    contact_email: str
    colour: str
    public_email: str
    public_phone: str
    hours: str
    decision_emails: bool
    prescreen_days: int | None
    require_second_factor: bool
    evidence_days: int | None


DEFAULTS: OrganizationFields = {
    "name": "",
    "plan": Plan.FREE.value,
    "billing": Billing.ACTIVE.value,
    "self_service": False,
    "locale": "en",
    "time_zone": "America/New_York",
    "country": None,
    "contact_email": "",
    "colour": "",
    "public_email": "",
    "public_phone": "",
    "hours": "",
    "decision_emails": True,
    "prescreen_days": None,
    "require_second_factor": False,
    "evidence_days": None,
}


def create(db: Db, *, slug: str, by: Actor, now: datetime, **fields: Unpack[OrganizationFields]) -> Organization:
    """Creates an organization. Its country is that of its time zone, unless it is given.

    Raises Invalid for a bad field, Conflict when the slug is taken.
    """
    facts = checked({**DEFAULTS, **fields})
    facts["country"] = facts["country"] or normalization.region_of(facts["time_zone"])
    values = {getattr(Organization, name): value for name, value in facts.items()}
    own = {Organization.slug: rules.slug(slug), Organization.version: 1, Organization.created_at: now}
    made = insert_once(db, Organization, {**own, **values})
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
    changes: OrganizationFields,
    *,
    version: int | None = None,
    by: Actor,
    now: datetime,
) -> Organization:
    """Writes the fields that differ. Raises Invalid for a bad field, Conflict when the version moved on."""
    fields = checked(changes)
    after = {name: value for name, value in fields.items() if getattr(organization, name) != value}
    expected = organization.version if version is None else version
    if not after and expected == organization.version:
        return organization
    done = db.execute(
        update(Organization)
        .where(Organization.id == organization.id, Organization.version == expected)
        .values({**after, "version": expected + 1})
        .returning(Organization.id)
    ).scalar_one_or_none()
    if done is None:
        own = is_own_act(db, "organization", organization.id, [events.ORGANIZATION_CHANGED], by)
        raise Conflict(
            f"{'You have' if own else 'Somebody else has'} changed this organization. Nothing was saved. Look at the "
            "changes, then save again.",
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


def close(db: Db, organization: Organization, *, by: Actor, now: datetime) -> None:
    """Closes an organization: nothing begins anew in it, and what is under way goes on. Raises Conflict when it is
    closed already."""
    _set_closed(db, organization, now, by=by, now=now)


def reopen(db: Db, organization: Organization, *, by: Actor, now: datetime) -> None:
    """Reopens an organization with the keys, roles and questionnaires that it had. Raises Conflict when it is open."""
    _set_closed(db, organization, None, by=by, now=now)


def _set_closed(db: Db, organization: Organization, at: datetime | None, *, by: Actor, now: datetime) -> None:
    is_open = Organization.closed_at.is_(None)
    done = db.execute(
        update(Organization)
        .where(Organization.id == organization.id, is_open if at else ~is_open)
        .values({Organization.closed_at: at, Organization.version: Organization.version + 1})
        .returning(Organization.id)
    ).scalar_one_or_none()
    if done is None:
        raise Conflict(
            f"{organization.name} is already {'closed' if at else 'open'}. Nothing was changed.",
            code="organization.already_closed" if at else "organization.already_open",
        )
    record(
        db,
        events.ORGANIZATION_CLOSED if at else events.ORGANIZATION_REOPENED,
        subject_type="organization",
        subject_id=organization.id,
        organization_id=organization.id,
        by=by,
        now=now,
        data={"before": {"closed": at is None}, "after": {"closed": at is not None}},
    )


def checked(fields: OrganizationFields) -> OrganizationFields:
    """The fields as they are stored: trimmed, in lower case, known values. Raises Invalid."""
    found = fields.copy()
    if "name" in fields:
        found["name"] = rules.plain_text("name", fields["name"], rules.NAME_LENGTH)
    if "plan" in fields:
        found["plan"] = rules.plan(fields["plan"])
    if "billing" in fields:
        found["billing"] = rules.billing(fields["billing"])
    if "locale" in fields:
        found["locale"] = rules.locale(fields["locale"])
    if "time_zone" in fields:
        found["time_zone"] = rules.time_zone(fields["time_zone"])
    if "country" in fields:
        found["country"] = rules.country(fields["country"])
    if "colour" in fields:
        found["colour"] = rules.colour(fields["colour"])
    if "contact_email" in fields:
        found["contact_email"] = _address("contact_email", fields["contact_email"])
    if "public_email" in fields:
        found["public_email"] = _address("public_email", fields["public_email"])
    if "public_phone" in fields:
        found["public_phone"] = rules.telephone("public_phone", fields["public_phone"])
    if "prescreen_days" in fields:
        found["prescreen_days"] = rules.keep_days(fields["prescreen_days"])
    if "evidence_days" in fields:
        found["evidence_days"] = rules.keep_days(fields["evidence_days"], "evidence_days")
    if "hours" in fields:
        hours = fields["hours"]
        found["hours"] = rules.plain_text("hours", hours, rules.HOURS_LENGTH) if normalization.name(hours) else ""
    return found


def _address(field: str, typed: str) -> str:
    """An e-mail address, or empty text."""
    return rules.email_address(typed, field) if normalization.email(typed) else ""
