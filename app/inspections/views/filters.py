"""What the desk's pages share: the blueprint, the filters of the list, and one inspection of it."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint

from app.accounts.access import me
from app.accounts.roles import INSPECTIONS, Role
from app.accounts.rules import LOCALES
from app.dashboard.filters import (
    Assignee,
    Choice,
    Chosen,
    Dated,
    Filters,
    Organization,
    Person,
    Reference,
    Tabs,
    Tag,
    Text,
    date_range,
)
from app.inspections import queries
from app.inspections.events import SUBJECT
from app.inspections.models import Campaign, Inspection
from app.inspections.queries import listing
from app.inspections.rules import TTL
from app.kernel.api.routing import as_uuid
from app.kernel.db.transaction import reading

pages = Blueprint("inspections", __name__, url_prefix="/inspections")
READERS = (Role.OPERATOR, Role.ADMIN, Role.AUDITOR)


def campaigns(_chosen: Chosen) -> Sequence[tuple[UUID, str]]:
    """The campaigns of the reader's organizations."""
    found = queries.campaigns(reading(), me().scope(INSPECTIONS).where(Campaign.organization_id))
    return [(row.id, row.name) for row in found]


FILTERS = Filters(
    Tabs("view", listing.VIEWS),
    [
        Reference("campaign", "Campaign", Inspection.campaign_id, campaigns),
        Choice("language", "Language", list(LOCALES.items()), column=Inspection.locale),
        Person("operator", "Created by", listing.operated_by),
        Assignee(Inspection.assignee_id),
        Organization(),
        Tag(SUBJECT, Inspection.id),
        # By when it expires, a fixed time after it takes place: the indexes hold that.
        *date_range(Dated("Takes place", Inspection.expires_at, TTL)),
        Text(SUBJECT, Inspection.id, "Name, e-mail, notes or number"),
    ],
    orders={"when": "by when they take place", "ended": "by when they ended"},
    sorts=listing.sorts,
)


def visible(id: str) -> Inspection:
    """The inspection, for a user who may see it. Raises NotFound."""
    return queries.get(reading(), as_uuid(id), me().scope(INSPECTIONS).where(Inspection.organization_id))


def actable(id: str) -> Inspection:
    """The inspection, for a user who may change it. Raises NotFound, Denied."""
    inspection = visible(id)
    me().check(INSPECTIONS, inspection.organization_id)
    return inspection
