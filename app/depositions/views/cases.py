"""The page of a case: its sessions, people, gaps and clashes; and a list in groups by case."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from flask import Response, url_for

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.dashboard.listing import Found, Id
from app.dashboard.live import live_list
from app.dashboard.queue import Label
from app.depositions import presentation
from app.depositions.events import SUBJECT
from app.depositions.models import BOOKED, State
from app.depositions.presentation import QueueRow
from app.depositions.queries import cases as queries
from app.depositions.queries import checklists, conflicts, managers, settings
from app.depositions.queries.cases import CaseSession
from app.depositions.rules import cases as rules
from app.depositions.rules import rooms
from app.depositions.rules.board import grouped
from app.depositions.rules.conflicts import OPEN
from app.depositions.views.filters import READERS, pages
from app.depositions.views.list import QUEUE
from app.kernel import clock
from app.kernel.db.transaction import reading
from app.kernel.errors import NotFound
from app.kernel.text import datetimes, normalization
from app.kernel.web.htmx import respond

NO_CASE = "There is no such case, or it is not yours."
EVERY = 2
LISTED = 200
"""Rows of a list that are put into groups."""


class CaseRow(NamedTuple):
    """A session on the page of its case. `after` is how long after the one before it begins."""

    row: QueueRow
    state: Label
    waits: bool
    hours: str
    yours: str
    manager: str
    after: str


class CasePerson(NamedTuple):
    """Somebody of a case: their address, what they are, and in how many of its sessions."""

    name: str
    address: str
    role: str
    sessions: int


class Template(NamedTuple):
    """How the first booked session of a case is booked: what the rest can be booked like."""

    id: int
    manager_id: int
    manager: str
    provider: str
    room_url: str


@pages.get("/cases/<organization>/<case>")
@allow(*READERS)
def case(organization: str, case: str) -> Response:
    """All sessions of a case."""
    now, scope = clock.now(), me().scope(DEPOSITIONS)
    owner = settings.organization(reading(), organization, scope)
    name = rules.name_of(case)
    rows = queries.sessions(reading(), owner.id, name) if name else []
    if not rows:
        raise NotFound(NO_CASE)
    live = live_list(SUBJECT, scope, now, every=EVERY)
    if live.unchanged:
        return live.not_modified()
    first = _template(rows)
    shown = _rows(rows, now)
    waiting = [row for row in shown if row.waits]
    return respond(
        "depositions/case.html",
        live=live,
        name=rows[-1].case_name,
        owner=owner,
        on=f"case/{organization}/{case}",
        ahead=[row for row, one in zip(shown, rows, strict=True) if one.state in OPEN],
        past=[row for row, one in zip(shown, rows, strict=True) if one.state not in OPEN],
        waiting=len(waiting),
        people=_people(rows),
        gaps=rules.gaps(rows, now),
        clashes=[(_named(rows, one), _named(rows, other)) for one, other in rules.clashes(rows)[:20]],
        first=first,
        denied=me().why_not(DEPOSITIONS, owner.id),
        now=now,
    )


def _rows(rows: Sequence[CaseSession], now: datetime) -> list[CaseRow]:
    viewer, after = me(), rules.between(rows)
    known = presentation.Known(
        {},
        conflicts.counted(reading(), [row.id for row in rows if row.overlapping]),
        checklists.open_items(reading(), [row.id for row in rows]),
    )
    return [
        CaseRow(
            presentation.row(row, "scheduled_later", (), viewer, now, known),
            presentation.STATES[State(row.state)],
            row.state == State.INITIAL,
            presentation.hours(row),
            datetimes.viewer_time(row.starts_at, row.zone, viewer.time_zone),
            row.manager_name or "",
            f"{datetimes.duration(after[row.id])} after the one before" if row.id in after else "",
        )
        for row in rows
    ]


def _named(rows: Sequence[CaseSession], id: int) -> tuple[int, str, str]:
    row = next(one for one in rows if one.id == id)
    return id, presentation.name_of(row), presentation.hours(row)


def _people(rows: Sequence[CaseSession]) -> list[CasePerson]:
    """Everybody of the sessions that are not canceled: those of most sessions first."""
    found: dict[tuple[str, str], tuple[str, str, set[int]]] = {}

    def add(name: str, address: str, role: str, id: int) -> None:
        key = (address.casefold() or name.casefold(), role)
        found.setdefault(key, (name, address, set()))[2].add(id)

    for row in rows:
        if row.state == State.CANCELED:
            continue
        if row.deponent_name or row.deponent_email:
            role = row.deponent_role or "deponent"
            add(normalization.shown(row.deponent_name, row.deponent_email), row.deponent_email or "", role, row.id)
        for invite in row.invites:
            add("", invite["email"], "host" if invite["access_level"] == "host" else "invited", row.id)
        if row.manager_id:
            add(normalization.shown(row.manager_name, row.manager_email), row.manager_email or "", "manager", row.id)
    people = [CasePerson(name, address, role, len(ids)) for (_, role), (name, address, ids) in found.items()]
    return sorted(people, key=lambda one: (-one.sessions, one.role, one.name, one.address))


def _template(rows: Sequence[CaseSession]) -> Template | None:
    """How the first booked session with a manager of the roster is booked; their own room goes before its room."""
    for row in rows:
        if row.state not in (*BOOKED, State.ACTIVE, State.ENDED) or row.manager_id is None:
            continue
        manager = managers.get(reading(), row.manager_id)
        if manager.active:
            own = rooms.room_of(manager.templates, row.provider or "")
            room_url = "" if own else row.room_url or ""
            return Template(row.id, manager.id, manager.name, row.provider or "", room_url)
    return None


class CaseGroup(NamedTuple):
    """The rows of a list that are of one case."""

    name: str
    organization: str
    url: str
    rows: Sequence[QueueRow]


@pages.get("/cases")
@allow(*READERS)
def cases() -> Response:
    """A list in groups by case, in the order of their most urgent rows."""
    now, viewer = clock.now(), me()
    list_state = QUEUE.ask(now)
    list_state.check_readable()
    found = list(islice(list_state.listing.stream(reading()), LISTED + 1))
    shown = QUEUE.rows(reading(), list_state, found[:LISTED], viewer)
    slugs = queries.slugs(reading(), {row.organization_id for _, row in found})
    groups = [
        _group(slugs, [row for _, row in rows], shown)
        for rows in grouped(
            found[:LISTED], lambda each: (each[1].organization_id, rules.folded(each[1].case_name))
        ).values()
    ]
    return respond(
        "depositions/cases.html",
        groups_of_cases=groups,
        list_state=list_state,
        tab=list_state.tab,
        args=list_state.args,
        rows=min(len(found), LISTED),
        more=len(found) > LISTED,
    )


def _group(slugs: Mapping[int, str], rows: Sequence[Found], shown: Mapping[Id, QueueRow]) -> CaseGroup:
    first = rows[0]
    url = case_url(slugs[first.organization_id], first.case_name)
    return CaseGroup(first.case_name, first.organization_name, url, [shown[row.id] for row in rows])


def case_url(slug: str, case_name: str) -> str:
    """The address of the page of a case; empty for a session without one."""
    return url_for(".case", organization=slug, case=rules.token_of(case_name)) if case_name.strip() else ""
