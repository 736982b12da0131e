"""The queue: what the desk's list page has to know of depositions (app/dashboard/queue.py shows it)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Response
from sqlalchemy import Row

from app.accounts.access import Me, allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import bulk, csv_export, recent_events
from app.dashboard import queue as desk
from app.dashboard.assignees import UNASSIGNED
from app.dashboard.filters import Filter
from app.dashboard.queue import Column, Empty, ListState, Tab
from app.depositions import actions, presentation
from app.depositions.events import CANCELED, EVENTS, SCHEDULED, SUBJECT
from app.depositions.queries import listing
from app.depositions.views.filters import READERS, args, filters, pages
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize

TITLES = {
    listing.NEEDS: "Requests that need scheduling",
    listing.STARTING: "Requests that start within 24 hours",
    listing.CANCELLATION: "Sessions to be canceled",
    listing.SCHEDULED: "Scheduled sessions",
    listing.EVERYTHING: "All requests and sessions",
}
URGENT = (listing.STARTING, listing.CANCELLATION)


@dataclass(slots=True)
class Requests(ListState):
    """The list with its filters, for this room's own templates."""

    f: listing.Filters = field(default_factory=listing.Filters)


class Depositions(desk.Queue):
    """Requests and the sessions they become."""

    desk = DEPOSITIONS
    subject = SUBJECT
    events = EVENTS
    endpoint = "depositions.list"
    page = "depositions/list.html"
    rows = "depositions/rows.html"
    columns = (
        Column("Starts", "time-cell", "starts"),
        Column("Its day"),
        Column("Who, and in which case"),
        Column("What is odd"),
        Column("With"),
        Column("Clock", "number-cell", "received"),
    )
    orders = {"starts": "by start", "received": "by when they came in"}
    noun = ("request", "requests")
    groups = presentation.GROUPS
    caption = "Sessions show their own time first, then yours."
    export = (
        "Number",
        "State",
        "Starts",
        "Starts, where it is",
        "Ends",
        "Time zone",
        "Who is questioned",
        "Role",
        "Case",
        "Organization",
        "Taken by",
        "Manager",
        "Cancellation asked",
        "Came in",
        "Came in, your time",
    )

    def ask(self, now: datetime, without: str = "") -> Requests:
        f = filters(without)
        return Requests(
            listing=listing.listing(reading(), f, now),
            now=now,
            args=args(f),
            title=TITLES[f.view],
            view=f.view,
            sort=f.order,
            sorts=f.sorts,
            organization_id=f.organization_id,
            f=f,
        )

    def narrowing(self, asked: ListState) -> list[Filter]:
        f = _f(asked)
        own = [Filter("state", f"State: {presentation.STATES[f.states[0]].word.lower()}")] if f.state else []
        return [*own, *super().narrowing(asked)]

    def tabs(self, asked: ListState, kept: Sequence[tuple[str, int, int]]) -> tuple[list[Tab], int | None]:
        counts = listing.tab_counts(kept)
        tabs: list[Tab] = [
            {
                "label": label,
                "url": self.url(view=view if view != listing.NEEDS else None),
                "count": counts[view],
                "tone": "danger" if view in URGENT and counts[view] else "",
                "current": view == asked.view,
            }
            for view, label in listing.VIEWS.items()
        ]
        return tabs, listing.kept_total(_f(asked), kept)

    def lede(self, asked: ListState, tabs: Sequence[Tab]) -> str:
        waits, soon = tabs[0]["count"], tabs[1]["count"]
        words = pluralize(waits, "request waits", "requests wait") + " to be scheduled"
        return words + (f", {soon:,} of them for a session within 24 hours." if soon else ".")

    def line(self, asked: ListState, key: str, row: Row, worn: tuple[str, ...], viewer: Me) -> presentation.QueueRow:
        return presentation.row(row, key, worn, viewer, asked.now)

    def context(self, asked: ListState) -> dict[str, Any]:
        f = _f(asked)
        team = self.colleagues()
        names = dict.fromkeys([*([f.tag] if f.tag else []), *self.tag_names()])
        return {
            "f": f,
            "tags": [(name, name) for name in names],
            "states": [(state.value, presentation.STATES[state].word) for state in listing.STATES_OF[f.view]],
            "organizations": listing.organizations(reading(), f.reach),
            "people": [
                ("nobody", "nobody yet"),
                *((one.id, "you" if one.id == me().id else one.name) for one in team),
            ],
            "taken_by": "nobody" if f.person == UNASSIGNED else f.person,
        }

    def nothing(self, asked: ListState, tabs: Sequence[Tab]) -> Empty:
        if tabs[-1]["count"] == 0:
            return Empty(
                "inbox",
                "No requests yet",
                "They come in through the API. A key for it is made under People and keys, "
                "and /api/docs/depositions shows how to ask.",
            )
        if asked.view in (listing.NEEDS, listing.STARTING):
            ended = recent_events.since(
                reading(),
                SUBJECT,
                (SCHEDULED, CANCELED),
                me().scope(DEPOSITIONS).where,
            )
            since = f" since {datetimes.moment(ended, me().time_zone, asked.now)}" if ended else ""
            title = "All scheduled" if asked.view == listing.NEEDS else "Nothing starts unscheduled"
            return Empty("calendar-check", title, f"Nobody waits{since}. New requests appear here.")
        return Empty("check-check", "Nothing here", "No session is in this list now.")

    def name_of(self, row: Row) -> str:
        return str(row.deponent_name or row.title)

    def record(self, row: Row, key: str, viewer: Me) -> Sequence[Any]:
        return (
            row.id,
            presentation.STATES[row.state].word,
            row.starts_at,
            datetimes.moment(row.starts_at, row.zone),
            row.ends_at if row.ends_at > row.starts_at else None,
            row.zone,
            row.deponent_name,
            row.deponent_role,
            row.case_name,
            row.organization_name,
            row.assignee_name,
            row.manager_name,
            row.cancellation_requested_at if row.cancellation_open else None,
            row.created_at,
            datetimes.moment(row.created_at, viewer.time_zone),
        )

    def assign(self, db: Db, id: Any, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        actions.assign(db, id, assignee=person, by=by, now=now, version=version)

    def give_back(self, db: Db, id: Any, *, by: Actor, now: datetime, version: int) -> None:
        actions.unassign(db, id, by=by, now=now, version=version)


QUEUE = Depositions()


def _f(asked: ListState) -> listing.Filters:
    assert isinstance(asked, Requests)
    return asked.f


@pages.get("", endpoint="list")
@allow(*READERS)
def list_depositions() -> Response:
    """The queue: tabs, filters, urgency groups, one page at a time."""
    return desk.show(QUEUE)


@pages.get("/csv", endpoint="csv")
@allow(*READERS)
def export() -> Response:
    """The list as a file for a spreadsheet."""
    return csv_export.take(QUEUE)


@pages.post("/bulk", endpoint="bulk")
@allow(*READERS)
def act_on_several() -> Response:
    """What is done to the ticked rows."""
    return bulk.act(QUEUE)
