"""A row of the list: the columns that are read, and what they are."""

from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select

from app.accounts.models import Organization
from app.depositions.models import Deposition

COLUMNS = (
    Deposition.id,
    Deposition.state,
    Deposition.version,
    Deposition.starts_at,
    Deposition.ends_at,
    Deposition.zone,
    Deposition.ambiguous,
    Deposition.deponent_name,
    Deposition.deponent_role,
    Deposition.title,
    Deposition.case_name,
    Deposition.details,
    Deposition.postback_url,
    Deposition.cancellation_open,
    Deposition.cancellation_requested_at,
    Deposition.overlapping,
    Deposition.hour_moved,
    Deposition.reconfirmation,
    Deposition.question,
    Deposition.agreement,
    Deposition.assignee_id,
    Deposition.assignee_name,
    Deposition.manager_id,
    Deposition.manager_name,
    Deposition.created_at,
    Deposition.promised_by,
    Deposition.updated_at,
    Deposition.organization_id,
    # Not a join: beside one, PostgreSQL may leave the index's order and sort.
    select(Organization.name)
    .where(Organization.id == Deposition.organization_id)
    .scalar_subquery()
    .label("organization_name"),
    select(func.coalesce(Organization.country, Organization.time_zone))
    .where(Organization.id == Deposition.organization_id)
    .scalar_subquery()
    .label("organization_region"),
)


class ListedDeposition(Protocol):
    """A row of the list: what COLUMNS reads."""

    id: int
    state: str
    version: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    ambiguous: bool
    deponent_name: str | None
    deponent_role: str | None
    title: str
    case_name: str
    details: dict[str, str]
    postback_url: str | None
    cancellation_open: bool
    cancellation_requested_at: datetime | None
    overlapping: bool
    hour_moved: bool
    reconfirmation: str | None
    question: str | None
    agreement: str | None
    assignee_id: int | None
    assignee_name: str | None
    manager_id: int | None
    manager_name: str | None
    created_at: datetime
    promised_by: datetime
    updated_at: datetime
    organization_id: int
    organization_name: str
    organization_region: str
