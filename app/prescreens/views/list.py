"""The queue: what the desk's list page has to know of prescreens (app/dashboard/queue.py shows it)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Response, request, url_for
from sqlalchemy import Row

from app.accounts.access import Me, allow, me
from app.accounts.roles import PRESCREENS
from app.dashboard import bulk, csv_export, recent_events
from app.dashboard import queue as shared
from app.dashboard.assignees import UNASSIGNED
from app.dashboard.filters import Filter
from app.dashboard.queue import Column, Empty, ListState, Tab
from app.dashboard.undo import queries as holds
from app.kernel import clock
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.errors import Conflict
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.prescreens import actions, lines, presentation
from app.prescreens.events import APPROVED, DENIED, EVENTS, SUBJECT
from app.prescreens.queries import contacts, counts, listing, questionnaires
from app.prescreens.queries.listing import Seen
from app.prescreens.rules import review
from app.prescreens.views.filters import STAFF, args, filters, mine, pages


@dataclass(slots=True)
class Reviews(ListState):
    """The list with its filters, for this room's own templates."""

    f: listing.Filters = field(default_factory=listing.Filters)
    several: bool = False
    """Whether its rows may be of several organizations."""
    _homes: Sequence[Row] | None = None

    @property
    def homes(self) -> Sequence[Row]:
        """The reader's organizations that have templates, read once."""
        if self._homes is None:
            self._homes = questionnaires.organizations(reading(), self.f.whose)
        return self._homes

    def url(self, endpoint: str = ".list", **changes: Any) -> str:
        """The same list elsewhere; only what differs from the plain list stands in the address."""
        return url_for(endpoint, **{**self.args, **changes})


class Prescreens(shared.Queue):
    """Prescreens from their start to the decision."""

    desk = PRESCREENS
    subject = SUBJECT
    events = EVENTS
    endpoint = "prescreens.list"
    page = "prescreens/list.html"
    rows = "prescreens/rows.html"
    tab_args = ("state", "left")
    columns = (
        Column("Who"),
        Column("Key answers"),
        Column("Worth knowing"),
        Column("With"),
        Column("Time left", "", "left"),
    )
    orders = {"left": "by the time left", "decided": "by when they were decided"}
    noun = ("pre-screen", "pre-screens")
    groups = presentation.GROUPS
    export = (
        "Id",
        "State",
        "Name",
        "E-mail",
        "Phone",
        "Template",
        "Version",
        "Organization",
        "Taken by",
        "Started",
        "Answers sent",
        "Decide until",
        "Decided",
        "Decided by",
        "Decided, your time",
    )

    def every(self) -> float:
        return self.seconds if request.args.get("state", listing.WAITING) in ("", listing.WAITING) else 10

    def heads(self, asked: ListState) -> Sequence[Column]:
        if asked.view not in listing.DECIDED:
            return self.columns
        return (*self.columns[:-1], Column("Decided", "", "decided"))

    def ask(self, now: datetime, without: str = "") -> Reviews:
        f = filters(without)
        return Reviews(
            listing=listing.listing(reading(), f, now),
            now=now,
            args=args(f),
            title=presentation.TITLES[f.state, f.left],
            view=f"within {f.left} days" if f.left else f.state,
            sort=f.order,
            sorts=f.sorts,
            organization_id=f.organization_id,
            counted=f.plain and not f.order,
            f=f,
            several=f.organization_id is None and (f.reach is None or len(f.reach) > 1),
        )

    def gather(self, asked: ListState, rows: Sequence[Row]) -> lines.Known:
        return lines.Known(
            questionnaires.questions_of(reading(), ((row.workflow_template_id, row.template_version) for row in rows)),
            contacts.known_before(reading(), rows),
            holds.of(reading(), SUBJECT, (row.id for row in rows)),
        )

    def narrowing(self, asked: ListState) -> list[Filter]:
        f = of(asked).f
        if f.template_id is None:
            return super().narrowing(asked)
        known = questionnaires.names(reading(), counts.reach_of(me().scope(PRESCREENS), f.organization_id))
        name = next((row.name for row in known if row.id == f.template_id), "one that is not here")
        return [Filter("template", f"Template: {name}"), *super().narrowing(asked)]

    def tabs(self, asked: ListState, kept: Sequence[tuple[str, int, int]]) -> tuple[list[Tab], int | None]:
        f, tally = of(asked).f, counts.read(kept)
        # Tabs about a single decision stand in the filter; "Decided" stays lit for them.
        lit = "decided" if f.state in listing.DECIDED else f.state
        tabs: list[Tab] = [
            {
                "label": presentation.TAB_LABELS[state, left],
                "url": self.url(state=state if state != listing.WAITING else None, left=left),
                "count": (n := tally.of(state, left)),
                "tone": "danger" if left == 3 and n else "",
                "current": (state, left) == (lit, f.left),
            }
            for state, left in presentation.TABS
        ]
        return tabs, tally.of(f.state, f.left) if f.plain else None

    def sizes(self, asked: ListState, kept: Sequence[tuple[str, int, int]]) -> Mapping[str, int]:
        tally = counts.read(kept)
        return {stretch.key: tally.group(stretch.key) for stretch in asked.listing.shape.stretches}

    def lede(self, asked: ListState, tabs: Sequence[Tab]) -> str:
        waits, soon, homes = tabs[0]["count"], tabs[1]["count"], of(asked).homes
        where = homes[0].name if len(homes) == 1 else pluralize(len(homes), "organization")
        waiting = f"{pluralize(waits, 'waits', 'wait')} for a decision at {where}."
        if not soon:
            return waiting
        verb = "expires" if soon == 1 else "expire"
        return f"{waiting} {soon:,} {verb} within three days and could not be decided after that."

    def line(self, asked: ListState, key: str, row: Row, worn: tuple[str, ...], viewer: Me) -> lines.Line:
        reviews = of(asked)
        mixed = not key or reviews.f.state == "all" or (reviews.f.state == "answering" and key in ("found", "sorted"))
        return lines.line(row, worn, reviews.known, viewer, asked.now, mixed=mixed, several=reviews.several)

    def context(self, asked: ListState) -> dict[str, Any]:
        f = of(asked).f
        scope, names = me().scope(PRESCREENS), dict.fromkeys([*([f.tag] if f.tag else []), *self.tag_names()])
        return {
            "f": f,
            "tags": [(name, name) for name in names],
            "states": presentation.STATE_CHOICES,
            "templates": [
                (row.id, f"{row.name}, {row.organization_name}" if of(asked).several else row.name)
                for row in questionnaires.names(reading(), counts.reach_of(scope, f.organization_id))
            ],
            "organizations": of(asked).homes,
            "people": [
                ("nobody", "nobody yet"),
                *((one.id, "you" if one.id == me().id else one.name) for one in self.colleagues()),
            ],
            "taken_by": "nobody" if f.person == UNASSIGNED else f.person,
            "day": _day_word(f),
        }

    def nothing(self, asked: ListState, tabs: Sequence[Tab]) -> Empty:
        f = of(asked).f
        if tabs[-1]["count"] == 0:
            return Empty("inbox", "No pre-screens yet", "They come in through the public links of your templates.")
        if f.state == listing.WAITING and f.left is None:
            decided = (APPROVED, DENIED)
            last = recent_events.since(reading(), SUBJECT, decided, me().scope(PRESCREENS).where)
            since = f" since {datetimes.moment(last, me().time_zone, asked.now)}" if last else ""
            text = f"Nobody waits{since}. New pre-screens appear here as soon as a prospect has sent the answers."
            return Empty("check-check", "Everything is decided", text)
        if f.state == listing.WAITING:
            days = {3: "three", 7: "seven"}[f.left or 3]
            return Empty("calendar-check", "Nothing presses", f"None that waits expires within {days} days.")
        return Empty("check-check", "Nothing here", "No pre-screen is in this list now.")

    def name_of(self, row: Row) -> str:
        return presentation.name_of(row)

    def record(self, row: Row, key: str, viewer: Me) -> Sequence[Any]:
        return (
            row.id,
            presentation.STATE_WORDS[review.state_of(row, clock.now())],
            row.name,
            row.email,
            row.phone,
            row.template_name,
            row.template_version,
            row.organization_name,
            row.assignee_name,
            row.created_at,
            row.completed_at,
            row.expires_at,
            row.reviewed_at,
            row.reviewed_by,
            datetimes.moment(row.reviewed_at, viewer.time_zone) if row.reviewed_at else None,
        )

    def assign(self, db: Db, id: Any, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        holder, (person_id, name) = Seen.read(version).holder, person
        to = None if by.id == str(person_id) else name
        actions.take(db, id, person_id, holder, reach=mine(), by=by, now=now, to=to)

    def give_back(self, db: Db, id: Any, *, by: Actor, now: datetime, version: int) -> None:
        holder = Seen.read(version).holder
        if holder is None:
            raise Conflict("Nobody has it, so it cannot be given back. Nothing was changed.", code="session.taken")
        actions.release(db, id, holder, reach=mine(), by=by, now=now)


QUEUE = Prescreens()


def of(asked: ListState) -> Reviews:
    """The same list, with what this room knows of it."""
    assert isinstance(asked, Reviews)
    return asked


def _day_word(f: listing.Filters) -> str:
    """Which day the filter of days is about."""
    return "Decided" if f.state in listing.DECIDED else "Started"


@pages.get("", endpoint="list")
@allow(*STAFF)
def list_() -> Response:
    """The queue: tabs, filters, groups by days left, one page at a time."""
    return shared.show(QUEUE)


@pages.get("/csv", endpoint="csv")
@allow(*STAFF)
def export() -> Response:
    """The list as a file for a spreadsheet."""
    return csv_export.take(QUEUE)


@pages.post("/bulk", endpoint="bulk")
@allow(*STAFF)
def act_on_several() -> Response:
    """What is done to the ticked rows."""
    return bulk.act(QUEUE)
