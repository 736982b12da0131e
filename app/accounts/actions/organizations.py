"""Organizations: creating them and changing what they may do."""

from datetime import datetime
from typing import TypedDict

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
    contact_email: str
    decision_emails: bool
    require_second_factor: bool


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
    require_second_factor: bool = False,
) -> Organization:
    """Creates an organization. Raises Invalid for a bad field, Conflict when the slug is taken."""
    fields = checked(
        {
            "name": name,
            "plan": plan,
            "billing": billing,
            "self_service": self_service,
            "locale": locale,
            "time_zone": time_zone,
            "contact_email": contact_email,
            "decision_emails": decision_emails,
            "require_second_factor": require_second_factor,
        }
    )
    made = insert_once(
        db,
        Organization,
        {
            Organization.slug: rules.slug(slug),
            Organization.name: fields["name"],
            Organization.plan: fields["plan"],
            Organization.billing: fields["billing"],
            Organization.self_service: fields["self_service"],
            Organization.locale: fields["locale"],
            Organization.time_zone: fields["time_zone"],
            Organization.country: normalization.region_of(fields["time_zone"]),
            Organization.contact_email: fields["contact_email"],
            Organization.decision_emails: fields["decision_emails"],
            Organization.require_second_factor: fields["require_second_factor"],
            Organization.version: 1,
            Organization.created_at: now,
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
        data={"slug": slug, **fields},
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
            f"{'You have' if own else 'Another user has'} changed this organization. Nothing was saved. Look at the "
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
    if "contact_email" in fields:
        address = fields["contact_email"]
        found["contact_email"] = rules.email_address(address, "contact_email") if normalization.email(address) else ""
    return found
