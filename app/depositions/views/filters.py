"""The filters of the desk's list, and what its pages share: the blueprint, and one row within the reader's reach."""

from flask import Blueprint

from app.accounts.access import me
from app.accounts.roles import DEPOSITIONS, Role
from app.dashboard.filters import Assignee, Choice, Dated, Filters, Organization, Tabs, Tag, Text, date_range
from app.depositions import presentation
from app.depositions.events import SUBJECT
from app.depositions.models import Deposition
from app.depositions.queries import detail, listing, tabs
from app.depositions.queries.detail import DepositionDetail
from app.depositions.views.managed_by import ManagedBy
from app.depositions.views.own_filters import HasFlag, InZoneNearby, OfCase
from app.kernel.db.transaction import reading

pages = Blueprint("depositions", __name__, url_prefix="/depositions")
READERS = (Role.SCHEDULER, Role.ADMIN, Role.AUDITOR)

FILTERS = Filters(
    Tabs("view", tabs.VIEWS),
    [
        Choice(
            "state",
            "State",
            [(state.value, label.word) for state, label in presentation.STATES.items()],
            on_tab=lambda tab: [state.value for state in tabs.STATES_OF[tab]],
        ),
        Organization(),
        Assignee(Deposition.assignee_id),
        ManagedBy(),
        OfCase(),
        HasFlag(listing.LOOKED_FOR),
        InZoneNearby(),
        Tag(SUBJECT, Deposition.id),
        *date_range(Dated("Starts", Deposition.starts_at)),
        Text(SUBJECT, Deposition.id, "Name, case, e-mail or number"),
    ],
    orders={"starts": "by start", "received": "by when they came in"},
    sorts=listing.sorts,
)


def visible(id: int) -> DepositionDetail:
    """The deposition, for a user who may see it. Raises NotFound."""
    return detail.get(reading(), id, me().scope(DEPOSITIONS).where(Deposition.organization_id))


def actable(id: int) -> DepositionDetail:
    """The deposition, for a user who may change it. Raises NotFound, Denied."""
    deposition = visible(id)
    me().check(DEPOSITIONS, deposition.organization_id)
    return deposition
