"""What waits at each desk, in one shape for the overview and the navigation. Numbers are the rooms' own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.access import Me, Scope
from app.accounts.roles import DEPOSITIONS, INSPECTIONS, PRESCREENS
from app.dashboard import delivery_problems
from app.depositions.queries import listing as depositions
from app.inspections.queries import listing as inspections
from app.kernel.db.engine import Db
from app.prescreens.queries import counts as prescreens

SUBJECTS = {DEPOSITIONS: "deposition", PRESCREENS: "prescreen", INSPECTIONS: "inspection"}


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of waiting work: how much, how pressing, and the list that holds it."""

    label: str
    count: int
    view: dict[str, Any]
    icon: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk as the shell knows it. `endpoint` is its list; `waiting` its one number; `lanes` everything that waits."""

    name: str
    title: str
    label: str
    icon: str
    endpoint: str
    waiting: Callable[[Db, Scope, datetime], int]
    lanes: Callable[[Db, Me, Scope, datetime], list[Lane]]
    empty: str
    tone: str = ""
    everything: dict[str, str] | None = None
    """What its list's address says to look through everything by text; None where it takes no text."""
    also: tuple[tuple[str, str, str], ...] = ()
    """Further pages of the desk: (label, icon, endpoint)."""


def reach(scope: Scope) -> frozenset[int] | None:
    """A scope as the rooms ask for it: None is every organization."""
    return None if scope.everything else scope.organization_ids


def _deposition_lanes(db: Db, _me: Me, scope: Scope, now: datetime) -> list[Lane]:
    counts = depositions.view_counts(db, depositions.Filters(reach=reach(scope)), now)
    return [
        Lane(
            "starting within 24 hours, not scheduled",
            counts[depositions.STARTING],
            {"view": depositions.STARTING},
            "alarm-clock",
            "danger",
        ),
        Lane(
            "asked to be canceled",
            counts[depositions.CANCELLATION],
            {"view": depositions.CANCELLATION},
            "message-square-x",
            "warn",
        ),
        Lane("waiting to be scheduled", counts[depositions.NEEDS], {"view": depositions.NEEDS}, "inbox"),
    ]


def _prescreen_lanes(db: Db, _me: Me, scope: Scope, now: datetime) -> list[Lane]:
    tally = prescreens.tally(db, prescreens.reach_of(scope), now)
    return [
        Lane("expiring within 3 days", tally.of("waiting", 3), {"left": 3}, "hourglass", "danger"),
        Lane("waiting for a decision", tally.of("waiting"), {}, "clipboard-check"),
        Lane("being answered", tally.of("answering"), {"state": "answering"}, "message-square"),
    ]


def _inspection_lanes(db: Db, me: Me, scope: Scope, now: datetime) -> list[Lane]:
    counts = inspections.view_counts(db, inspections.Filters(reach=reach(scope), zone=me.time_zone), now)
    return [
        Lane("waiting for an operator", counts["waiting"], {"view": "now"}, "smartphone", "danger"),
        Lane("live", counts["live"], {"view": "now"}, "radio"),
        Lane("beginning today", counts["today"], {"view": "now"}, "calendar-clock"),
        Lane("waiting for a time stamp", counts["unanchored"], {"view": "unanchored"}, "stamp", "warn"),
    ]


ALL: tuple[Desk, ...] = (
    Desk(
        DEPOSITIONS,
        "Depositions",
        "Requests",
        "inbox",
        "depositions.list",
        lambda db, scope, now: depositions.waiting(db, reach(scope), now),
        _deposition_lanes,
        "No request waits to be scheduled.",
        everything={"view": depositions.EVERYTHING},
        also=(("Overview", "chart-column", "depositions.overview"),),
    ),
    Desk(
        PRESCREENS,
        "Prescreens",
        "Reviews",
        "clipboard-check",
        "prescreens.list",
        lambda db, scope, now: prescreens.waiting_count(db, scope, now),
        _prescreen_lanes,
        "No prescreen waits for a decision.",
        everything={"state": "all"},
        also=(
            ("Templates", "list-checks", "prescreens.templates"),
            ("Overview", "chart-column", "prescreens.overview"),
        ),
    ),
    Desk(
        INSPECTIONS,
        "Inspections",
        "Live board",
        "smartphone",
        "inspections.list",
        lambda db, scope, _now: inspections.waiting(db, reach(scope)),
        _inspection_lanes,
        "Nobody waits, and nothing begins today.",
        tone="danger",
        also=(("Overview", "chart-column", "inspections.overview"),),
    ),
)


def of(person: Me) -> list[Desk]:
    """The desks a person has, in the order of the navigation."""
    return [desk for desk in ALL if desk.name in person.desks]


def told_nobody(db: Db, person: Me) -> list[tuple[Desk, delivery_problems.DeliveryProblems]]:
    """The desks whose messages were given up or keep failing, with how many: the numbers beside each desk's list."""
    mine = of(person)
    found = delivery_problems.delivery_problems(db, {desk.name: person.scope(desk.name) for desk in mine})
    return [(desk, found[desk.name]) for desk in mine if any(found[desk.name])]
