"""What is done to several ticked rows at once: assign, unassign, tag, export. Never approve, deny, cancel or end.

Each ticked row says which version of it was on screen. Only rows that are still at it and still in the list are
changed, all in one transaction with an event each; the answer says in words which others were left alone, and why.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from flask import Response, flash, request

from app.accounts.access import Me, me
from app.accounts.roles import refusal
from app.dashboard import recent_events, redirects, tags
from app.dashboard.csv_export import export_ticked
from app.dashboard.listing import Found, Id
from app.dashboard.queue import AnyQueue, ListState
from app.kernel import clock
from app.kernel.changes.event_types import ActedRow
from app.kernel.changes.events import is_own
from app.kernel.db.transaction import db
from app.kernel.errors import Denied, Invalid, NotFound, Refusal
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize

MOST = 200
"""Rows at once; a page has fewer."""

NOTHING_TICKED = "Select at least one row first. Nothing was changed."
_TICKED = re.compile(r"([0-9A-Za-z-]{1,40}):([0-9]{1,18})")


class Ticked(NamedTuple):
    """A row as it was on screen."""

    id: Id
    version: int


class Act(NamedTuple):
    """What to do to each row, and what is said of those it was done to: `assigned to you`."""

    words: str
    do: Callable[[Found, int], object]
    why_not: Callable[[Found], str | None] = lambda row: None
    """Why this row is left alone, though it is still as it was."""


def act(queue: AnyQueue) -> Response:
    """Does to the ticked rows what was pressed. Raises Invalid when nothing was ticked, Denied for a mere reader."""
    viewer, now = me(), clock.now()
    list_state = queue.ask(now)
    list_state.check_readable()
    pressed, _, value = request.form.get("act", "").partition(":")
    if pressed != "export" and not viewer.may(queue.desk):
        raise Denied(refusal(queue.desk))
    ticked = _ticked(list_state.listing.compiled.id_type)
    if pressed == "export":
        found = list_state.listing.rows_of(db(), [one.id for one in ticked])
        return export_ticked(queue, list_state, [found[one.id] for one in ticked if one.id in found])
    chosen = _chosen(queue, viewer, list_state, pressed, value)
    done, left = _each(queue, list_state, viewer, ticked, chosen)
    flash(_answer(queue, list_state, viewer, len(done), chosen.words, left), "warn" if left else "message")
    return redirects.to_list(queue)


def _ticked(kind: type) -> list[Ticked]:
    """The rows named in the form, each once. Raises Invalid."""
    found: dict[Id, Ticked] = {}
    for word in request.form.getlist("row"):
        match = _TICKED.fullmatch(word)
        try:
            id = kind(match[1]) if match else None
        except ValueError:
            id = None
        if match is None or id is None or (kind is int and not 0 < id < 2**63):
            raise Invalid("A selected row could not be read. Nothing was changed. Reload the page.", code="bulk.row")
        found[id] = Ticked(id, int(match[2]))
    if not found:
        raise Invalid(NOTHING_TICKED, code="bulk.nothing")
    if len(found) > MOST:
        raise Invalid(f"At most {MOST} rows at once. Nothing was changed.", code="bulk.many")
    # Always in one order, so that two people who tick the same rows wait for each other instead of blocking.
    return [found[id] for id in sorted(found)]


def _chosen(queue: AnyQueue, viewer: Me, list_state: ListState, pressed: str, value: str) -> Act:
    """The act behind the button. Raises Invalid."""
    by, now = viewer.actor(), list_state.now
    if pressed == "assign":
        team = queue.assignees()
        person = next((one for one in team if str(one.id) == value), None)
        if person is None:
            raise Invalid("Choose a person who works at this desk. Nothing was changed.", code="bulk.person")
        return Act(
            "assigned to you" if person.id == viewer.id else f"assigned to {person.name}",
            lambda row, version: queue.assign(db(), row[0], (person.id, person.name), by=by, now=now, version=version),
            lambda row: (
                None if person.covers(row.organization_id) else f"{person.name} does not act for this organization"
            ),
        )
    # A page that was open during an upgrade still says `give_back`.
    if pressed in ("unassign", "give_back"):
        return Act("unassigned", lambda row, version: queue.unassign(db(), row[0], by=by, now=now, version=version))
    if pressed in ("tag", "untag"):
        name = tags.tidy(request.form.get("tag", ""))
        change = tags.add if pressed == "tag" else tags.remove
        return Act(
            f"tagged “{name}”" if pressed == "tag" else f"without “{name}” now",
            lambda row, version: change(db(), queue.subject, row[0], row.organization_id, name, by=by, now=now),
        )
    raise Invalid("Choose what to do with the selected rows. Nothing was changed.", code="bulk.act")


def _each(
    queue: AnyQueue, list_state: ListState, viewer: Me, ticked: list[Ticked], chosen: Act
) -> tuple[list[Ticked], list[tuple[Found | None, str]]]:
    """Does it to the rows that are still as they were; gives those, and the others with why not."""
    found = list_state.listing.rows_of(db(), [one.id for one in ticked], lock=True)
    moved = [one.id for one in ticked if one.id in found and not _fits(one, found[one.id])]
    happened = recent_events.latest_events(db(), queue.subject, moved)
    done: list[Ticked] = []
    left: list[tuple[Found | None, str]] = []
    for one in ticked:
        if one.id not in found:
            left.append((None, "it is not in this list"))
            continue
        row = found[one.id][1]
        why = None
        if not viewer.may(queue.desk, True, row.organization_id):
            why = "you may only look at it"
        elif not _fits(one, found[one.id]):
            why = _what_happened(queue, list_state, viewer, happened.get(one.id))
        why = why or chosen.why_not(row)
        if why is None:
            try:
                chosen.do(row, one.version)
            except (Invalid, NotFound, Refusal) as refusal:
                why = refusal.detail.rstrip(".")
        if why is None:
            done.append(one)
        else:
            left.append((row, why))
    return done, left


def _fits(one: Ticked, found: tuple[str | None, Found]) -> bool:
    """Whether a row is still in the list, and still as it was on screen."""
    key, row = found
    return key is not None and row.version == one.version


def _what_happened(queue: AnyQueue, list_state: ListState, viewer: Me, event: ActedRow | None) -> str:
    """`Ana Ruiz scheduled it at 10:42`."""
    if event is None:
        return "it has left this list"
    who = "you" if is_own(event, viewer.actor()) else event.actor_name
    return f"{who} {queue.events.clause(event.kind)} {_at_moment(event.created_at, viewer.time_zone, list_state.now)}"


def _answer(
    queue: AnyQueue, list_state: ListState, viewer: Me, done: int, words: str, left: Iterable[tuple[Found | None, str]]
) -> str:
    """`3 assigned to you. 1 was left alone: Ana scheduled it at 10:42.`"""
    summary = f"{done:,} {words}." if done else f"None {words}."
    reasons = list(left)
    if not reasons:
        return summary
    if len(reasons) == 1:
        return f"{summary} 1 was left alone: {reasons[0][1]}."
    names = iter(
        [queue.name_of(row) for row in queue.readable(db(), [row for row, _ in reasons if row is not None], viewer)]
    )
    named = [f"{next(names) if row is not None else 'one'}, {why}" for row, why in reasons[:10]]
    more = f"; and {pluralize(len(reasons) - 10, 'more')}" if len(reasons) > 10 else ""
    return f"{summary} {len(reasons):,} were left alone: {'; '.join(named)}{more}."


def _at_moment(instant: datetime, zone: str, now: datetime) -> str:
    """`at 10:42`, or with the day when it was another."""
    local, today = datetimes.local(instant, zone), datetimes.local(now, zone)
    hour = datetimes.hour(local, zone)
    return f"at {hour}" if local.date() == today.date() else f"on {datetimes.day(local, today)}, {hour}"
