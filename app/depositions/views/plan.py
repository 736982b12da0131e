"""The plan: who is to take each request that waits, or each session of a manager who is away, with reasons.

The address is the plan: what is pinned and dropped stands in it, so that a copied link shows the same. Nothing is
booked here; what is chosen goes to the page that shows all messages (plan_review.py).
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from flask import Response, request, url_for

from app.accounts.access import allow, me
from app.accounts.roles import DEPOSITIONS
from app.depositions import presentation
from app.depositions.models import Manager, State
from app.depositions.queries import managers as roster
from app.depositions.queries import planning as queries
from app.depositions.queries.planning import PlannedSession
from app.depositions.rules.board import day_span, grouped
from app.depositions.rules.plan.words import Plan, Proposal, Unplaced, propose
from app.depositions.rules.transitions import Span
from app.depositions.views.filters import READERS, pages
from app.depositions.views.managers import check_may_look
from app.kernel import clock
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes, normalization
from app.kernel.web.htmx import respond

_PIN = re.compile(r"([1-9]\d{0,17})-([1-9]\d{0,8})")
_ID = re.compile(r"[1-9]\d{0,17}")


class Choices(NamedTuple):
    """What the address of a plan says: pinned managers by session, dropped sessions, and the one that is changed."""

    pinned: dict[int, int]
    dropped: frozenset[int]
    changed: int


class Other(NamedTuple):
    """A manager who could take a session instead, and the address of the plan with them."""

    name: str
    words: str
    url: str


class Row(NamedTuple):
    """A session of the plan, with what was found for it. `value` is what the form sends of it; `others` are offered
    while it is changed."""

    id: int
    name: str
    case: str
    hours: str
    yours: str
    proposal: Proposal | None
    unplaced: Unplaced | None
    value: str
    pin_url: str
    drop_url: str
    change_url: str
    others: Sequence[Other]


class Day(NamedTuple):
    """The sessions of a day, as the viewer's calendar has it."""

    day: date
    rows: Sequence[Row]


@pages.get("/plan")
@allow(*READERS)
def plan() -> Response:
    """A plan for the requests of the next days."""
    check_may_look()
    now, zone = clock.now(), me().time_zone
    today = datetimes.local(now, zone).date()
    last = day_span(today + queries.AHEAD, zone).ends_at
    rows = queries.waiting(reading(), Span(now, last))
    return _page(rows, now, "plan")


@pages.get("/managers/<int:id>/away")
@allow(*READERS)
def away(id: int) -> Response:
    """The sessions that a manager has within their absences, each with the best replacement."""
    check_may_look()
    now, manager = clock.now(), roster.get(reading(), id)
    rows = queries.managed_while_away(reading(), manager, now)
    return _page(rows, now, "away", manager)


def read_choices() -> Choices:
    """What the address says; what cannot be read there is left out."""
    pins = [_PIN.fullmatch(text) for text in request.args.getlist("pin")[: queries.MOST]]
    drops = request.args.getlist("drop")[: queries.MOST]
    changed = request.args.get("change", "")
    return Choices(
        {int(pin[1]): int(pin[2]) for pin in pins if pin},
        frozenset(int(text) for text in drops if _ID.fullmatch(text)),
        int(changed) if _ID.fullmatch(changed) else 0,
    )


def _page(rows: Sequence[PlannedSession], now: datetime, endpoint: str, manager: Manager | None = None) -> Response:
    chosen = read_choices()
    more = len(rows) > queries.MOST
    planned = [row for row in rows[: queries.MOST] if row.id not in chosen.dropped]
    pinned = {row.id: chosen.pinned[row.id] for row in planned if row.id in chosen.pinned}
    problem = queries.problem(reading(), planned, pinned, without=manager.id if manager else 0)
    found = propose(problem)
    address = _Address(endpoint, manager.id if manager else 0, pinned, chosen.dropped & {row.id for row in rows})
    lines = _rows(planned, found, address, chosen.changed, now)
    zone = me().time_zone
    days = grouped(lines, lambda line: datetimes.local(_starts(line), zone).date())
    return respond(
        "depositions/plan.html",
        manager=manager,
        name=normalization.shown(manager.name, manager.email) if manager else "",
        days=[Day(day, theirs) for day, theirs in days.items()],
        today=datetimes.local(now, zone).date(),
        planned=len(planned),
        proposals=found.proposals,
        unplaced=found.unplaced,
        doubt=found.doubt,
        dropped=[
            (
                presentation.name_of(row),
                datetimes.span(row.starts_at, row.ends_at, row.zone, now),
                address.without_drop(row.id),
            )
            for row in rows[: queries.MOST]
            if row.id in chosen.dropped
        ],
        team=len(problem.team),
        more=more,
        most=queries.MOST,
        days_ahead=queries.AHEAD.days,
        denied=me().why_not(DEPOSITIONS),
        back=url_for(".manager", id=manager.id) if manager else url_for(".board"),
    )


def _starts(line: Row) -> datetime:
    found = line.proposal or line.unplaced
    assert found is not None
    return found.session.starts_at


class _Address:
    """The addresses of a plan and of the plans beside it."""

    def __init__(self, endpoint: str, id: int, pinned: dict[int, int], dropped: frozenset[int]) -> None:
        self._endpoint, self._id, self._pinned, self._dropped = f"depositions.{endpoint}", id, pinned, dropped

    def _url(self, pinned: dict[int, int], dropped: frozenset[int], change: int = 0, anchor: int = 0) -> str:
        pins = [f"{id}-{manager}" for id, manager in sorted(pinned.items())]
        return url_for(
            self._endpoint,
            id=self._id or None,
            pin=pins,
            drop=sorted(dropped),
            change=change or None,
            _anchor=f"plan-{anchor}" if anchor else None,
        )

    def with_pin(self, id: int, manager_id: int) -> str:
        return self._url({**self._pinned, id: manager_id}, self._dropped, anchor=id)

    def without_pin(self, id: int) -> str:
        return self._url({key: value for key, value in self._pinned.items() if key != id}, self._dropped, anchor=id)

    def with_drop(self, id: int) -> str:
        return self._url({key: value for key, value in self._pinned.items() if key != id}, self._dropped | {id})

    def without_drop(self, id: int) -> str:
        return self._url(self._pinned, self._dropped - {id}, anchor=id)

    def changing(self, id: int) -> str:
        return self._url(self._pinned, self._dropped, change=id, anchor=id)


def _rows(planned: Sequence[PlannedSession], found: Plan, address: _Address, changed: int, now: datetime) -> list[Row]:
    proposals = {one.session.id: one for one in found.proposals}
    unplaced = {one.session.id: one for one in found.unplaced}
    rows = []
    for row in planned:
        proposal, left = proposals.get(row.id), unplaced.get(row.id)
        pinned = bool(proposal and proposal.pinned) or bool(left and left.pinned)
        others = []
        if proposal and changed == row.id:
            others = [
                Other(
                    one.name,
                    one.words or ("as good" if one.more <= 0 else ""),
                    address.with_pin(row.id, one.manager_id),
                )
                for one in proposal.others
            ]
        verb = "schedule" if row.state == State.INITIAL else "change"
        pin_url = address.without_pin(row.id) if pinned else ""
        if proposal and not pinned:
            pin_url = address.with_pin(row.id, proposal.manager_id)
        rows.append(
            Row(
                row.id,
                presentation.name_of(row),
                row.case_name,
                datetimes.span(row.starts_at, row.ends_at, row.zone, now),
                datetimes.viewer_time(row.starts_at, row.zone, me().time_zone, briefly=True),
                proposal,
                left,
                f"{verb}-{row.id}-{proposal.manager_id}-{row.version}" if proposal else "",
                pin_url,
                address.with_drop(row.id),
                address.changing(row.id) if proposal and proposal.others else "",
                others,
            )
        )
    return rows
