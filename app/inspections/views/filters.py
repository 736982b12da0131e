"""The filters of the desk's list."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import request

from app.accounts.access import me
from app.accounts.roles import INSPECTIONS
from app.accounts.rules import LOCALES
from app.dashboard.filters import (
    Assignee,
    Choice,
    Chosen,
    Dated,
    Filters,
    Organization,
    Person,
    Reader,
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
from app.kernel.db.transaction import reading


def campaigns(_chosen: Chosen) -> Sequence[tuple[UUID, str]]:
    """The campaigns of the reader's organizations."""
    found = queries.campaigns(reading(), me().scope(INSPECTIONS).where(Campaign.organization_id))
    return [(row.id, row.name) for row in found]


FILTERS = Filters(
    Tabs("view", listing.VIEWS),
    [
        Reference("campaign", "Campaign", Inspection.campaign_id, campaigns),
        Choice("language", "Language", list(LOCALES.items()), column=Inspection.locale),
        Person("operator", "Made by", listing.operated_by),
        Assignee(Inspection.assignee_id),
        # Its rows are read range by range, so the list narrows by organization itself.
        Organization(None),
        Tag(SUBJECT, Inspection.id),
        # By when it expires, a fixed time after it takes place: the indexes hold that.
        *date_range(Dated("", Inspection.expires_at, TTL)),
        Text(SUBJECT, Inspection.id, "name, e-mail, notes, number"),
    ],
    orders={"when": "by when they take place", "ended": "by when they ended"},
    sorts=listing.sorts,
)


def here() -> dict[str, Any]:  # texts; url_for takes them by keyword beside its own
    """The query arguments of the list that this page came from."""
    return FILTERS.read(request.args, Reader(me().id)).args
