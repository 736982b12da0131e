"""The queue: what the desk's list page has to know of depositions (app/dashboard/queue.py shows it)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.accounts.access import Me, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import recent_events
from app.dashboard.filters import Chosen
from app.dashboard.listing import CounterRow, Listing
from app.dashboard.queue import Column, Counts, Csv, Empty, ListState, Queue, Tab, api_ways
from app.dashboard.routes import add_list_routes
from app.depositions import actions, presentation
from app.depositions.events import CANCELED, EVENTS, SCHEDULED, SUBJECT
from app.depositions.models import State
from app.depositions.queries import checklists, conflicts, counts, detail, listing, managers, nearest, settings, tabs
from app.depositions.queries.listing import ListedDeposition
from app.depositions.rules.flags import WAITING
from app.depositions.rules.reconfirmation import ALARMING, Reconfirmation
from app.depositions.views.filters import FILTERS, READERS, pages
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes

TAKES_PLACE: Mapping[str, str] = {
    Reconfirmation.YES: "confirmed",
    Reconfirmation.ASSUMED: "confirmed by silence",
    Reconfirmation.SILENT: "no answer",
    Reconfirmation.NO: "no",
    Reconfirmation.CALL: "asks for a call",
}
"""What was answered about a session, as the CSV has it."""
CALLED = frozenset((*ALARMING, Reconfirmation.SILENT))
"""What was answered about sessions whose organization and manager are to be called."""


def _reconfirmed(counts: Mapping[str, int]) -> str:
    """`9 confirmed, 2 without an answer`, of the sessions until the end of the next business day; empty without any."""
    words = {
        "next_yes": ("confirmed", "confirmed"),
        "next_silent": ("without an answer", "without an answer"),
        "next_no": ("does not take place or asks for a call", "do not take place or ask for a call"),
        "next_unasked": ("not asked", "not asked"),
    }
    given = [
        f"{counts[key]:,} {one if counts[key] == 1 else more}" for key, (one, more) in words.items() if counts[key]
    ]
    return f"{', '.join(given)}." if given else ""


def _open_cancellation(row: ListedDeposition) -> datetime | None:
    return row.cancellation_requested_at if row.cancellation_open else None


class Depositions(Queue[int, ListedDeposition, presentation.QueueRow, presentation.Known]):
    """Requests and the sessions they become."""

    desk = DEPOSITIONS
    subject = SUBJECT
    events = EVENTS
    endpoint = "depositions.list"
    heading = "Requests"
    grouped = ("depositions.cases", "Group by case")
    page = "depositions/list.html"
    cells = "depositions/_cells.html"
    identity = (
        Csv("Number", "id"),
        Csv("State", lambda each: presentation.STATES[State(each.row.state)].word),
    )
    columns = (
        Column(
            "Starts",
            "starts",
            (
                Csv("Starts", "starts_at"),
                Csv("Starts, where it is", lambda each: datetimes.moment(each.row.starts_at, each.row.zone)),
            ),
            sort="starts",
            css="time-cell",
        ),
        Column(
            "Its day",
            "day",
            (
                Csv("Ends", lambda each: each.row.ends_at if each.row.ends_at > each.row.starts_at else None),
                Csv("From and to, where it is", lambda each: presentation.hours(each.row)),
                Csv("Length", lambda each: presentation.length(each.row)),
                Csv("Time zone", "zone"),
            ),
            css="day-cell wide-only",
        ),
        Column(
            "Who and case",
            "who",
            (
                Csv("Title", "title"),
                Csv("Who is questioned", "deponent_name"),
                Csv("Role", "deponent_role"),
                Csv("E-mail", lambda each: each.facts.get("deponent_email")),
                Csv("Invited", lambda each: each.facts.get("invited")),
                Csv("Case", "case_name"),
                Csv("File number", lambda each: each.facts.get("file_number")),
            ),
            css="title-cell",
        ),
        Column(
            "Organization",
            "organization",
            (Csv("Organization", "organization_name"),),
            css="organization-cell wide-only",
        ),
        Column(
            "Flags",
            "flags",
            (
                Csv("Flags", lambda each: presentation.flags_in_words(each.row, each.known, each.now)),
                Csv("Takes place", lambda each: TAKES_PLACE.get(each.row.reconfirmation or "", "")),
                Csv("Tags", lambda each: ", ".join(each.tags)),
            ),
            css="flags-cell",
        ),
        Column(
            "Assigned to",
            "assignee",
            (Csv("Assigned to", "assignee_name"),),
            css="person-cell",
        ),
        Column(
            "Managed by",
            "manager",
            (
                Csv("Managed by", "manager_name"),
                Csv("Manager’s e-mail", lambda each: each.facts.get("manager_email")),
                Csv("Video", lambda each: each.facts.get("provider")),
                Csv("Room", lambda each: each.facts.get("room_url")),
            ),
            css="manager-cell",
            tabs=tabs.MANAGED,
        ),
        Column(
            "Clock",
            "clock",
            (
                Csv("Cancellation requested", lambda each: _open_cancellation(each.row)),
                Csv("Came in", "created_at"),
                Csv("Came in, your time", lambda each: datetimes.moment(each.row.created_at, each.time_zone)),
            ),
            sort="received",
            css="number-cell",
        ),
    )
    filters = FILTERS
    tabs = (
        Tab(
            tabs.NEEDS,
            "To schedule",
            "Requests that need scheduling",
            ("request waits to be scheduled", "requests wait to be scheduled"),
        ),
        Tab(
            tabs.STARTING,
            "Within 24 h",
            "Requests that start within 24 hours",
            ("request starts within 24 hours and is not scheduled", "requests start within 24 hours, not scheduled"),
            {"view": tabs.STARTING},
            "danger",
        ),
        Tab(
            tabs.CANCELLATION,
            "Cancellation",
            "Sessions to be canceled",
            ("session waits to be canceled, as requested", "sessions wait to be canceled, as requested"),
            {"view": tabs.CANCELLATION},
            "danger",
        ),
        Tab(
            tabs.NOT_UP_TO_DATE,
            "Not up to date",
            "Sessions of which somebody is not up to date",
            (
                "session was canceled or moved, and somebody does not know",
                "sessions were canceled or moved, and somebody does not know",
            ),
            {"view": tabs.NOT_UP_TO_DATE},
            "danger",
        ),
        Tab(
            tabs.ASKED,
            "Asked",
            "Questions to organizations",
            ("question to an organization waits", "questions to organizations wait"),
            {"view": tabs.ASKED},
            "warn",
            toned_by="asked_answered",
        ),
        Tab(
            tabs.OFFERED,
            "Other hours",
            "Sessions of which other hours are offered",
            ("session of which other hours are offered", "sessions of which other hours are offered"),
            {"view": tabs.OFFERED},
            "warn",
            toned_by="offered_agreed",
            rare=True,
        ),
        Tab(
            tabs.NEXT,
            "Next day",
            "Sessions until the end of the next business day",
            ("session until the end of the next business day", "sessions until the end of the next business day"),
            {"view": tabs.NEXT},
            "danger",
            toned_by="next_no",
        ),
        Tab(
            tabs.OVERLAPPING,
            "Overlapping",
            "Requests and sessions that overlap",
            ("request or session overlaps another", "requests and sessions overlap others"),
            {"view": tabs.OVERLAPPING},
            "danger",
        ),
        Tab(
            tabs.MOVED,
            "The hour moved",
            "Sessions whose hour moved",
            ("session moved because time zone rules changed", "sessions moved because time zone rules changed"),
            {"view": tabs.MOVED},
            "danger",
            rare=True,
        ),
        Tab(
            tabs.SCHEDULED,
            "Scheduled",
            "Scheduled sessions",
            ("session is booked or live", "sessions are booked or live"),
            {"view": tabs.SCHEDULED},
        ),
        Tab(
            tabs.EVERYTHING,
            "All",
            "All requests and sessions",
            ("request or session in all", "requests and sessions in all"),
            {"view": tabs.EVERYTHING},
        ),
    )
    noun = ("request", "requests")
    groups = presentation.GROUPS
    caption = "Sessions show their own time first, then yours."

    def listing(self, db: Db, chosen: Chosen, now: datetime) -> Listing:
        return listing.listing(db, chosen, now)

    def counts(self, chosen: Chosen, counters: Sequence[CounterRow]) -> Counts:
        return Counts(counts.tab_counts(counters), counts.counted_total(chosen, counters))

    def lede(self, tab: Tab, counts: Counts) -> str:
        text, soon = super().lede(tab, counts), counts.tabs[tabs.STARTING]
        if tab.key != tabs.NEEDS or not soon:
            return text
        return f"{text.removesuffix('.')}, {soon:,} of them for a session within 24 hours."

    def summary(self, list_state: ListState, counts: Counts) -> str:
        tab = list_state.tab.key
        sentences = [_reconfirmed(counts.tabs)] if tab == tabs.NEXT else []
        if counts.tabs[tab] > nearest.LOOKED and listing.looks(list_state.chosen):
            sentences.append(
                f"Looked for among the {nearest.LOOKED} that begin next and the {nearest.LOOKED} that began last."
            )
        return " ".join(filter(None, sentences))

    def read_more(self, db: Db, rows: Sequence[ListedDeposition]) -> presentation.Known:
        called = [row for row in rows if row.reconfirmation in CALLED]
        return presentation.Known(
            settings.telephones(db, {row.organization_id for row in called}),
            conflicts.counted(db, [row.id for row in rows if row.overlapping]),
            checklists.open_items(db, [row.id for row in rows if row.state in WAITING]),
            managers.telephones(db, {row.manager_id for row in called if row.manager_id}),
        )

    def export_facts(self, db: Db, rows: Sequence[ListedDeposition]) -> Mapping[int, Mapping[str, object]]:
        found = detail.export_facts(db, [row.id for row in rows])
        return {
            each.id: {
                "deponent_email": each.deponent_email,
                "invited": ", ".join(presentation.invitee(invite) for invite in each.invites),
                "file_number": each.file_number,
                "manager_email": each.manager_email,
                "provider": each.provider,
                "room_url": each.room_url,
            }
            for each in found
        }

    def row(
        self,
        list_state: ListState,
        known: presentation.Known,
        key: str,
        row: ListedDeposition,
        tags: tuple[str, ...],
        viewer: Me,
    ) -> presentation.QueueRow:
        return presentation.row(row, key, tags, viewer, list_state.now, known)

    def empty(self, list_state: ListState, counts: Counts) -> Empty:
        if counts.tabs[tabs.EVERYTHING] == 0:
            return Empty(
                "inbox",
                "No requests yet",
                "They come in through the API; what somebody asks for by phone or mail is entered here.",
                api_ways(DEPOSITIONS),
            )
        tab = list_state.tab.key
        if tab in (tabs.NEEDS, tabs.STARTING):
            ended = recent_events.since(
                reading(),
                SUBJECT,
                (SCHEDULED, CANCELED),
                me().scope(DEPOSITIONS).where,
            )
            since = f" since {datetimes.moment(ended, me().time_zone, list_state.now)}" if ended else ""
            title = "All scheduled" if tab == tabs.NEEDS else "Nothing starts unscheduled"
            return Empty("calendar-check", title, f"Nobody waits{since}. New requests appear here.")
        if tab == tabs.NOT_UP_TO_DATE:
            return Empty("check-check", "Everybody is up to date", "All who heard of a session heard how it stands.")
        return Empty("check-check", "Nothing here", "No session is in this list now.")

    def name_of(self, row: ListedDeposition) -> str:
        return presentation.name_of(row)

    def distinguishing_fact(self, row: ListedDeposition) -> str:
        return datetimes.moment(row.starts_at, row.zone)

    def assign(self, db: Db, id: int, person: tuple[int, str], *, by: Actor, now: datetime, version: int) -> None:
        actions.assign(db, id, assignee=person, by=by, now=now, version=version)

    def unassign(self, db: Db, id: int, *, by: Actor, now: datetime, version: int) -> None:
        actions.unassign(db, id, by=by, now=now, version=version)


QUEUE = Depositions()
add_list_routes(pages, QUEUE, READERS)
