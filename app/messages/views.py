"""Pages: the list of messages by status, one message, and what can be done with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for

from app.accounts.access import Scope, allow, me
from app.accounts.guard import safe_next
from app.accounts.roles import DENIALS, Role, refusal
from app.dashboard.desk import desks, receipts, subjects
from app.dashboard.live import live_item, live_lists
from app.dashboard.subjects import PEOPLE
from app.kernel import clock
from app.kernel.db.transaction import db, reading
from app.kernel.errors import Denied, NotFound
from app.kernel.outbox.delivery_status import DISMISSED, ListedMessage, state_token, status_of, waiting_since
from app.kernel.outbox.outbox import DEAD, DROPPED, QUEUED, SENT
from app.kernel.web import list_filters
from app.kernel.web.arguments import Arguments
from app.kernel.web.htmx import respond, see_other
from app.kernel.web.list_filters import Filter, ListFilters, Unreadable
from app.kernel.web.live import rows_on_screen
from app.messages import actions, bulk, queries, rules
from app.messages.queries import Attempt, Filters
from app.messages.rules import FAILING, TABS, Label
from app.messages.veiled import is_veiled, veiled
from app.messages.webhook_content import WebhookContent, content_of

pages = Blueprint("messages", __name__, url_prefix="/messages")

READERS = tuple(Role)

ACTS_OF_STATUS = {
    DEAD: (bulk.SEND_AGAIN, bulk.DISMISS),
    FAILING: (bulk.SEND_AGAIN,),
    SENT: (bulk.SEND_AGAIN,),
    DISMISSED: (bulk.RESTORE, bulk.SEND_AGAIN),
}
"""What can be done to ticked messages of a status."""


class About(NamedTuple):
    """What a message is about, and the address of its page."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message as the pages show it."""

    id: UUID
    token: str
    summary: str
    channel: str
    destination: str
    organization: str
    tab: str
    """Its status, as the address names it."""
    label: Label
    reason: str
    attempts: int
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None
    dismissed_at: datetime | None
    dismissed_by: str | None
    about: About | None


@dataclass(frozen=True, slots=True)
class Tab:
    """One status above the list. A count that stopped at the cap has a plus."""

    name: str
    label: str
    url: str
    count: str
    tone: str
    current: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a message's timeline."""

    icon: str
    text: str
    small: str = ""
    tone: str = ""
    at: datetime | None = None
    note: str = ""
    later: bool = False
    current: bool = False


@pages.app_template_filter("message_tab")
def message_tab(row: ListedMessage) -> str:
    """The status of a message, as the address names it."""
    return TABS[status_of(row)]


pages.add_app_template_filter(state_token, "state_token")


@pages.app_template_global("undelivered_since")
def undelivered_since() -> datetime | None:
    """Since when nothing is sent although messages are due, for the line that says so (messages/_stopped.html)."""
    return waiting_since(reading(), clock.now())


def _scopes() -> dict[str, Scope]:
    """The scope of this user at each desk; messages about accounts only for administrators of the whole platform."""
    scopes = {desk: me().scope(desk) for desk in me().desks}
    people = me().scope(PEOPLE)
    return scopes | ({PEOPLE: people} if people.everything else {})


def _filters(scopes: Mapping[str, Scope]) -> ListFilters:
    """The filters of the address, and its status, which stays while they change."""
    tab = request.args.get("view", "")
    desk_names = [desk for desk in (*subjects().of_desks, PEOPLE) if desk in scopes]
    chosen = list_filters.read(
        "messages.list",
        Filter("channel", "Kind", list(rules.CHANNELS.items())),
        Filter("desk", "Desk", [(desk, desk) for desk in desk_names]),
        Filter("organization", "Organization", list(queries.organizations(db(), scopes))),
        kept={"view": tab} if tab in rules.STATUS_OF_TAB else {},
    )
    if tab and not chosen.kept:
        chosen.unreadable.append(Unreadable("Status", "There is no list of this name. The most urgent one is shown."))
    return chosen


def _wanted(chosen: ListFilters) -> Filters:
    return Filters(channel=chosen["channel"], desk=chosen["desk"], organization=chosen["organization"])


@pages.get("", endpoint="list")
@allow(*READERS)
def list_() -> Response:
    """The messages of one status; without one in the address, the most urgent that has any."""
    scopes, now = _scopes(), clock.now()
    watched = [(subjects().of_desks[desk][0] if desk != PEOPLE else "person", scope) for desk, scope in scopes.items()]
    live = live_lists(watched, now, every=10)
    if live.unchanged:
        return live.not_modified()
    chosen = _filters(scopes)
    filters = _wanted(chosen)
    status = rules.STATUS_OF_TAB.get(chosen.kept.get("view", ""), "")
    counts = queries.counts(db(), scopes, subjects(), filters)
    status = status or next((name for name in (DEAD, FAILING) if counts[name]), SENT)
    page = queries.page_of_status(db(), scopes, subjects(), status, filters, request.args.get("after"))
    rows = veiled(db(), me(), (ListedMessage._make(row) for row in page.rows), now)
    gone = veiled(db(), me(), _gone(scopes, {row.id for row in rows}), now)
    names = queries.organization_names(db(), {row.organization_id for row in (*rows, *gone)})
    return respond(
        "messages/list.html",
        "messages/_queue.html",
        "queue",
        live=live,
        tab=TABS[status],
        tabs=_tabs(status, counts, filters),
        label=rules.STATUSES[status].word,
        lede=_lede(status, counts),
        rows=[_row(row, names) for row in rows],
        gone=[_row(row, names) for row in gone],
        acts=ACTS_OF_STATUS.get(status, ()),
        may_act=any(me().may(desk) for desk in scopes),
        bulk_url=_url(status, filters, "messages.bulk", **_after()),
        chosen=replace(chosen, kept={"view": TABS[status]}),
        next_url=_url(status, filters, after=page.next_cursor) if page.next_cursor else "",
        first_url="" if page.first else _url(status, filters),
        zone=me().time_zone,
    )


def _url(status: str, filters: Filters, endpoint: str = "messages.list", **more: str) -> str:
    # As url_for takes keywords.
    arguments: Arguments = {"view": TABS[status], **filters.arguments(), **more}
    return url_for(endpoint, **arguments)


def _after() -> dict[str, str]:
    """The cursor of the page, as the address has it."""
    after = request.args.get("after")
    return {"after": after} if after else {}


def _gone(scopes: Mapping[str, Scope], on_page: set[UUID]) -> list[ListedMessage]:
    """Of the messages that a poll reports as on screen, those that are no longer on this page."""
    known = set()
    for text in rows_on_screen():
        try:
            known.add(UUID(text))
        except ValueError:
            continue
    return list(queries.messages(db(), scopes, subjects(), known - on_page).values())


def _lede(status: str, counts: Mapping[str, int]) -> str:
    """The sentence under the title: what this tab holds, and what on the others needs attention."""
    what = {
        QUEUED: "on their way",
        FAILING: "failing and still being tried",
        DEAD: "failed. Send again what is still needed, and dismiss the rest",
        DISMISSED: "failed and dismissed, and need not be sent",
        DROPPED: "not needed any more, and not sent",
        SENT: "accepted by the receiver",
    }
    others = [
        f"{_number(counts[each])} {word}"
        for each, word in ((DEAD, "failed"), (FAILING, "failing"))
        if counts[each] and each != status
    ]
    found = f"E-mails, text messages and webhooks of your desks: {_number(counts[status])} {what[status]}."
    if others:
        return f"{found} Besides, {' and '.join(others)}."
    return found if counts[DEAD] or counts[FAILING] else f"{found} None failed, and none is failing."


def _number(n: int) -> str:
    return f"more than {queries.CAP:,}" if n > queries.CAP else f"{n:,}"


def _tabs(current: str, counts: Mapping[str, int], filters: Filters) -> list[Tab]:
    tabs = []
    for status, label in rules.STATUSES.items():
        n = counts[status]
        if status in (DISMISSED, DROPPED) and not n and status != current:
            continue
        tabs.append(
            Tab(
                name=TABS[status],
                label=label.word,
                url=_url(status, filters),
                count=f"{queries.CAP:,}+" if n > queries.CAP else f"{n:,}",
                tone=label.tone if n else "",
                current=status == current,
            )
        )
    return tabs


def _row(row: ListedMessage, names: Mapping[int | None, str]) -> MessageRow:
    status = status_of(row)
    return MessageRow(
        id=row.id,
        token=state_token(row),
        summary=row.summary,
        channel=rules.channel_label(row.channel),
        destination="" if row.channel.startswith("job:") or row.channel == row.destination else row.destination,
        organization=names.get(row.organization_id, ""),
        tab=TABS[status],
        label=rules.STATUSES[status],
        reason=row.last_error or "",
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        finished_at=row.finished_at,
        dismissed_at=row.dismissed_at if status == DISMISSED else None,
        dismissed_by=row.dismissed_by if status == DISMISSED else None,
        about=_about(row),
    )


def _about(row: ListedMessage) -> About | None:
    for desk in desks():
        if row.subject_type == desk.subject and row.subject_id:
            text = f"{desk.subject.capitalize()}\u00a0{row.subject_id.partition('-')[0]}"
            return About(text, url_for(desk.detail_endpoint, id=row.subject_id))
    return None


def _find(id: UUID) -> ListedMessage:
    """The message. Raises NotFound also when it belongs to another desk or organization than this user's."""
    row = queries.message(db(), id)
    scope = _scopes().get(subjects().desk_of(row.subject_type)) if row else None
    if row is None or scope is None:
        raise NotFound()
    if not scope.everything and (row.organization_id is None or not scope.covers(row.organization_id)):
        raise NotFound()
    if is_veiled(db(), me(), row, clock.now()):
        raise Denied("Have your first look at what this is about first: until then its recipient is not shown.")
    return row


@pages.get("/<uuid:id>")
@allow(*READERS)
def detail(id: UUID) -> Response:
    """One message: where it goes, its status, every attempt."""
    row, now = _find(id), clock.now()
    desk = subjects().desk_of(row.subject_type)
    live = None
    if row.subject_type and row.subject_id:
        live = live_item(row.subject_type, row.subject_id, _scopes()[desk], now, every=5)
        if live.unchanged:
            return live.not_modified()
    denied = None if me().may(desk, True, row.organization_id) else DENIALS[desk]
    return respond(
        "messages/detail.html",
        live=live,
        row=row,
        shown=_row(row, queries.organization_names(db(), {row.organization_id})),
        timeline=_timeline(row, tries := queries.attempts(db(), id), now),
        answered=next((each for each in tries if each.answer), None),
        webhook=_webhook(row),
        reason=denied or rules.why_not_send_again(row, now, queries.still_true(db(), row, receipts())),
        denied=denied,
        zone=me().time_zone,
    )


def _webhook(row: ListedMessage) -> WebhookContent | None:
    """What a webhook holds, while it is kept."""
    payload = queries.payload(db(), row.id) if row.channel == "webhook" else None
    return content_of(row.id, payload) if payload else None


def _took(attempt: Attempt) -> str:
    """`took 120 ms`, how long an attempt waited for the receiver."""
    milliseconds = round((attempt.ended_at - attempt.started_at).total_seconds() * 1000)
    return f"took {milliseconds:,} ms" if 0 <= milliseconds < 10_000 else f"took {milliseconds / 1000:,.0f} s"


def _timeline(row: ListedMessage, attempts: Sequence[Attempt], now: datetime) -> list[Entry]:
    """The attempts, newest first. A missing number is an attempt whose worker was killed."""
    status = status_of(row)
    entries: list[Entry] = []
    if status in (QUEUED, FAILING):
        busy = row.lease_until is not None and row.lease_until >= now
        text = "Being sent" if busy else "Next attempt" if row.attempts else "First attempt"
        at, note = (None, "now") if busy else (row.due_at, "")
        entries.append(Entry("clock", text, at=at, note=note, later=True))
    if status == DISMISSED:
        entries.append(
            Entry("eye-off", f"Dismissed by {row.dismissed_by}", "It need not be sent again.", at=row.dismissed_at)
        )
    for attempt in attempts:
        withdrawn = row.state == DROPPED and attempt is attempts[0]
        ended = "accepted" if attempt.ok else "not made" if withdrawn else "failed"
        code = f"{attempt.status}. " if attempt.status and attempt.ok else ""
        entries.append(
            Entry(
                "check" if attempt.ok else "circle-x",
                f"Attempt {attempt.number}: {ended}",
                " · ".join(filter(None, (f"{code}{attempt.detail}".strip(), "" if withdrawn else _took(attempt)))),
                "" if attempt.ok else "danger" if status == DEAD else "warn",
                attempt.ended_at,
            )
        )
    known = {attempt.number for attempt in attempts}
    lost = sorted(set(range(1, row.attempts + 1)) - known) if row.attempts <= 100 else []
    if lost and not (len(lost) == 1 and row.lease_until is not None):
        entries.append(
            Entry(
                "circle-question-mark",
                f"Attempt {', '.join(map(str, lost))}: interrupted",
                "The worker stopped before it was known how this ended. It may have arrived.",
                "warn",
            )
        )
    return [*entries, Entry("inbox", "Queued", at=row.created_at)]


@pages.post("/<uuid:id>/send_again")
@allow(*READERS)
def send_again(id: UUID) -> Response:
    """Queues it to go now, under the same id."""
    return _act(id, bulk.SEND_AGAIN.run, "It is sent now, under the same id.")


@pages.post("/<uuid:id>/dismiss")
@allow(*READERS)
def dismiss(id: UUID) -> Response:
    """Marks a failed message as one that need not be sent."""
    return _act(id, actions.dismiss, "Dismissed. It stays here and is no longer counted; you can restore it.")


@pages.post("/<uuid:id>/restore")
@allow(*READERS)
def restore(id: UUID) -> Response:
    """Undoes a dismissal."""
    return _act(id, actions.restore, "Restored: it is counted among the failed messages again.")


def _act(id: UUID, run: Callable[..., None], sentence: str) -> Response:
    """Acts on one message and returns to the page of the button."""
    row = _find(id)
    desk = subjects().desk_of(row.subject_type)
    if not me().may(desk, True, row.organization_id):
        raise Denied(refusal(desk))
    run(db(), id, by=me().actor(), now=clock.now(), seen=request.form.get("seen"))
    flash(sentence)
    return see_other(safe_next(request.form.get("back")) or url_for("messages.detail", id=id))


@pages.post("/bulk", endpoint="bulk")
@allow(*READERS)
def act_on_several() -> Response:
    """Acts on every ticked message that has not changed since it was on screen."""
    chosen = _filters(_scopes())
    status = rules.STATUS_OF_TAB.get(chosen.kept.get("view", ""), SENT)
    name, ticked = request.form.get("act", ""), request.form.getlist("row")
    sentence, all_done = bulk.act(db(), me(), _scopes(), subjects(), name, ticked)
    flash(sentence, "message" if all_done else "warn")
    return see_other(_url(status, _wanted(chosen), **_after()))
