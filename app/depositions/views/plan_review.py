"""The page of all messages of a plan, and the booking: each of its own, with its own fingerprint and reason.

What was overtaken meanwhile is left as it is and says why; the rest is booked.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS, refusal
from app.depositions import presentation
from app.depositions.actions.give import Given, give
from app.depositions.models import Deposition, Manager
from app.depositions.queries import managers as roster
from app.depositions.rules.conflicts import asks_reason
from app.depositions.rules.transitions import REASON_LIMIT
from app.depositions.views.confirmations import DryRun, conflict_flags, subject_of
from app.depositions.views.filters import READERS, actable, pages
from app.depositions.views.managers import check_may_look
from app.kernel import clock
from app.kernel.changes import confirmation
from app.kernel.changes.confirmation import Preview
from app.kernel.db import transaction
from app.kernel.db.engine import Db
from app.kernel.db.transaction import reading, side_transaction
from app.kernel.errors import Denied, Invalid, NotFound, Refusal
from app.kernel.web.confirmation_pages import Flag
from app.kernel.web.forms import DeskForm
from app.kernel.web.htmx import respond

AT_ONCE = 50
"""Bookings that one page shows and one press makes."""
ASKED = "…"
"""Stands for the reason over an overlap, while it is asked for."""
_ITEM = re.compile(r"(schedule|change)-([1-9]\d{0,17})-([1-9]\d{0,8})-([1-9]\d{0,8})")


class Item(NamedTuple):
    """A booking that was chosen: what is done with which session, for whom, and the version that was seen."""

    value: str
    verb: str
    id: int
    manager_id: int
    version: int


class Reviewed(NamedTuple):
    """A booking as the page shows it: its messages, or why it is not possible."""

    item: Item
    name: str
    subject: Sequence[str]
    manager: str
    preview: Preview | None
    flags: Sequence[Flag]
    asks: bool
    reason: str
    refused: str


class Outcome(NamedTuple):
    """What became of a booking; `refused` is why it was left as it is."""

    id: int
    name: str
    manager: str
    refused: str


@pages.post("/plan/review")
@allow(*READERS)
def review_plan() -> Response:
    """Shows what each chosen booking would send. Nothing is booked."""
    _check()
    items = read_items()
    now = clock.now()
    team = {one.id: one for one in roster.managers(reading())}
    reviewed = [_reviewed(item, team, now, earlier) for item, earlier in _with_earlier(items[:AT_ONCE])]
    return respond(
        "depositions/plan-review.html",
        reviewed=reviewed,
        possible=[one for one in reviewed if not one.refused],
        left=max(0, len(items) - AT_ONCE),
        limit=REASON_LIMIT,
        back=request.form.get("back", "") if request.form.get("back", "").startswith("/depositions/") else "",
    )


@pages.post("/plan/book")
@allow(*READERS)
def book_plan() -> Response:
    """Books what was reviewed, one after the other, each in a transaction of its own."""
    _check()
    items = read_items()[:AT_ONCE]
    now = clock.now()
    team = {one.id: one for one in roster.managers(reading())}
    outcomes = [_booked(item, team, now) for item in items]
    return respond(
        "depositions/plan-booked.html",
        booked=[one for one in outcomes if not one.refused],
        fallen=[one for one in outcomes if one.refused],
        again=url_for(".plan"),
    )


def _check() -> None:
    check_may_look()
    if not me().may(DEPOSITIONS):
        raise Denied(refusal(DEPOSITIONS))
    DeskForm().check()


def read_items() -> list[Item]:
    """The chosen bookings, each session once. Raises Invalid when there are none."""
    found: dict[int, Item] = {}
    for text in request.form.getlist("book"):
        item = _ITEM.fullmatch(text)
        if item:
            found.setdefault(int(item[2]), Item(text, item[1], int(item[2]), int(item[3]), int(item[4])))
    if not found:
        raise Invalid("Nothing was chosen, so nothing was booked. Select at least one proposal.")
    return list(found.values())


def _with_earlier(items: Sequence[Item]) -> list[tuple[Item, frozenset[int]]]:
    """Each with the ids of those that are booked before it."""
    return [(item, frozenset(one.id for one in items[:n])) for n, item in enumerate(items)]


class _Booking:
    """One booking of a plan: the action, what its fingerprint is about besides the messages, and what it left."""

    def __init__(self, item: Item, team: dict[int, Manager], reason: str, now: datetime) -> None:
        self.deposition = actable(item.id)
        manager = team.get(item.manager_id)
        if manager is None:
            raise NotFound("This manager cannot be chosen any more. Nothing was booked.")
        self.run = DryRun()
        self.sentences = list[str]()
        """Conflicts by their sentences: whether one asks for a reason changes while the plan is booked."""
        self.about = ("plan", item.verb, item.id, manager.id, self.sentences)
        wished, by = self.deposition.details.get("video_provider", ""), me().actor()
        given = Given(item.id, manager, wished, item.verb == "schedule")
        noted = self.run.by(lambda db, version: give(db, given, by=by, now=now, reason=reason, version=version), now)

        def action(db: Db, version: int | None) -> Deposition:
            made = noted(db, version)
            self.sentences[:] = sorted(finding.sentence for finding in self.run.findings)
            return made

        self.action = action


def _reviewed(item: Item, team: dict[int, Manager], now: datetime, earlier: frozenset[int]) -> Reviewed:
    reason = request.form.get(f"reason-{item.id}", "")[:REASON_LIMIT]
    manager = team[item.manager_id].name if item.manager_id in team else ""
    name, subject = f"Request {item.id}", list[str]()
    try:
        booking = _Booking(item, team, reason or ASKED, now)
        name, subject = presentation.name_of(booking.deposition), subject_of(booking.deposition)
        preview = confirmation.dry_run(booking.action, item.version, booking.about)
    except Refusal as refusal:
        transaction.roll_back()
        return Reviewed(item, name, subject, manager, None, (), False, reason, _sentence(refusal))
    findings = booking.run.findings
    asks = asks_reason(findings, booking.run.deposition.starts_at, now) if item.verb == "schedule" else False
    asks = asks or any(each.asks or (each.grave and each.id in earlier) for each in findings)
    return Reviewed(item, name, subject, manager, preview, conflict_flags(findings), asks, reason, "")


def _booked(item: Item, team: dict[int, Manager], now: datetime) -> Outcome:
    reason = request.form.get(f"reason-{item.id}", "")[:REASON_LIMIT]
    manager = team[item.manager_id].name if item.manager_id in team else ""
    name = f"Request {item.id}"
    try:
        booking = _Booking(item, team, reason, now)
        name = presentation.name_of(booking.deposition)
        seen = request.form.get(f"seen-{item.id}", "")
        with side_transaction() as own:
            confirmation.act_as_seen(own, booking.action, item.version, booking.about, seen)
    except Refusal as refusal:
        return Outcome(item.id, name, manager, _sentence(refusal))
    return Outcome(item.id, name, manager, "")


def _sentence(refusal: Refusal) -> str:
    """Why a booking is not possible, with who was first."""
    return " ".join([refusal.detail, *(f"{change.sentence}." for change in refusal.changes)])
