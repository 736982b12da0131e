"""The board: the day by manager, a quarter of an hour a column, with the same as a list; and the week (week.py)."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard import saved_views
from app.dashboard.live import live_lists
from app.depositions import presentation
from app.depositions.events import MANAGER, SUBJECT
from app.depositions.models import BOOKED, Manager, State
from app.depositions.presentation import QueueRow
from app.depositions.queries import board as queries
from app.depositions.queries import checklists, conflicts
from app.depositions.queries.board import BoardSession, Team
from app.depositions.rules import availability
from app.depositions.rules import board as rules
from app.depositions.rules.board import Cell, Window
from app.depositions.rules.transitions import Span, busy
from app.depositions.views import board_filters, returns, week
from app.depositions.views.filters import READERS, pages
from app.depositions.views.managers import check_may_look, why_not_edit
from app.kernel import clock
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes, normalization
from app.kernel.web.htmx import respond
from app.kernel.web.live import Live

EVERY = 2
"""Seconds between two polls."""


class Bar(NamedTuple):
    """A session on the board and in the list beside it. `hours` are its own, `yours` the viewer's; `begins` is the
    first of its own, for a bar without room for them all."""

    row: QueueRow
    state: str
    starts_at: datetime
    ends_at: datetime
    hours: str
    begins: str
    yours: str
    flag: str
    tone: str
    waits: bool
    managed_by: str
    change_url: str
    matches: bool

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def is_over(self) -> bool:
        return self.state == State.ENDED

    def is_short(self, quarters: int) -> bool:
        """Whether a bar of so many quarters of an hour has no room for two lines of hours and for a mark."""
        return quarters < (8 if self.flag else 6)


class Lines(NamedTuple):
    """What the board shows of one manager, or of the requests without one (`manager` is None)."""

    manager: Manager | None
    name: str
    key: str
    load: str
    hours: str
    absence: str
    tone: str
    lines: Sequence[Sequence[Cell[Bar]]]


@pages.get("/board")
@allow(*READERS)
def board() -> Response:
    """The day by manager; with `week` the load of a week."""
    check_may_look()
    now, scope = clock.now(), me().scope(DEPOSITIONS)
    live = live_lists([(SUBJECT, scope), (MANAGER, scope)], now, every=EVERY)
    if live.unchanged:
        return live.not_modified()
    return week.page(now, live) if "week" in request.args else _day(now, live)


def _day(now: datetime, live: Live) -> Response:
    zone = me().time_zone
    today = datetimes.local(now, zone).date()
    day, readable = read_day(request.args.get("day", ""), today)
    wanted = request.args.get("from", "")
    span = rules.day_span(day, zone)
    read = queries.sessions(reading(), span)
    rows, more = read[: queries.MOST], len(read) > queries.MOST
    team = queries.team(reading(), span)
    work = {one.id: availability.at_work(one.zone, team.hours.get(one.id, ()), span) for one in team.managers}
    first = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 3 else None
    shown = rules.window(day, zone, rows, [each for spans in work.values() for each in spans or ()], first)
    chosen = board_filters.read([*(row.zone for row in rows), *(one.zone for one in team.managers)])
    matching = queries.matching(reading(), [row.id for row in rows], chosen) if chosen.values else None
    kept = {**chosen.args, **({"from": str(first)} if first is not None else {})}
    bars = _bars(rows, team, day, now, matching, returns.on_board(day, kept))
    groups = _lines(bars, rows, team, work, shown, span)
    found = [bar for bar in bars if bar.matches]
    return respond(
        "depositions/board.html",
        status=200 if readable and not chosen.unreadable else 422,
        live=live if readable and not chosen.unreadable else None,
        chosen=chosen,
        args=chosen.args,
        views=saved_views.for_page(reading(), me(), DEPOSITIONS, chosen.args, now, tab=(), page="board"),
        chips=board_filters.chips(chosen, day.isoformat()),
        controls=board_filters.controls(chosen, day.isoformat()),
        found=found,
        day=day,
        today=today,
        title=datetimes.day(day, today),
        before=day - timedelta(days=1) if day > date.min + FAR else None,
        after=day + timedelta(days=1) if day < date.max - FAR else None,
        zone=_zones(span, zone),
        shown=shown,
        team=[group for group in groups if board_filters.shows(chosen, group.manager, group.key)],
        bars=bars,
        waiting=[bar for bar in found if bar.waits],
        booked=[bar for bar in found if not bar.waits],
        more=more,
        unreadable="" if readable else request.args.get("day", "")[:40],
        now=now,
        nobody=not team.managers,
        may_add=not why_not_edit(),
        gaps=sorted({availability.gap(one.buffer_before, one.buffer_after) for one in team.managers}),
    )


FAR = timedelta(days=400)
"""The first and the last days that a calendar has, which no board shows."""


def read_day(text: str, today: date) -> tuple[date, bool]:
    """The day that an address names, and whether it could be read; otherwise today."""
    if text in ("", "today", "now"):
        return today, True
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today, False
    return (day, True) if date.min + FAR < day < date.max - FAR else (today, False)


def _zones(span: Span, zone: str) -> str:
    """`CET`, or `CET/CEST` on the day on which the clocks change."""
    ends = [datetimes.local(moment, zone) for moment in (span.starts_at, span.ends_at - timedelta(seconds=1))]
    return "/".join(dict.fromkeys(datetimes.zone_abbreviation(each) for each in ends))


def _bars(
    rows: Sequence[BoardSession], team: Team, day: date, now: datetime, matching: Collection[int] | None, on: str
) -> list[Bar]:
    """The sessions; all match where no filter is set. `on` is the board that a press on one of them leads back to."""
    viewer, denied = me(), me().why_not(DEPOSITIONS)
    known = presentation.Known(
        {},
        conflicts.counted(reading(), [row.id for row in rows if row.overlapping]),
        checklists.open_items(reading(), [row.id for row in rows]),
    )
    overlapping: dict[int, list[int]] = {}
    gaps = {one.id: availability.gap(one.buffer_before, one.buffer_after) for one in team.managers}
    for id, theirs in rules.grouped(rows, lambda row: row.manager_id).items():
        if id is not None:
            overlapping |= rules.overlapping(theirs, gaps.get(id, timedelta()))
    found = []
    for row in rows:
        others, span = overlapping.get(row.id, ()), busy(row.starts_at, row.ends_at)
        may_change = not denied and row.state in (State.INITIAL, *BOOKED)
        found.append(
            Bar(
                presentation.row(row, "", (), viewer, now, known),
                row.state,
                span.starts_at,
                span.ends_at,
                datetimes.hours_on(row.starts_at, row.ends_at, row.zone, day),
                datetimes.bare_hour(datetimes.local(row.starts_at, row.zone), row.zone),
                datetimes.hours_on(span.starts_at, span.ends_at, viewer.time_zone, day),
                f"{others[0]}{f' +{len(others) - 1}' if others[1:] else ''}" if others else "",
                "danger" if others else "warn" if row.overlapping else "",
                row.state == State.INITIAL,
                row.manager_name or "",
                url_for(".choose_manager", id=row.id, on=on) if may_change else "",
                matching is None or row.id in matching,
            )
        )
    return found


def _lines(
    bars: Sequence[Bar],
    rows: Sequence[BoardSession],
    team: Team,
    work: dict[int, list[Span] | None],
    shown: Window,
    span: Span,
) -> list[Lines]:
    """Those without a manager first, then the roster by name, then who is no longer of it but has a session."""
    of = rules.grouped(zip(rows, bars, strict=True), lambda pair: pair[0].manager_id)
    nobody = [bar for _, bar in of.pop(None, [])]
    found = [_line(None, "Unassigned", "unassigned", nobody, timedelta(), span, shown)]
    for one in team.managers:
        theirs = [bar for _, bar in of.pop(one.id, [])]
        absences = availability.away_during(one.zone, team.absences.get(one.id, ()), span)
        found.append(
            _line(
                one,
                normalization.shown(one.name, one.email),
                str(one.id),
                theirs,
                availability.gap(one.buffer_before, one.buffer_after),
                span,
                shown,
                work[one.id],
                absences,
            )
        )
    for id, pairs in of.items():
        name = normalization.shown(pairs[0][1].managed_by, f"Manager {id}")
        found.append(_line(None, name, str(id), [bar for _, bar in pairs], timedelta(), span, shown))
    return found


def _line(
    manager: Manager | None,
    name: str,
    key: str,
    bars: Sequence[Bar],
    gap: timedelta,
    span: Span,
    shown: Window,
    work: Sequence[Span] | None = None,
    absences: Sequence[tuple[availability.Away, Span]] = (),
) -> Lines:
    off = set(range(shown.quarters)) - rules.touched(shown, work) if work is not None else set[int]()
    away = rules.touched(shown, [each for _, each in absences])
    zone, overlap = me().time_zone, any(bar.flag for bar in bars)
    if key == "unassigned":
        waiting = sum(bar.waits for bar in bars)
        load = f"{waiting} waiting" if waiting else ""
        load += f"{', ' if load else ''}{len(bars) - waiting} booked" if len(bars) > waiting else ""
    else:
        took = datetimes.duration(rules.booked_time(bars, span)) if bars else ""
        works = work is None or rules.free_parts(work, [each for _, each in absences]) > timedelta()
        load = f"{len(bars)} · {took}{', overlap' if overlap else ''}" if bars else "free" if works else ""
    hours = ""
    if work is not None:
        hours = ", ".join(_clock_hours(each, zone, span) for each in work) or "not at work"
    absence = ""
    if absences:
        words = availability.absence_words(absences[0][0], shown.day)
        absence = words[:1].upper() + words[1:]
    return Lines(
        manager,
        name,
        key,
        load,
        hours,
        absence,
        "danger" if overlap else "",
        rules.lines(shown, bars, gap, off, away),
    )


def _clock_hours(each: Span, zone: str, day: Span) -> str:
    begins = datetimes.bare_hour(datetimes.local(each.starts_at, zone), zone)
    ends = "midnight" if each.ends_at == day.ends_at else datetimes.bare_hour(datetimes.local(each.ends_at, zone), zone)
    return f"{begins}–{ends}"
