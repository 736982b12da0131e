"""The staff list: its views, their exact counts, its groups by days left, and search by first letters.

Each group is one stretch of one index, so that a page costs the same however many rows there are. Counts come from the
counter rows and, for the days that a limit cuts in two, from an index.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, cast, func, literal, null, or_, select, true, tuple_, union_all
from sqlalchemy import Date as DateType

from app.accounts.models import Organization, Person
from app.desk.holds import queries as holds
from app.kernel import search
from app.kernel.db import Db
from app.kernel.paging import Group, Page, page_of
from app.prescreens.models import (
    DAY_COUNTS,
    STAGE_COUNTS,
    ReviewStatus,
    Status,
    WorkflowTemplate,
)
from app.prescreens.queries.stages import PENDING, P, Reach, Stage, day_start

T, G, A = WorkflowTemplate.__table__.c, Organization.__table__.c, Person.__table__.c

STATES = ("waiting", "answering", "decided", "approved", "denied", "expired", "all")
LIMITS = (3, 7, 10)
"""Days left at which tabs and groups are cut."""


_DRAFT, _ACTIVE, _COMPLETED = Status.DRAFT.value, Status.ACTIVE.value, Status.COMPLETED.value
# Names are looked up row by row, not joined: a planner that joins may read the list in another order and sort it.
_ROW = (
    P.id,
    P.organization_id,
    P.name,
    P.email,
    P.phone,
    P.submission,
    P.status,
    P.review_status,
    P.reviewed_at,
    P.reviewed_by,
    P.contact_id,
    P.other_contact_id,
    P.workflow_template_id,
    P.template_version,
    P.assignee_id,
    P.version,
    P.created_at,
    P.expires_at,
    select(T.name).where(T.id == P.workflow_template_id).scalar_subquery().label("template_name"),
    select(G.name).where(G.id == P.organization_id).scalar_subquery().label("organization_name"),
    select(A.name).where(A.id == P.assignee_id).scalar_subquery().label("assignee_name"),
)


@dataclass(frozen=True, slots=True)
class View:
    """One list: which state, how many days left at most (waiting only), and the filters on top."""

    state: str = "waiting"
    left: int | None = None
    template_id: UUID | None = None
    text: str = ""

    @property
    def descending(self) -> bool:
        return self.state != "waiting"


@dataclass(slots=True)
class Tally:
    """Exact numbers behind the tabs. `until[n]`: waiting ones that expire within n days; `live`: by stored status."""

    stored: dict[tuple[str, str], int] = field(default_factory=dict)
    live: dict[str, int] = field(default_factory=dict)
    until: dict[int, int] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        return self.live.get(_COMPLETED, 0)

    @property
    def answering(self) -> int:
        return self.live.get(_DRAFT, 0) + self.live.get(_ACTIVE, 0)

    @property
    def everything(self) -> int:
        return sum(self.stored.values())

    def of(self, state: str, left: int | None = None) -> int:
        """How many rows a view without text holds."""
        if state == "waiting":
            return self.waiting if left is None else self.until[left]
        decided = {review: self.stored.get((_COMPLETED, review.value), 0) for review in ReviewStatus}
        return {
            "answering": self.answering,
            "approved": decided[ReviewStatus.APPROVED],
            "denied": decided[ReviewStatus.DENIED],
            "decided": decided[ReviewStatus.APPROVED] + decided[ReviewStatus.DENIED],
            "expired": sum(n for (_, review), n in self.stored.items() if review == PENDING) - sum(self.live.values()),
            "all": self.everything,
        }[state]

    def expired(self, status: str) -> int:
        return self.stored.get((status, PENDING), 0) - self.live.get(status, 0)


def tally(db: Db, reach: Reach, now: datetime, template_id: UUID | None = None) -> Tally:
    """All numbers of the tabs and groups, in one statement."""
    today, statements = day_start(now), []

    def kept(counts: Any, kind: str, day: Any, *where: Any) -> Select:
        by = [counts.c.status, counts.c.review_status, *([day] if day is counts.c.get("expires_on") else [])]
        conditions = [reach.counts(counts.c.organization_id), *where]
        if template_id:
            conditions.append(counts.c.workflow_template_id == template_id)
        return (
            select(literal(kind), counts.c.status, counts.c.review_status, day, func.sum(counts.c.n))
            .where(*conditions)
            .group_by(*by)
        )

    def part(kind: str, status: str, *where: Any) -> Select:
        conditions = [reach.rows(P.organization_id), Stage(status, PENDING).of(P), *where]
        if template_id:
            conditions.append(P.workflow_template_id == template_id)
        return select(literal(kind), literal(status), literal(PENDING), _no_day(), func.count()).where(*conditions)

    days = DAY_COUNTS.c
    statements.append(kept(STAGE_COUNTS, "stored", _no_day()))
    statements.append(
        kept(DAY_COUNTS, "day", days.expires_on, days.expires_on > today.date(), days.review_status == PENDING)
    )
    tomorrow = today + timedelta(days=1)
    for status in (_DRAFT, _ACTIVE, _COMPLETED):
        statements.append(part("today", status, P.expires_at > now, P.expires_at < tomorrow))
    for n in LIMITS:
        end = now + timedelta(days=n)
        statements.append(part(f"within {n}", _COMPLETED, P.expires_at >= day_start(end), P.expires_at <= end))
    return _read_tally(db.execute(union_all(*statements)).all(), now)


def _no_day() -> ColumnElement[Any]:
    return cast(null(), DateType)


def _read_tally(rows: Sequence[Row], now: datetime) -> Tally:
    found = Tally()
    by_day: dict[date, int] = defaultdict(int)
    within: dict[int, int] = {}
    live: dict[str, int] = defaultdict(int)
    today = 0
    for kind, status, review, day, n in rows:
        n = int(n or 0)
        if kind == "stored":
            found.stored[status, review] = n
        elif kind == "day":
            live[status] += n
            if status == _COMPLETED:
                by_day[day] += n
        elif kind == "today":
            live[status] += n
            today += n if status == _COMPLETED else 0
        else:
            within[int(kind.removeprefix("within "))] = n
    found.live = dict(live)
    for n in LIMITS:
        last = day_start(now + timedelta(days=n)).date()
        found.until[n] = today + sum(count for day, count in by_day.items() if day < last) + within[n]
    return found


def waiting_count(db: Db, scope: Any, now: datetime) -> int:
    """How many wait for a decision, for the navigation. `scope` is `me().scope("prescreens")`."""
    return tally(db, reach_of(scope), now).waiting


def reach_of(scope: Any, organization_id: int | None = None) -> Reach:
    """What a person may see (accounts' Scope), narrowed to one organization when asked for."""
    if organization_id is not None:
        return Reach((organization_id,) if scope.covers(organization_id) else ())
    return Reach(None if scope.everything else tuple(sorted(scope.organization_ids)))


def groups(view: View, now: datetime) -> list[tuple[str, ColumnElement[bool]]]:
    """The stretches of a view, in order: a key and its condition on prescreens."""
    if view.state == "waiting":
        waiting = Stage(_COMPLETED, PENDING).of(P)
        edges = {None: (3, 10, None), 3: (3,), 7: (3, 7)}.get(view.left, (3, 10, None))
        found: list[tuple[str, ColumnElement[bool]]] = []
        start = now
        for edge in edges:
            condition = waiting & (P.expires_at > start)
            if edge is not None:
                start = now + timedelta(days=edge)
                condition = condition & (P.expires_at <= start)
            found.append((f"within-{edge}" if edge else "later", condition))
        return found
    if view.state == "answering":
        return [(status, Stage(status, PENDING).of(P) & (P.expires_at > now)) for status in (_ACTIVE, _DRAFT)]
    if view.state == "expired":
        expired = (_COMPLETED, _ACTIVE, _DRAFT)
        return [(f"expired-{status}", Stage(status, PENDING).of(P) & (P.expires_at <= now)) for status in expired]
    if view.state in ("approved", "denied"):
        return [(view.state, P.reviewed_at.is_not(None) & (P.review_status == view.state))]
    return [("decided", P.reviewed_at.is_not(None))] if view.state == "decided" else [("all", true())]


def order_of(view: View) -> tuple[Any, ...]:
    """What a view is sorted by: the soonest to expire first, the last decided first, else the newest first."""
    return (P.reviewed_at, P.id) if view.state in ("decided", "approved", "denied") else (P.expires_at, P.id)


def page(db: Db, reach: Reach, view: View, now: datetime, *, after: str | None, size: int = 50) -> Page:
    """One page of a view as (group, row)."""
    base = _rows(db, reach, view)
    order = order_of(view)
    stretches = [
        Group(key, base.where(condition), order, descending=view.descending) for key, condition in groups(view, now)
    ]
    return page_of(db, stretches, after, purpose=f"prescreens:{view.state}:{reach.ids}", size=size)


def _rows(db: Db, reach: Reach, view: View) -> Select:
    return select(*_ROW).where(reach.rows(P.organization_id), *_chosen(db, reach, view))


def _chosen(db: Db, reach: Reach, view: View) -> list[Any]:
    where: list[Any] = []
    if view.template_id:
        where.append(P.workflow_template_id == view.template_id)
    found = matching(db, reach, view.text)
    if found is not None:
        where.append(P.id.in_(found))
    return where


def matching(db: Db, reach: Reach, text: str) -> list[UUID] | None:
    """Ids of the newest prescreens, at most search.MOST, all of whose searched words begin so; None without text."""
    if not text:
        return None
    return [UUID(id) for id in search.ids(db, "prescreen", text, reach.ids)]


def count_matching(db: Db, reach: Reach, view: View, now: datetime) -> int:
    """How many rows a view with text holds: at most 1,000 are looked at."""
    within = or_(*(condition for _, condition in groups(view, now)))
    ids = select(P.id).where(reach.rows(P.organization_id), *_chosen(db, reach, view), within)
    return int(db.execute(select(func.count()).select_from(ids.subquery())).scalar_one())


def neighbours(db: Db, reach: Reach, view: View, now: datetime, prescreen: Any) -> tuple[UUID | None, UUID | None]:
    """The prescreens before and after this one in a view; None at its ends.

    One that has just left the view (it was decided) still stands between its old neighbours. What somebody has on hold
    is passed over among those that wait: there is nothing to do about it.
    """
    column, last = order_of(view)
    value = prescreen.reviewed_at if column is P.reviewed_at else prescreen.expires_at
    if value is None:
        return None, None
    base = select(P.id).where(reach.rows(P.organization_id), *_chosen(db, reach, view), _stretch(view, now, prescreen))
    if view.state == "waiting" and (held := holds.held_ids(db, "prescreen")):
        base = base.where(P.id.not_in([UUID(id) for id in held]))
    here = tuple_(value, prescreen.id, types=[column.type, last.type])
    at = tuple_(column, last)
    lower = db.execute(base.where(at < here).order_by(column.desc(), last.desc()).limit(1)).scalar()
    higher = db.execute(base.where(at > here).order_by(column.asc(), last.asc()).limit(1)).scalar()
    return (higher, lower) if view.descending else (lower, higher)


def _stretch(view: View, now: datetime, prescreen: Any) -> ColumnElement[bool]:
    """The stretch of the view's index in which a prescreen's neighbours lie."""
    if view.state == "waiting":
        waiting = Stage(_COMPLETED, PENDING).of(P) & (P.expires_at > now)
        return waiting & (P.expires_at <= now + timedelta(days=view.left)) if view.left else waiting
    if view.state in ("answering", "expired"):
        same = Stage(prescreen.status, PENDING).of(P)
        return same & (P.expires_at <= now if view.state == "expired" else P.expires_at > now)
    return groups(view, now)[0][1]
