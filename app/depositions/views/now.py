"""What runs now: live sessions and those of the next two hours, with who is there; started and ended from here too."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import Response

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard.live import live_list
from app.depositions import presentation
from app.depositions.events import SUBJECT
from app.depositions.models import Kind, Manager, State
from app.depositions.presentation import QueueRow
from app.depositions.queries import checklists, conflicts, managers
from app.depositions.queries import now as queries
from app.depositions.queries.now import Guest, NowSession
from app.depositions.rules import availability, running, transitions
from app.depositions.rules.running import Ahead
from app.depositions.views.filters import READERS, pages
from app.kernel import clock
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes, normalization
from app.kernel.web.htmx import respond
from app.kernel.web.live import Live, revision_of

EVERY = 2


class Running(NamedTuple):
    """A row of the page. `hours` are the session's own, `yours` is the viewer's start, `entered` and `opened` names.
    `why_not` is why it cannot be started or ended."""

    row: QueueRow
    state: str
    starts_at: datetime
    hours: str
    yours: str
    manager: str
    manager_is: str
    manager_tone: str
    entered: str
    opened: str
    ahead: Ahead
    early: bool
    why_not: str


@pages.get("/now")
@allow(*READERS)
def now_page() -> Response:
    """What runs now."""
    now, scope = clock.now(), me().scope(DEPOSITIONS)
    rows = queries.sessions(reading(), None if scope.everything else scope.organization_ids, now)
    guests = queries.guests(reading(), [row.id for row in rows])
    # Opening and entering write no event.
    there = sorted(
        (guest.deposition_id, guest.address, guest.kind, guest.opened_at is not None, guest.entered_at is not None)
        for theirs in guests.values()
        for guest in theirs
    )
    live = live_list(SUBJECT, scope, now, every=EVERY).beside(Live(EVERY, revision_of(there)))
    if live.unchanged:
        return live.not_modified()
    shown = _rows(rows, guests, now)
    groups = (
        ("Live", "radio", [one for one in shown if one.state == State.ACTIVE]),
        ("Should have begun", "history", [one for one in shown if one.state != State.ACTIVE and one.starts_at <= now]),
        (
            "Within two hours",
            "alarm-clock",
            [one for one in shown if one.state != State.ACTIVE and one.starts_at > now],
        ),
    )
    return respond(
        "depositions/now.html",
        live=live,
        shown=shown,
        sections=[group for group in groups if group[2]],
        states=presentation.STATES,
        denied=me().why_not(DEPOSITIONS),
        staff=scope.everything,
        zone=datetimes.zone_abbreviation(datetimes.local(now, me().time_zone)),
        now=now,
    )


def _rows(rows: Sequence[NowSession], guests: Mapping[int, Sequence[Guest]], now: datetime) -> list[Running]:
    viewer, denied = me(), me().why_not(DEPOSITIONS)
    managed = {row.manager_id for row in rows if row.manager_id is not None}
    following = queries.following(reading(), managed, now)
    team = {one.id: one for one in managers.managers(reading())} if managed else {}
    known = presentation.Known(
        {},
        conflicts.counted(reading(), [row.id for row in rows if row.overlapping]),
        checklists.open_items(reading(), [row.id for row in rows]),
    )
    today = datetimes.local(now, viewer.time_zone).date()
    found = []
    for row in rows:
        theirs = guests.get(row.id, ())
        is_, tone = _manager(row, theirs, now)
        why_not = denied or (
            transitions.why_not_end(row.state, row.starts_at > now)
            if row.state == State.ACTIVE
            else transitions.why_not_start(row.state, row.room_url is not None)
        )
        found.append(
            Running(
                presentation.row(row, "scheduled_soon", (), viewer, now, known),
                row.state,
                row.starts_at,
                datetimes.hours_on(row.starts_at, row.ends_at, row.zone, today),
                datetimes.hours_on(row.starts_at, row.starts_at, viewer.time_zone, today),
                row.manager_name or "",
                is_,
                tone,
                _names([guest for guest in theirs if guest.entered_at and guest.kind != Kind.MANAGER]),
                _names([guest for guest in theirs if guest.opened_at and not guest.entered_at]),
                _ahead(row, following, team, now, viewer.time_zone),
                transitions.starts_early(row.starts_at, now),
                why_not or "",
            )
        )
    return found


def _ahead(
    row: NowSession,
    following: Mapping[int, Sequence[tuple[int, datetime]]],
    team: Mapping[int, Manager],
    now: datetime,
    zone: str,
) -> Ahead:
    after = following.get(row.manager_id or 0, ())
    next_at = next((at for id, at in after if id != row.id and at >= row.starts_at), None)
    manager = team.get(row.manager_id or 0)
    gap = availability.gap(manager.buffer_before, manager.buffer_after) if manager else timedelta()
    return running.ahead(row.starts_at, row.ends_at, row.state, next_at, gap, now, zone)


def _manager(row: NowSession, guests: Sequence[Guest], now: datetime) -> tuple[str, str]:
    """Whether the manager is there, in words, and its tone."""
    if row.manager_id is None:
        return "", ""
    mine = [guest for guest in guests if guest.kind == Kind.MANAGER]
    if any(guest.entered_at for guest in mine):
        return "in", "good"
    missed = row.starts_at - now <= running.CLOSE
    return ("opened the page" if any(guest.opened_at for guest in mine) else "not in"), "warn" if missed else ""


def _names(guests: Sequence[Guest]) -> str:
    names = [
        "somebody without a link of their own"
        if guest.kind == Kind.VISITOR
        else normalization.shown(guest.name, guest.address)
        for guest in guests
    ]
    return ", ".join(names)
