"""The filters of the desk's list, and what its pages share: the blueprint, and one row within the reader's reach."""

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from flask import Blueprint, g

from app.accounts.access import Me, me, signed_in
from app.accounts.roles import PRESCREENS, Role
from app.dashboard.filters import (
    Assignee,
    Choice,
    Chosen,
    Dated,
    Filters,
    Organization,
    Reference,
    Tabs,
    Tag,
    Text,
    date_range,
)
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.errors import Conflict, NotFound
from app.prescreens import presentation
from app.prescreens.events import SUBJECT
from app.prescreens.models import TIME_TO_LIVE, Prescreen
from app.prescreens.queries import detail, first_looks, listing, questionnaires
from app.prescreens.queries.counts import reach_of
from app.prescreens.queries.first_looks import Looker
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import first_look
from app.prescreens.views.measured import MEASURED

pages = Blueprint("prescreens", __name__, url_prefix="/prescreens")

READERS = (Role.LEASING_AGENT, Role.LEASING_LEAD, Role.ADMIN, Role.AUDITOR)


def organizations(chosen: Chosen) -> list[tuple[int, str]]:
    """The reader's organizations that have questionnaires, read once a request."""
    known: list[tuple[int, str]] | None = g.get("prescreen_organizations")
    if known is None:
        ids = chosen.reader.organization_ids
        found = questionnaires.organizations(reading(), Reach(None if ids is None else tuple(sorted(ids))))
        known = g.prescreen_organizations = found
    return known


def questionnaires_of(chosen: Chosen) -> list[tuple[UUID, str]]:
    """The questionnaires of the organizations in the list."""
    found = questionnaires.names(reading(), Reach(chosen.organization_ids))
    return [(row.id, f"{row.name}, {row.organization_name}" if chosen.several else row.name) for row in found]


class Words(Text):
    """Words to look for. What the reader has not looked at yet is not found: that would tell who it is from."""

    def values(self, value: str, chosen: Chosen, db: Db) -> Mapping[str, object]:
        found = super().values(value, chosen, db)["found"]
        ids, user = cast(list[UUID], found), signed_in()
        hidden = first_looks.unseen_of(db, ids, looker(user), clock.now()) if user else set()
        return {"found": [id for id in ids if id not in hidden]}


FILTERS = Filters(
    Tabs("state", listing.STATES, "Show", presentation.STATE_CHOICES),
    [
        Choice(
            "left",
            "Days left",
            [(days, days) for days in listing.LEFT],
            on_tab=lambda tab: listing.LEFT if tab == listing.WAITING else (),
            hidden=True,
        ),
        Organization(organizations),
        Reference("template", "Questionnaire", Prescreen.workflow_template_id, questionnaires_of),
        Assignee(Prescreen.assignee_id),
        Tag(SUBJECT, Prescreen.id),
        *date_range(
            # By when it expires, a fixed time after its start: the indexes hold that.
            Dated("Started", Prescreen.expires_at, TIME_TO_LIVE, back=True),
            dict.fromkeys(listing.DECIDED, Dated("Decided", Prescreen.reviewed_at, back=True)),
        ),
        *MEASURED,
        Words(SUBJECT, Prescreen.id, "Name, e-mail or telephone", longest=100),
    ],
    orders={"left": "by the time left", "decided": "by when they were decided"},
    sorts=listing.sorts,
)


def looker(user: Me | None = None) -> Looker:
    """The user, as first looks know them."""
    user = user or me()
    return Looker(user.id, user.scope(PRESCREENS, write=True))


def visible(id: UUID) -> Prescreen:
    """The prescreen, as the user may see it now. Raises NotFound."""
    prescreen = detail.get(reading(), id, reach_of(me().scope(PRESCREENS)))
    if prescreen is None:
        raise NotFound("There is no such prescreen, or it belongs to an organization that is not yours.")
    (prescreen,) = first_looks.veiled(reading(), [prescreen], looker(), clock.now())
    return prescreen


def actable(id: UUID) -> Prescreen:
    """The prescreen, for a user who may change it. Raises NotFound, Denied."""
    prescreen = visible(id)
    me().check(PRESCREENS, prescreen.organization_id)
    return prescreen


def looked_at(id: UUID) -> Prescreen:
    """The prescreen, for a user who may change it and knows all of it. Raises NotFound, Denied, Conflict."""
    return known(actable(id))


def known(prescreen: Prescreen) -> Prescreen:
    """The same prescreen, of which the user knows all. Raises Conflict before their first look."""
    if first_looks.is_veiled(prescreen):
        raise Conflict(f"{first_look.FIRST} Nothing was done.", code="first_look.first")
    return prescreen


def writable() -> Reach:
    """The organizations whose prescreens the user may change."""
    return reach_of(me().scope(PRESCREENS, write=True))
