"""The live board: what the desk's list page has to know of inspections (app/dashboard/queue.py shows it)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy import Row

from app.accounts.access import Me, allow, me
from app.accounts.roles import INSPECTIONS
from app.accounts.rules import LOCALES
from app.dashboard import bulk, csv_export, recent_events
from app.dashboard import queue as desk
from app.dashboard.filters import Filter
from app.dashboard.queue import Column, Empty, ListState, Tab
from app.inspections import actions, emails, lines, queries
from app.inspections.events import ATTENDED, ENDED, EVENTS, SUBJECT
from app.inspections.models import Campaign
from app.inspections.queries import listing
from app.inspections.views.filters import args, filters, person_word
from app.inspections.views.shared import READERS, pages, progress
from app.kernel import clock
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import db, reading
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize

TITLES = {
    listing.NOW: "Live board",
    listing.UPCOMING: "Upcoming inspections",
    listing.STUCK: "Ended inspections without a time stamp",
    listing.ENDED: "Ended inspections",
    listing.EXPIRED: "Expired inspections",
    listing.EVERYTHING: "All inspections",
}


@dataclass(slots=True)
class Board(ListState):
    """The list with its filters; and once they were read, its counts, and the invites and messages of its rows."""

    f: listing.Filters = field(default_factory=listing.Filters)
    counts: dict[str, int] = field(default_factory=dict)
    invites: dict[Any, Any] = field(default_factory=dict)
    letters: dict[str, Any] = field(default_factory=dict)


class Inspections(desk.Queue):
    """Inspections, from the one who waits at the door to those long over."""

    desk = INSPECTIONS
    subject = SUBJECT
    events = EVENTS
    endpoint = "inspections.list"
    page = "inspections/list.html"
    rows = "inspections/rows.html"
    columns = (
        Column("When", "time-cell", "when"),
        Column("Who, and for what"),
        Column("How far they got"),
        Column("Language"),
        Column("With"),
        Column("Clock", "number-cell", "ended"),
    )
    orders = {"when": "by when they take place", "ended": "by when they ended"}
    noun = ("inspection", "inspections")
    groups = lines.GROUPS
    caption = "Times are first those of the organization, then yours."
    export = lines.RECORD

    def every(self) -> float:
        return 2 if request.args.get("view", listing.NOW) == listing.NOW else 10

    def ask(self, now: datetime, without: str = "") -> Board:
        f = filters(without)
        return Board(
            listing=listing.listing(reading(), f, now),
            now=now,
            args=args(f),
            title=TITLES[f.view],
            view=f.view,
            sort=f.order,
            sorts=f.sorts,
            organization_id=f.organization_id,
            counted=not f.narrowed and not f.order,
            f=f,
        )

    def narrowing(self, asked: ListState) -> list[Filter]:
        f, own = _board(asked).f, []
        if f.campaign is not None:
            name = next((one.name for one in _campaigns() if one.id == f.campaign), "one that is not here")
            own.append(Filter("campaign", f"Campaign: {name}"))
        if f.language:
            own.append(Filter("language", f"Language: {LOCALES[f.language]}"))
        if f.operator is not None:
            own.append(Filter("operator", "Made by me" if f.operator == me().id else "Made by somebody else"))
        return [*own, *super().narrowing(asked)]

    def tabs(self, asked: ListState, kept: Sequence[tuple[str, int, int]]) -> tuple[list[Tab], int | None]:
        asked = _board(asked)
        counts = asked.counts = listing.tab_counts(kept)
        stuck = {listing.NOW: ("danger", counts["waiting"]), listing.STUCK: ("warn", counts[listing.STUCK])}
        tabs: list[Tab] = [
            {
                "label": label,
                "url": self.url(view=view if view != listing.NOW else None),
                "count": counts[view],
                "tone": stuck[view][0] if view in stuck and stuck[view][1] else "",
                "current": view == asked.view,
            }
            for view, label in listing.VIEWS.items()
        ]
        return tabs, listing.kept_total(asked.f, kept)

    def sizes(self, asked: ListState, kept: Sequence[tuple[str, int, int]]) -> Mapping[str, int]:
        return listing.tab_counts(kept)

    def lede(self, asked: ListState, tabs: Sequence[Tab]) -> str:
        waiting, live = _board(asked).counts["waiting"], _board(asked).counts["live"]
        door = f"{pluralize(waiting, 'person is', 'people are')} waiting at the door now." if waiting else ""
        return f"{door or 'Nobody is waiting.'} {pluralize(live, 'inspection is', 'inspections are')} live."

    def gather(self, asked: ListState, rows: Sequence[Row]) -> None:
        asked = _board(asked)
        asked.invites = queries.invites_of(db(), (row.invite_id for row in rows))
        asked.letters = queries.letters(db(), [emails.link_name(invite) for invite in asked.invites.values()])

    def line(self, asked: ListState, key: str, row: Row, worn: tuple[str, ...], viewer: Me) -> lines.Line:
        asked = _board(asked)
        far = progress(row, asked.invites.get(row.id), asked.letters, asked.now)
        several = asked.f.reach is None or len(asked.f.reach) > 1
        return lines.line(row, far, worn, viewer, asked.now, several)

    def context(self, asked: ListState) -> dict[str, Any]:
        f, viewer = _board(asked).f, me()
        people = [("me", "me"), *((one.id, one.name) for one in self.colleagues() if one.id != viewer.id)]
        names = dict.fromkeys([*([f.tag] if f.tag else []), *self.tag_names()])
        return {
            "f": f,
            "campaigns": [(str(one.id), one.name) for one in _campaigns()],
            "languages": list(LOCALES.items()),
            "organizations": listing.organizations(reading(), f.reach),
            "people": people,
            "operator": person_word(f.operator),
            "person": person_word(f.person),
            "tags": [(name, name) for name in names],
        }

    def nothing(self, asked: ListState, tabs: Sequence[Tab]) -> Empty:
        if tabs[-1]["count"] == 0:
            return Empty(
                "smartphone",
                "No inspections yet",
                "Create one here, or let your own program create them: /api/docs/inspections shows how.",
            )
        if asked.view == listing.NOW:
            over = recent_events.since(reading(), SUBJECT, (ATTENDED, ENDED), me().scope(INSPECTIONS).where)
            quiet = f"Quiet since {datetimes.moment(over, me().time_zone, asked.now)}. " if over else ""
            said = f"{quiet}Whoever arrives appears here."
            return Empty("check-check", "Nobody waits, and nothing is left for today", said)
        return Empty("check-check", "Nothing here", "No inspection is in this list now.")

    def name_of(self, row: Row) -> str:
        return lines.name_of(row)

    def record(self, row: Row, key: str, viewer: Me) -> Sequence[Any]:
        return lines.record(row, viewer, clock.now())

    def assign(self, db: Db, id: Any, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        actions.assign(db, id, person=person, by=by, now=now, version=version)

    def give_back(self, db: Db, id: Any, *, by: Actor, now: datetime, version: int) -> None:
        actions.give_back(db, id, by=by, now=now, version=version)


QUEUE = Inspections()


def _campaigns() -> Sequence[Any]:
    """The campaigns of the reader's organizations."""
    return queries.campaigns(reading(), me().scope(INSPECTIONS).where(Campaign.organization_id))


def _board(asked: ListState) -> Board:
    assert isinstance(asked, Board)
    return asked


@pages.get("", endpoint="list")
@allow(*READERS)
def live_board() -> Response:
    """The live board: who waits for an operator first, then what is live, today's, and the other tabs."""
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
