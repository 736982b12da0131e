"""The live board: what the desk's list page has to know of inspections (app/dashboard/queue.py shows it)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.accounts.access import Me, me
from app.accounts.roles import INSPECTIONS
from app.accounts.rules import LOCALES
from app.dashboard import recent_events
from app.dashboard.filters import Chosen
from app.dashboard.listing import CounterRow, Listing
from app.dashboard.queue import Column, Counts, Csv, Empty, ListState, Queue, Tab, api_ways
from app.dashboard.routes import add_list_routes
from app.inspections import actions, emails, queries
from app.inspections.events import ATTENDED, ENDED, EVENTS, SUBJECT
from app.inspections.models import Invite
from app.inspections.presentation.labels import ANCHORING, GROUPS
from app.inspections.presentation.progress import Progress, progress_of
from app.inspections.presentation.rows import ShownRow, guest_of, name_of, shown_row, state_of
from app.inspections.queries import listing
from app.inspections.queries.listing import ListedInspection
from app.inspections.views.filters import FILTERS, READERS, pages
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize


@dataclass(frozen=True, slots=True)
class Known:
    """What was read besides the rows of a page: their newest invites and the messages of these."""

    invites: Mapping[UUID, Invite]
    messages: Mapping[str, queries.LinkMessage]


def _when(row: ListedInspection) -> datetime:
    return row.scheduled_for or row.created_at


def _progress(row: ListedInspection, known: Known, now: datetime) -> Progress:
    return progress_of(row, known.invites.get(row.id), known.messages, now)


class Inspections(Queue[UUID, ListedInspection, ShownRow, Known]):
    """Inspections, from those whose field user waits to those that are over."""

    desk = INSPECTIONS
    subject = SUBJECT
    events = EVENTS
    endpoint = "inspections.list"
    heading = "Inspections"
    page = "inspections/list.html"
    cells = "inspections/_cells.html"
    identity = (
        Csv("Session id", "id"),
        Csv("State", lambda each: state_of(each.row, each.now)),
    )
    columns = (
        Column(
            "When",
            "starts",
            (
                Csv("When", lambda each: _when(each.row)),
                Csv("When, where it is", lambda each: datetimes.moment(_when(each.row), each.row.zone)),
            ),
            sort="when",
            css="time-cell",
        ),
        Column(
            "Who, and for what",
            "who",
            (
                Csv("Invited", lambda each: guest_of(each.row)),
                Csv("Notes", "notes"),
                Csv("Campaign", "campaign_name"),
                Csv("Organization", "organization_name"),
            ),
            css="title-cell",
        ),
        Column(
            "How far they got",
            "progress",
            (
                Csv("How far they got", lambda each: _progress(each.row, each.known, each.now).sentence),
                Csv("Tags", lambda each: ", ".join(each.tags)),
            ),
            css="flags-cell roomy",
        ),
        Column(
            "Language",
            "language",
            (Csv("Language", lambda each: LOCALES.get(each.row.locale, each.row.locale)),),
            css="language-cell wide-only",
        ),
        Column(
            "Assigned to",
            "assignee",
            (
                Csv("Created by", "operator_email"),
                Csv("Assigned to", "assignee_name"),
            ),
            css="person-cell",
        ),
        Column(
            "Clock",
            "clock",
            (
                Csv("Started", "started_at"),
                Csv("Ended", "ended_at"),
                Csv("Time stamp", lambda each: ANCHORING[each.row.anchoring].word if each.row.ended_at else None),
                Csv("Does not hold since", "broken_at"),
                Csv("Expires", lambda each: each.row.expires_at if each.row.started_at is None else None),
                Csv("Created", "created_at"),
                Csv("Created, your time", lambda each: datetimes.moment(each.row.created_at, each.time_zone)),
            ),
            sort="ended",
            css="number-cell roomy",
        ),
    )
    filters = FILTERS
    tabs = (
        Tab(
            listing.NOW,
            "Now and today",
            "Live board",
            ("inspection is live", "inspections are live"),
            tone="danger",
            toned_by="waiting",
        ),
        Tab(
            listing.ARRIVED,
            "Waiting",
            "People who wait at the door",
            ("person waits at the door", "people wait at the door"),
            {"view": listing.ARRIVED},
            under=listing.NOW,
        ),
        Tab(
            listing.UPCOMING,
            "Upcoming",
            "Upcoming inspections",
            ("inspection begins on another day", "inspections begin on another day"),
            {"view": listing.UPCOMING},
        ),
        Tab(
            listing.STUCK,
            "No time stamp",
            "Ended inspections without a time stamp",
            ("ended inspection has no time stamp yet", "ended inspections have no time stamp yet"),
            {"view": listing.STUCK},
            "warn",
        ),
        Tab(
            listing.BROKEN_RECORDS,
            "Does not hold",
            "Inspections whose record does not hold",
            ("record does not hold", "records do not hold"),
            {"view": listing.BROKEN_RECORDS},
            "danger",
            rare=True,
        ),
        Tab(
            listing.ENDED,
            "Ended",
            "Ended inspections",
            ("inspection has ended", "inspections have ended"),
            {"view": listing.ENDED},
        ),
        Tab(
            listing.EXPIRED,
            "Expired",
            "Expired inspections",
            ("inspection expired before anyone joined", "inspections expired before anyone joined"),
            {"view": listing.EXPIRED},
        ),
        Tab(
            listing.EVERYTHING,
            "All",
            "All inspections",
            ("inspection in all", "inspections in all"),
            {"view": listing.EVERYTHING},
        ),
    )
    noun = ("inspection", "inspections")
    groups = GROUPS
    at_once = ("waiting",)
    caption = "Times are first those of the organization, then yours."

    def seconds(self, tab: Tab) -> float:
        return 2 if tab.key in (listing.NOW, listing.ARRIVED) else 10

    def listing(self, db: Db, chosen: Chosen, now: datetime) -> Listing:
        return listing.listing(db, chosen, now)

    def counts_groups(self, chosen: Chosen) -> bool:
        return not chosen.values and not chosen.sort

    def counts(self, chosen: Chosen, counters: Sequence[CounterRow]) -> Counts:
        numbers = listing.tab_counts(counters)
        return Counts(numbers, listing.counted_total(chosen, counters), numbers if self.counts_groups(chosen) else None)

    def lede(self, tab: Tab, counts: Counts) -> str:
        if tab.key != listing.NOW:
            return super().lede(tab, counts)
        waiting, live = counts.tabs["waiting"], counts.tabs["live"]
        arrived = f"{pluralize(waiting, 'field user is', 'field users are')} waiting now." if waiting else ""
        return f"{arrived or 'Nobody is waiting.'} {pluralize(live, 'inspection is', 'inspections are')} live."

    def read_more(self, db: Db, rows: Sequence[ListedInspection]) -> Known:
        invites = queries.invites_of(db, (row.invite_id for row in rows))
        return Known(invites, queries.link_messages(db, [emails.link_name(invite) for invite in invites.values()]))

    def row(
        self,
        list_state: ListState,
        known: Known,
        key: str,
        row: ListedInspection,
        tags: tuple[str, ...],
        viewer: Me,
    ) -> ShownRow:
        progress = _progress(row, known, list_state.now)
        ids = list_state.chosen.reader.organization_ids
        return shown_row(row, progress, tags, viewer, list_state.now, ids is None or len(ids) > 1)

    def empty(self, list_state: ListState, counts: Counts) -> Empty:
        if counts.tabs[listing.EVERYTHING] == 0:
            return Empty(
                "smartphone",
                "No inspections yet",
                "Create one here, or let your own program create them.",
                api_ways(INSPECTIONS),
            )
        if list_state.tab.key == listing.ARRIVED:
            return Empty("check-check", "Nobody waits", "Whoever comes to the door appears here at once.")
        if list_state.tab.key == listing.NOW:
            over = recent_events.since(reading(), SUBJECT, (ATTENDED, ENDED), me().scope(INSPECTIONS).where)
            quiet = f"Quiet since {datetimes.moment(over, me().time_zone, list_state.now)}. " if over else ""
            text = f"{quiet}Inspections appear here as soon as the field user has joined."
            return Empty("check-check", "Nobody waits, and nothing is left for today", text)
        if list_state.tab.key == listing.BROKEN_RECORDS:
            text = "Every record is verified each night, and at every look. None was found that does not hold."
            return Empty("check-check", "All records hold", text)
        return Empty("check-check", "Nothing here", "No inspection is in this list now.")

    def name_of(self, row: ListedInspection) -> str:
        return name_of(row)

    def distinguishing_fact(self, row: ListedInspection) -> str:
        return datetimes.moment(_when(row), row.zone)

    def assign(self, db: Db, id: UUID, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        actions.assign(db, id, assignee=person, by=by, now=now, version=version)

    def unassign(self, db: Db, id: UUID, *, by: Actor, now: datetime, version: int) -> None:
        actions.unassign(db, id, by=by, now=now, version=version)


QUEUE = Inspections()
add_list_routes(pages, QUEUE, READERS)
