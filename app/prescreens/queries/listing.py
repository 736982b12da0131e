"""The list of prescreens: its groups by days left, its filters and its orders.

Each group is one range of one index, so that the cost of a page does not depend on the number of rows. Page, counts,
CSV and neighbours come from `listing()` (app/dashboard/listing.py); the numbers of tabs and groups are in counts.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from sqlalchemy import BigInteger, BindParameter, ColumnElement, bindparam, cast, func, literal_column, select

from app.accounts.models import Organization
from app.dashboard.filters import Chosen, ListKind, spread, within_reach
from app.dashboard.listing import CompiledListing, Conditions, Listing, Neighbours, Segment
from app.dashboard.undo import queries as undo_queries
from app.kernel.db.engine import Db
from app.prescreens.events import SUBJECT
from app.prescreens.models import Prescreen, Questionnaire, Submission
from app.prescreens.queries import counts
from app.prescreens.queries.counts import ACTIVE, COMPLETED, DRAFT
from app.prescreens.queries.stages import PENDING, Stage
from app.prescreens.rules.inquiries import ANSWERED, ASKED
from app.prescreens.rules.review import LIMITS

WAITING = "waiting"
STATES = (WAITING, "asked", "answering", "decided", "approved", "denied", "expired", "all")
DECIDED = ("decided", "approved", "denied")
LEFT = tuple(str(days) for days in LIMITS)
"""Days left at most, as the tabs ask for."""


_ASSIGNEES: ColumnElement[int] = literal_column("1000000000")


@dataclass(frozen=True, slots=True)
class Seen:
    """Version and assignee of a row when its page was shown.

    Assigning does not change the version; but a row must not be taken from an assignee whom the user has not seen.
    """

    version: int
    assignee_id: int | None

    @classmethod
    def read(cls, number: int) -> "Seen":
        """Reads the `version` of a row of the list."""
        version, assignee_id = divmod(number, 1_000_000_000)
        return cls(version, assignee_id or None)

    @property
    def number(self) -> int:
        """Both in one number."""
        return self.version * 1_000_000_000 + (self.assignee_id or 0)


SEEN = (
    cast(Prescreen.version, BigInteger) * _ASSIGNEES + func.coalesce(Prescreen.assignee_id, literal_column("0"))
).label("version")
# Names are looked up row by row, not joined: a planner that joins may read the list in another order and sort it.
COLUMNS = (
    Prescreen.id,
    Prescreen.organization_id,
    Prescreen.name,
    Prescreen.email,
    Prescreen.phone,
    Prescreen.submission,
    Prescreen.status,
    Prescreen.review_status,
    Prescreen.reviewed_at,
    Prescreen.reviewed_by,
    Prescreen.contact_id,
    Prescreen.other_contact_id,
    Prescreen.workflow_template_id,
    Prescreen.template_version,
    Prescreen.assignee_id,
    Prescreen.assignee_name,
    Prescreen.inquiry,
    Prescreen.blind,
    SEEN,
    Prescreen.created_at,
    Prescreen.completed_at,
    Prescreen.expires_at,
    Prescreen.withdrawn_at,
    select(Questionnaire.name)
    .where(Questionnaire.id == Prescreen.workflow_template_id)
    .scalar_subquery()
    .label("questionnaire_name"),
    select(Organization.name)
    .where(Organization.id == Prescreen.organization_id)
    .scalar_subquery()
    .label("organization_name"),
)


class ListedPrescreen(Protocol):
    """A row of the list: what COLUMNS reads. `version` is a `Seen` in one number."""

    id: UUID
    organization_id: int
    name: str | None
    email: str | None
    phone: str | None
    submission: Submission
    status: str
    review_status: str
    reviewed_at: datetime | None
    reviewed_by: str | None
    contact_id: UUID | None
    other_contact_id: UUID | None
    workflow_template_id: UUID
    template_version: int
    assignee_id: int | None
    inquiry: str | None
    blind: bool
    version: int
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime
    withdrawn_at: datetime | None
    questionnaire_name: str
    organization_name: str
    assignee_name: str | None


CURSOR_NAMES = ("state", "left", "organization", "template", "from", "to", "q", "tag", "with", "sort")
"""The arguments that bind a cursor to its list, in the order of every version."""


MEASURED = ("criteria", "decider", "hour", "waited", "language", "template_version")
"""The arguments that name a group of the fairness page; `measured` are the prescreens that are in all of them."""


def sorts(chosen: Chosen) -> Sequence[str]:
    """The orders that an index carries."""
    return ("decided",) if chosen.tab in DECIDED else ("left",)


ASKED_LITERAL: ColumnElement[str] = literal_column(f"'{ASKED}'")
ANSWERED_LITERAL: ColumnElement[str] = literal_column(f"'{ANSWERED}'")
"""Literals: no database takes a partial index for a value it learns later."""


def is_plain(chosen: Chosen) -> bool:
    """Whether nothing but its tab narrows the list: the counters know such a list's numbers."""
    return all(filter.name == "left" for filter in chosen.values)


def listing(db: Db, chosen: Chosen, now: datetime, *, besides: Sequence[UUID] | None = None) -> Listing:
    """The list of these filters at this moment; with `besides`, the list without these rows."""
    values = {**counts.limits(now), **chosen.bind(db), "besides": list(besides or ())}
    return Listing(
        _compiled(chosen.kind, besides is not None), values, purpose=chosen.purpose("prescreens", CURSOR_NAMES)
    )


@lru_cache(maxsize=1024)
def _compiled(kind: ListKind, free: bool) -> CompiledListing:
    reach = within_reach(Prescreen.organization_id, kind.reach)
    return CompiledListing(
        Prescreen,
        COLUMNS,
        spread(_segments(kind, free), Prescreen.organization_id, kind),
        reach=reach,
        counter_queries=counts.counter_queries(kind.reach),
    )


def _at(name: str) -> BindParameter[datetime]:
    """A moment of the request."""
    return bindparam(name, type_=Prescreen.expires_at.type)


def _segments(kind: ListKind, free: bool) -> list[Segment]:
    """The groups of the list in their sequence."""
    narrow, state, left = _narrow(kind, free), kind.tab, kind.get("left")
    days = int(str(left)) if left else None
    order = (Prescreen.reviewed_at if state in DECIDED else Prescreen.expires_at, Prescreen.id)
    branches = tuple((*branch, *narrow) for branch in _branches(state, days))
    if kind.has("q") or kind.sort:
        down = kind.descending if kind.sort else state not in (WAITING, "asked")
        return [Segment("found" if kind.has("q") else "sorted", branches, order, descending=down)]
    if state == WAITING:
        answered = (Prescreen.inquiry == ANSWERED_LITERAL, Prescreen.expires_at > _at("now"))
        soon = (Prescreen.expires_at <= _at(f"end_{days}"),) if days else ()
        first = (Stage(COMPLETED, PENDING).of(Prescreen), *answered, *soon, *narrow)
        rest = func.coalesce(Prescreen.inquiry, literal_column("''")) != ANSWERED_LITERAL
        by_days = [Segment(key, ((*within, rest, *narrow),), order) for key, within in _by_days_left(days)]
        return [Segment("answered", (first,), order), *by_days]
    keys = {"answering": (ACTIVE,), "expired": ("expired-completed", "expired-active")}
    names = keys.get(state, (state,))
    return [
        Segment(key, (branch,), order, descending=state != "asked") for key, branch in zip(names, branches, strict=True)
    ]


def _branches(state: str, left: int | None) -> tuple[Conditions, ...]:
    """Which rows a state means: each branch one range on one index."""
    if state == "asked":
        waiting = Stage(COMPLETED, PENDING).of(Prescreen)
        return ((waiting, Prescreen.inquiry == ASKED_LITERAL, Prescreen.expires_at > _at("now")),)
    if state == WAITING:
        soon = (Prescreen.expires_at <= _at(f"end_{left}"),) if left else ()
        return ((Stage(COMPLETED, PENDING).of(Prescreen), Prescreen.expires_at > _at("now"), *soon),)
    if state == "answering":
        return ((Stage(ACTIVE, PENDING).of(Prescreen), Prescreen.expires_at > _at("now")),)
    if state == "expired":
        stored = (COMPLETED, ACTIVE)
        return tuple((Stage(status, PENDING).of(Prescreen), Prescreen.expires_at <= _at("now")) for status in stored)
    if state in DECIDED:
        word = () if state == "decided" else (Prescreen.review_status == state,)
        return ((Prescreen.reviewed_at.is_not(None), *word),)
    # Drafts hold nothing: anyone may start many, and they are forgotten after a day (actions/forget_drafts.py).
    return ((Prescreen.status != DRAFT,),)


def _by_days_left(left: int | None) -> list[tuple[str, Conditions]]:
    """The groups of what waits: by how soon it could not be decided any more."""
    waiting, start = Stage(COMPLETED, PENDING).of(Prescreen), "now"
    found: list[tuple[str, Conditions]] = []
    for days in LIMITS:
        if left is None or days <= left:
            within = (waiting, Prescreen.expires_at > _at(start), Prescreen.expires_at <= _at(f"end_{days}"))
            found.append((f"within-{days}", within))
            start = f"end_{days}"
    if left is None:
        found.append(("later", (waiting, Prescreen.expires_at > _at(start))))
    return found


def _narrow(kind: ListKind, free: bool) -> Conditions:
    """The conditions of the filters besides state and days left."""
    found = list(kind.conditions())
    if free:
        found.append(Prescreen.id.not_in(bindparam("besides", expanding=True)))
    if kind.has(*MEASURED):
        found.append(Prescreen.id.in_(bindparam("measured", expanding=True, type_=Prescreen.id.type)))
    if kind.places is None and kind.has("template"):
        # The indexes by questionnaire begin with its organization.
        organization_id = (
            select(Questionnaire.organization_id).where(Questionnaire.id == bindparam("template")).scalar_subquery()
        )
        found.append(Prescreen.organization_id == organization_id)
    return tuple(found)


def near(db: Db, listed: Listing, chosen: Chosen, now: datetime, id: UUID) -> Neighbours | None:
    """The neighbours of a row in its list, and its place; None when it is not in the list.

    Among those that wait, rows with a pending decision are skipped: there is nothing to do about them.
    """
    found = listed.near(db, id)
    if found is None or chosen.tab != WAITING:
        return found
    pending = [UUID(one) for one in undo_queries.pending_ids(db, SUBJECT) if UUID(one) != id]
    if found.previous not in pending and found.next not in pending:
        return found
    free = listing(db, chosen, now, besides=pending).near(db, id)
    return free._replace(place=found.place) if free else found
