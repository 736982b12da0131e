"""Creating an inspection."""

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Row

from app.accounts.models import Organization, Person
from app.accounts.rules import check_open
from app.inspections import chain, emails, events, people, rules
from app.inspections.actions._write import insert_link, record
from app.inspections.models import COUNTS, Anchoring, Campaign, Inspection, Status
from app.inspections.queries import search
from app.kernel.changes.events import Actor
from app.kernel.clock import iso
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.errors import FieldError, Invalid


def create(
    db: Db,
    *,
    organization_id: int,
    by: Actor,
    now: datetime,
    notes: str = "",
    scheduled_for: datetime | None = None,
    locale: str | None = None,
    campaign_id: uuid.UUID | None = None,
    operator_email: str | None = None,
    assignee: tuple[int, str] | None = None,
    subjects: Collection[str] = rules.SUBJECTS,
    id: uuid.UUID | None = None,
) -> Inspection:
    """Creates an inspection with the first event of its chain and its reminders.

    It is assigned to `assignee` (id and name) from the start, and asks field users about `subjects`. Demonstration data
    bring their own `id`. Raises Conflict (closed), PaymentRequired (billing, free plan used up) and Invalid
    (campaign of another organization, impossible moment).
    """
    organization = _billed(db, organization_id, operator_email)
    rules.check_schedule(scheduled_for)
    if campaign_id is not None:
        _check_campaign(db, campaign_id, organization_id)
    expires_at = rules.expiry(now, scheduled_for)
    id = id or uuid.uuid4()
    used = [subject for subject in rules.SUBJECTS if subject in subjects]
    first = {"session": str(id), "organization": organization.slug, "by": people.named(by), "subjects": used}
    link = chain.seal(0, chain.GENESIS, "session.created", first, now)
    values: Values = {
        Inspection.id: id,
        Inspection.organization_id: organization_id,
        Inspection.campaign_id: campaign_id,
        Inspection.status: Status.CREATED.value,
        Inspection.operator_email: operator_email or organization.contact_email,
        Inspection.operator_id: organization.operator_id,
        Inspection.operator_name: by.name if by.kind == "person" else "",
        Inspection.assignee_id: assignee[0] if assignee else None,
        Inspection.assignee_name: assignee[1] if assignee else None,
        Inspection.scheduled_for: scheduled_for,
        Inspection.expires_at: expires_at,
        Inspection.expires_on: expires_at.strftime("%Y-%m-%d"),
        Inspection.notes: notes,
        Inspection.locale: locale or organization.locale,
        Inspection.consent_state: {},
        Inspection.subjects: used,
        Inspection.anchoring: Anchoring.NOT_ENDED.value,
        Inspection.chain_length: link.sequence,
        Inspection.chain_head: link.hash,
        Inspection.version: 1,
        Inspection.created_at: now,
        Inspection.updated_at: now,
    }
    db.execute(insert(Inspection).values(dict(values)))
    insert_link(db, id, link)
    search.keep(db, id)
    inspection = Inspection(**{attribute.key: value for attribute, value in values.items()})
    data = {"scheduled_for": iso(scheduled_for), "locale": inspection.locale, "subjects": used}
    messages = emails.reminder_jobs(inspection, now)
    record(db, events.CREATED, inspection, by=by, now=now, data=data, messages=messages)
    return inspection


def _billed(
    db: Db, organization_id: int, operator_email: str | None
) -> Row[str, datetime | None, str, str, str, str, str, int | None]:
    """The organization, open and billed, and the person whose address the operator's is. A free one is locked first, so
    that parallel creates count in turn."""
    operator = select(Person.id).where(Person.email == (operator_email or Organization.contact_email))
    columns = (
        Organization.name,
        Organization.closed_at,
        Organization.slug,
        Organization.plan,
        Organization.billing,
        Organization.locale,
        Organization.contact_email,
        operator.scalar_subquery().label("operator_id"),
    )
    statement = select(*columns).where(Organization.id == organization_id)
    organization = db.execute(statement).one()
    created_ever = 0
    if organization.plan in rules.FREE_PLANS:
        organization = db.execute(statement.with_for_update(key_share=True)).one()
        counted = select(func.sum(COUNTS.c.n)).where(COUNTS.c.organization_id == organization_id)
        created_ever = int(db.scalar(counted) or 0)
    check_open(organization.name, organization.closed_at)
    rules.check_billing(organization.plan, organization.billing, created_ever)
    return organization


def _check_campaign(db: Db, id: uuid.UUID, organization_id: int) -> None:
    known = select(Campaign.id).where(Campaign.id == id, Campaign.organization_id == organization_id)
    if db.scalar(known) is None:
        sentence = "This is not a campaign of your organization."
        raise Invalid(f"campaign: {sentence}", errors=(FieldError("campaign", "unknown", sentence),), status=400)
