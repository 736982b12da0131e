"""The queue: what the desk's list page has to know of depositions (app/desk/queue.py shows it)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Response
from sqlalchemy import Row

from app.accounts.access import Me, allow, me
from app.accounts.roles import DEPOSITIONS
from app.depositions import display
from app.depositions.actions import assigning
from app.depositions.actions.moving import DONE, SUBJECT
from app.depositions.queries import queue
from app.depositions.views.shared import READERS, args, filters, pages
from app.desk import bulk, copies, latest
from app.desk import queue as desk
from app.desk.colleagues import NOBODY
from app.desk.narrowing import Filter
from app.desk.queue import Asked, Column, Empty, Tab, Word
from app.kernel import times
from app.kernel.db import Db
from app.kernel.events import Actor
from app.kernel.transaction import reading
from app.kernel.words import number_of

TITLES = {
    queue.NEEDS: "Requests that need scheduling",
    queue.STARTING: "Requests that start within 24 hours",
    queue.CANCELLATION: "Sessions to be canceled",
    queue.SCHEDULED: "Scheduled sessions",
    queue.EVERYTHING: "All requests and sessions",
}
URGENT = (queue.STARTING, queue.CANCELLATION)


@dataclass(slots=True)
class Requests(Asked):
    """The list with its filters, for this room's own templates."""

    f: queue.Filters = field(default_factory=queue.Filters)


class Depositions(desk.Room):
    """Requests and the sessions they become."""

    desk = DEPOSITIONS
    subject = SUBJECT
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
    groups = display.GROUPS
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
            listing=queue.listing(reading(), f, now),
            now=now,
            args=args(f),
            title=TITLES[f.view],
            view=f.view,
            sort=f.order,
            sorts=f.sorts,
            organization_id=f.organization_id,
            f=f,
        )

    def narrowing(self, asked: Asked) -> list[Filter]:
        f = _f(asked)
        own = [Filter("state", f"State: {display.STATES[f.states[0]].word.lower()}")] if f.state else []
        return [*own, *super().narrowing(asked)]

    def tabs(self, asked: Asked, kept: Sequence[tuple[str, int, int]]) -> tuple[list[Tab], int | None]:
        counts = queue.tab_counts(kept)
        tabs: list[Tab] = [
            {
                "label": label,
                "url": self.url(view=view if view != queue.NEEDS else None),
                "count": counts[view],
                "tone": "danger" if view in URGENT and counts[view] else "",
                "current": view == asked.view,
            }
            for view, label in queue.VIEWS.items()
        ]
        return tabs, queue.kept_total(_f(asked), kept)

    def lede(self, asked: Asked, tabs: Sequence[Tab]) -> str:
        waits, soon = tabs[0]["count"], tabs[1]["count"]
        words = number_of(waits, "request waits", "requests wait") + " to be scheduled"
        return words + (f", {soon:,} of them for a session within 24 hours." if soon else ".")

    def line(self, asked: Asked, key: str, row: Row, worn: tuple[str, ...], viewer: Me) -> display.QueueRow:
        return display.row(row, key, worn, viewer, asked.now)

    def context(self, asked: Asked) -> dict[str, Any]:
        f = _f(asked)
        team = self.colleagues()
        names = dict.fromkeys([*([f.tag] if f.tag else []), *self.tag_names()])
        return {
            "f": f,
            "tags": [(name, name) for name in names],
            "states": [(state.value, display.STATES[state].word) for state in queue.STATES_OF[f.view]],
            "organizations": queue.organizations(reading(), f.reach),
            "people": [
                ("nobody", "nobody yet"),
                *((one.id, "you" if one.id == me().id else one.name) for one in team),
            ],
            "taken_by": "nobody" if f.person == NOBODY else f.person,
        }

    def nothing(self, asked: Asked, tabs: Sequence[Tab]) -> Empty:
        if tabs[-1]["count"] == 0:
            return Empty(
                "inbox",
                "No requests yet",
                "They come in through the API. A key for it is made under People and keys, "
                "and /api/docs/depositions shows how to ask.",
            )
        if asked.view in (queue.NEEDS, queue.STARTING):
            ended = latest.since(
                reading(),
                SUBJECT,
                ("deposition.scheduled", "deposition.canceled"),
                me().scope(DEPOSITIONS).where,
            )
            since = f" since {times.moment(ended, me().time_zone, asked.now)}" if ended else ""
            title = "All scheduled" if asked.view == queue.NEEDS else "Nothing starts unscheduled"
            return Empty("calendar-check", title, f"Nobody waits{since}. New requests appear here.")
        return Empty("check-check", "Nothing here", "No session is in this list now.")

    def name_of(self, row: Row) -> str:
        return str(row.deponent_name or row.title)

    def did(self, kind: str) -> str:
        return DONE.get(kind, "changed it")

    def done(self, event: Row) -> Word:
        return display.done(event)

    def record(self, row: Row, key: str, viewer: Me) -> Sequence[Any]:
        return (
            row.id,
            display.STATES[row.state].word,
            row.starts_at,
            times.moment(row.starts_at, row.zone),
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
            times.moment(row.created_at, viewer.time_zone),
        )

    def assign(self, db: Db, id: Any, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        assigning.assign(db, id, person=person, by=by, now=now, version=version)

    def give_back(self, db: Db, id: Any, *, by: Actor, now: datetime, version: int) -> None:
        assigning.give_back(db, id, by=by, now=now, version=version)


ROOM = Depositions()


def _f(asked: Asked) -> queue.Filters:
    assert isinstance(asked, Requests)
    return asked.f


@pages.get("", endpoint="list")
@allow(*READERS)
def list_depositions() -> Response:
    """The queue: tabs, filters, urgency groups, one page at a time."""
    return desk.show(ROOM)


@pages.get("/csv", endpoint="csv")
@allow(*READERS)
def export() -> Response:
    """The list as a file for a spreadsheet."""
    return copies.take(ROOM)


@pages.post("/bulk", endpoint="bulk")
@allow(*READERS)
def act_on_several() -> Response:
    """What is done to the ticked rows."""
    return bulk.act(ROOM)
