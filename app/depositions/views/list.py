"""The queue: what the desk's list page has to know of depositions (app/dashboard/queue.py shows it)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response
from sqlalchemy import Row

from app.accounts.access import Me, allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import bulk, csv_export, queue_page, recent_events
from app.dashboard.filters import Chosen
from app.dashboard.listing import Listing
from app.dashboard.queue import Column, Counts, Empty, Label, ListState, Queue, Tab
from app.depositions import actions, presentation
from app.depositions.actions._write import CLAUSES, SUBJECT
from app.depositions.queries import listing
from app.depositions.views.filters import FILTERS, READERS, pages
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize


class Depositions(Queue):
    """Requests and the sessions they become."""

    desk = DEPOSITIONS
    subject = SUBJECT
    endpoint = "depositions.list"
    rows = "depositions/rows.html"
    columns = (
        Column("Starts", "when", "starts"),
        Column("Its day"),
        Column("Who, and in which case"),
        Column("What is odd"),
        Column("With"),
        Column("Clock", "num", "received"),
    )
    filters = FILTERS
    tabs = (
        Tab(listing.NEEDS, "Needs scheduling", "Requests that need scheduling"),
        Tab(
            listing.STARTING,
            "Starts within 24 h",
            "Requests that start within 24 hours",
            {"view": listing.STARTING},
            "danger",
        ),
        Tab(
            listing.CANCELLATION,
            "Cancellation asked",
            "Sessions to be canceled",
            {"view": listing.CANCELLATION},
            "danger",
        ),
        Tab(listing.SCHEDULED, "Scheduled", "Scheduled sessions", {"view": listing.SCHEDULED}),
        Tab(listing.EVERYTHING, "Everything", "All requests and sessions", {"view": listing.EVERYTHING}),
    )
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

    def listing(self, db: Db, chosen: Chosen, now: datetime) -> Listing:
        return listing.listing(db, chosen, now)

    def counts(self, chosen: Chosen, kept: Sequence[tuple[str, int, int]]) -> Counts:
        return Counts(listing.tab_counts(kept), listing.kept_total(chosen, kept))

    def lede(self, counts: Counts) -> str:
        waits, soon = counts.tabs[listing.NEEDS], counts.tabs[listing.STARTING]
        words = pluralize(waits, "request waits", "requests wait") + " to be scheduled"
        return words + (f", {soon:,} of them for a session within 24 hours." if soon else ".")

    def line(
        self, list_state: ListState, known: None, key: str, row: Row, tags: tuple[str, ...], viewer: Me
    ) -> presentation.QueueRow:
        return presentation.row(row, key, tags, viewer, list_state.now)

    def nothing(self, list_state: ListState, counts: Counts) -> Empty:
        if counts.tabs[listing.EVERYTHING] == 0:
            return Empty(
                "inbox",
                "No requests yet",
                "They come in through the API. A key for it is made under People and keys, "
                "and /api/docs/depositions shows how to ask.",
            )
        tab = list_state.tab.key
        if tab in (listing.NEEDS, listing.STARTING):
            ended = recent_events.since(
                reading(),
                SUBJECT,
                ("deposition.scheduled", "deposition.canceled"),
                me().scope(DEPOSITIONS).where,
            )
            since = f" since {datetimes.moment(ended, me().time_zone, list_state.now)}" if ended else ""
            title = "All scheduled" if tab == listing.NEEDS else "Nothing starts unscheduled"
            return Empty("calendar-check", title, f"Nobody waits{since}. New requests appear here.")
        return Empty("check-check", "Nothing here", "No session is in this list now.")

    def name_of(self, row: Row) -> str:
        return str(row.deponent_name or row.title)

    def did(self, kind: str) -> str:
        return CLAUSES.get(kind, "changed it")

    def done(self, event: Row) -> Label:
        return presentation.done(event)

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
            row.assigned_name,
            row.manager_name,
            row.cancellation_requested_at if row.cancellation_open else None,
            row.created_at,
            datetimes.moment(row.created_at, viewer.time_zone),
        )

    def assign(self, db: Db, id: Any, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        actions.assign(db, id, person=person, by=by, now=now, version=version)

    def unassign(self, db: Db, id: Any, *, by: Actor, now: datetime, version: int) -> None:
        actions.give_back(db, id, by=by, now=now, version=version)


QUEUE = Depositions()


@pages.get("", endpoint="list")
@allow(*READERS)
def list_depositions() -> Response:
    """The queue: tabs, filters, urgency groups, one page at a time."""
    return queue_page.show(QUEUE)


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
