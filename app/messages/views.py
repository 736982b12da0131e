"""Pages: the list of messages by standing, one message, sending it again, setting it aside."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for

from app.accounts.access import Scope, allow, me
from app.accounts.guard import safe_next
from app.accounts.roles import DENIALS, DESKS, Role
from app.dashboard.delivery_problems import DESK_OF
from app.dashboard.live import live_item, live_lists
from app.kernel import clock
from app.kernel.db.transaction import db
from app.kernel.errors import BadRequest, NotFound
from app.kernel.outbox.outbox import state_token, status_of
from app.kernel.web.htmx import respond, see_other
from app.kernel.web.live import rows_on_screen
from app.messages import actions, bulk, queries, rules
from app.messages.queries import Filters

pages = Blueprint("deliveries", __name__, url_prefix="/deliveries")

STAFF = (Role.SCHEDULER, Role.LEASING_AGENT, Role.OPERATOR, Role.ADMIN, Role.AUDITOR)


SUBJECTS = {desk: subject for subject, desk in DESK_OF.items() if subject != "invite"} | {rules.PEOPLE: "person"}
"""What events and messages of each desk are about: what the list of them watches."""


def _scopes() -> dict[str, Scope]:
    """Whose messages this person sees, desk by desk; messages about accounts only those who keep the whole house."""
    scopes = {desk: me().scope(desk) for desk in me().desks}
    people = me().scope(rules.PEOPLE)
    return scopes | ({rules.PEOPLE: people} if people.everything else {})


def _asked() -> tuple[str, Filters]:
    view = request.args.get("view", "")
    filters = Filters(
        channel=request.args.get("channel", ""),
        desk=request.args.get("desk", ""),
        organization=request.args.get("organization", "")[:60],
    )
    known = filters.channel in ("", *rules.CHANNELS) and filters.desk in ("", rules.PEOPLE, *DESKS)
    if view not in ("", *rules.STANDINGS) or not known or "\x00" in filters.organization:
        raise BadRequest("This address asks for a view that does not exist. Start again from the list of deliveries.")
    return view, filters


@pages.get("", endpoint="list")
@allow(*STAFF)
def list_() -> Response:
    """Messages of one standing; without a wish, the most urgent one that has any."""
    view, filters = _asked()
    scopes, now = _scopes(), clock.now()
    live = live_lists([(SUBJECTS[desk], scope) for desk, scope in scopes.items()], now, every=10)
    if live.unchanged:
        return live.not_modified()
    counts = queries.counts(db(), scopes, filters)
    view = view or next((name for name in ("dead", "failing") if counts[name]), "sent")
    page = queries.tab(db(), scopes, view, filters, request.args.get("after"))
    rows = [row for _group, row in page.rows]
    gone = _gone(scopes, {row.id for row in rows})
    names = queries.names(db(), {row.organization_id for row in (*rows, *gone)})
    choices = queries.organizations(db(), scopes)
    return respond(
        "messages/list.html",
        "messages/_queue.html",
        "queue",
        live=live,
        view=view,
        views=_views(view, counts, filters),
        word=rules.STANDINGS[view][0],
        lede=_lede(counts),
        rows=[_shown(row, names) for row in rows],
        gone=[_shown(row, names) for row in gone],
        acts=_acts(view),
        may_act=any(me().may(desk) for desk in scopes),
        bulk_url=_url(view, filters, endpoint="deliveries.bulk", **_after()),
        filters=filters,
        channels=[("", "any"), *rules.CHANNELS.items()],
        desks_shown=[("", "any"), *((desk, desk) for desk in scopes)],
        organizations=[("", "any"), *((row.slug, row.name) for row in choices)],
        next_url=_url(view, filters, after=page.next_cursor) if page.next_cursor else "",
        first_url="" if page.first else _url(view, filters),
        zone=me().time_zone,
    )


def _url(view: str, filters: Filters, endpoint: str = "deliveries.list", **more: Any) -> str:
    wanted: dict[str, Any] = {"view": view, **filters.on(), **more}
    return url_for(endpoint, **wanted)


def _after() -> dict[str, str]:
    """The page of the list, as its address names it."""
    after = request.args.get("after")
    return {"after": after} if after else {}


def _gone(scopes: Mapping[str, Scope], on_page: set[UUID]) -> list[Any]:
    """Of the messages that a poll says are on screen, those that this page does not hold any more."""
    known = set()
    for word in rows_on_screen():
        try:
            known.add(UUID(word))
        except ValueError:
            continue
    return list(queries.some(db(), scopes, known - on_page).values())


def _acts(view: str) -> list[tuple[str, str, str]]:
    """What can be done to ticked messages of a standing: (name, label, icon)."""
    again, aside = ("send_again", "Send again", "send"), ("set_aside", "Set aside", "eye-off")
    back = ("put_back", "Put back", "undo-2")
    return {"dead": [again, aside], "failing": [again], "sent": [again], "aside": [back, again]}.get(view, [])


def _lede(counts: dict[str, int]) -> str:
    """The sentence under the title: whether anybody is waiting for something to be done."""
    what = "Letters, text messages and webhooks of your desks"
    dead, failing = counts["dead"], counts["failing"]
    if not dead and not failing:
        return f"{what}. Nothing was given up, and nothing is failing."
    said = []
    if dead:
        said.append(f"{_many(dead)} given up: send them again, or set aside what needs no sending")
    if failing:
        said.append(f"{_many(failing)} failing and tried again")
    return f"{what}. {'; '.join(said)}."


def _many(n: int) -> str:
    return f"more than {queries.CAP:,}" if n > queries.CAP else f"{n:,}"


def _views(view: str, counts: dict[str, int], filters: Filters) -> list[dict[str, Any]]:
    """The tabs. A count that stopped at the cap stands in the label, with its plus."""
    shown = []
    for name, (word, _icon, tone) in rules.STANDINGS.items():
        n = counts[name]
        if name in ("aside", "dropped") and not n and view != name:
            continue
        capped = n > queries.CAP
        shown.append(
            {
                "name": name,
                "label": f"{word} {queries.CAP:,}+" if capped else word,
                "url": _url(name, filters),
                "count": None if capped else n,
                "tone": tone if n else "",
                "current": name == view,
            }
        )
    return shown


def _shown(row: Any, names: dict[int | None, str]) -> dict[str, Any]:
    """A row as the templates read it."""
    now = status_of(row)
    word, icon, tone = rules.STANDINGS[now]
    return {
        "id": row.id,
        "mark": state_token(row),
        "summary": row.summary,
        "channel": rules.channel_word(row.channel),
        "icon": rules.ICONS[row.channel.partition(":")[0]],
        "destination": "" if row.channel.startswith("job:") or row.channel == row.destination else row.destination,
        "organization": names.get(row.organization_id, ""),
        "standing": now,
        "badge": (word, icon, tone),
        "reason": row.last_error or "",
        "attempts": row.attempts,
        "due_at": row.due_at,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
        "aside": {"by": row.dismissed_by, "at": row.dismissed_at} if now == "aside" else None,
        "about": _about(row),
    }


def _about(row: Any) -> dict[str, str] | None:
    """The thing a message is about: its words and its page."""
    desk = rules.desk_of(row.subject_type)
    if desk == rules.PEOPLE or row.subject_type not in ("deposition", "prescreen", "inspection"):
        return None
    return {
        "words": f"{row.subject_type.capitalize()}\u00a0{row.subject_id.partition('-')[0]}",
        "url": f"{request.script_root}/{desk}/{row.subject_id}",
    }


def _find(id: UUID) -> Any:
    """The message, or NotFound also when it belongs to somebody else's desk or organization."""
    row = queries.one(db(), id)
    scope = _scopes().get(rules.desk_of(row.subject_type)) if row else None
    if row is None or scope is None:
        raise NotFound()
    if not scope.everything and (row.organization_id is None or not scope.covers(row.organization_id)):
        raise NotFound()
    return row


@pages.get("/<uuid:id>")
@allow(*STAFF)
def detail(id: UUID) -> Response:
    """One message: where it goes, how it stands, every attempt."""
    row, now = _find(id), clock.now()
    desk = rules.desk_of(row.subject_type)
    live = None
    if row.subject_type:
        live = live_item(row.subject_type, row.subject_id, _scopes()[desk], now, every=5)
        if live.unchanged:
            return live.not_modified()
    tries = queries.attempts(db(), id)
    denied = None if me().may(desk, True, row.organization_id) else DENIALS[desk]
    return respond(
        "messages/detail.html",
        live=live,
        row=row,
        shown=_shown(row, {row.organization_id: row.organization or ""}),
        story=_story(row, tries),
        reason=denied or rules.why_not_again(row, now),
        denied=denied,
        zone=me().time_zone,
    )


def _story(row: Any, tries: Any) -> list[dict[str, Any]]:
    """Attempts as story entries, newest first. A number without an attempt is one whose worker was killed."""
    entries: list[dict[str, Any]] = []
    now = clock.now()
    known = {entry.number for entry in tries}
    if status_of(row) in ("queued", "failing"):
        busy = row.lease_until is not None and row.lease_until >= now
        note = {"note": "now"} if busy else {"at": row.due_at}
        text = "Being sent" if busy else "Next attempt" if row.attempts else "First attempt"
        entries.append(
            {"icon": "clock", "text": text, "small": "", "tone": "", "later": True, "current": False, **note}
        )
    if status_of(row) == "aside":
        entries.append(
            {
                "icon": "eye-off",
                "text": f"Set aside by {row.dismissed_by}",
                "small": "It needs no sending again.",
                "tone": "",
                "at": row.dismissed_at,
                "later": False,
                "current": False,
            }
        )
    for entry in tries:
        ended = "accepted" if entry.ok else "not made" if row.state == "dropped" and entry is tries[0] else "failed"
        text = f"Attempt {entry.number}: {ended}"
        status = f"{entry.status}. " if entry.status and entry.ok else ""
        entries.append(
            {
                "icon": "check" if entry.ok else "circle-x",
                "text": text,
                "small": status + entry.detail,
                "tone": "" if entry.ok else "danger" if status_of(row) == "dead" else "warn",
                "at": entry.ended_at,
                "later": False,
                "current": False,
            }
        )
    lost = sorted(set(range(1, row.attempts + 1)) - known) if row.attempts <= 100 else []
    if lost and not (len(lost) == 1 and row.lease_until is not None):
        words = ", ".join(map(str, lost))
        entries.append(
            {
                "icon": "circle-question-mark",
                "text": f"Attempt {words}: interrupted",
                "small": "The worker stopped before it was known how this ended. It may have arrived.",
                "tone": "warn",
                "note": "",
                "later": False,
                "current": False,
            }
        )
    queued = {"icon": "inbox", "text": "Queued", "small": "", "tone": "", "at": row.created_at}
    return [*entries, {**queued, "later": False, "current": False}]


@pages.post("/<uuid:id>/send_again")
@allow(*STAFF)
def send_again(id: UUID) -> Response:
    """Queues it to go now, under the same id; back to the page it was pressed on."""
    return _press(id, actions.send_again, "It goes out now, under the same id.")


@pages.post("/<uuid:id>/set_aside")
@allow(*STAFF)
def set_aside(id: UUID) -> Response:
    """Says that a message that was given up needs no sending again."""
    return _press(id, actions.set_aside, "Set aside. It stays here, and counts no more; you can put it back.")


@pages.post("/<uuid:id>/put_back")
@allow(*STAFF)
def put_back(id: UUID) -> Response:
    """Takes back that a message was set aside."""
    return _press(id, actions.put_back, "Put back: it counts among what was given up.")


def _press(id: UUID, do: Callable[..., None], said: str) -> Response:
    row = _find(id)
    me().check(rules.desk_of(row.subject_type), row.organization_id)
    do(db(), id, by=me().actor(), now=clock.now(), seen=request.form.get("seen"))
    flash(said)
    return see_other(safe_next(request.form.get("back")) or url_for("deliveries.detail", id=id))


@pages.post("/bulk", endpoint="bulk")
@allow(*STAFF)
def act_on_several() -> Response:
    """What was pressed, for every ticked message that still stands as it did on screen."""
    view, filters = _asked()
    said, all_done = bulk.act(db(), me(), _scopes(), request.form.get("act", ""), request.form.getlist("row"))
    flash(said, "message" if all_done else "warn")
    return see_other(_url(view or "sent", filters, **_after()))
