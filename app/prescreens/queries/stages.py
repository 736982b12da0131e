"""What a status means in rows, and exact counts of any combination at a cost that does not grow with the table.

A stored (status, review_status) pair is a *stage*; there are five. "Expired" cuts the three pending ones in two at this
very moment, so a status filter is a list of stages, each whole or on one side of now. Whole stages are summed from
counter rows; a side is the sum over whole days plus an index count on the one day that now falls in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, func, literal, or_, select, true

from app.accounts.models import Organization
from app.prescreens.models import DAY_COUNTS, STAGE_COUNTS, Prescreen, ReviewStatus, Status

P = Prescreen.__table__.c
PENDING, APPROVED, DENIED = (review.value for review in ReviewStatus)


class Side(Enum):
    """Which part of a stage: all of it, what has not expired, or what has."""

    WHOLE = "whole"
    LIVE = "live"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Stage:
    status: str
    review_status: str
    side: Side = Side.WHOLE

    def of(self, columns: Any) -> ColumnElement[bool]:
        """The condition on a table that has both columns (prescreens or a counter table)."""
        return and_(columns.status == self.status, columns.review_status == self.review_status)

    def rows(self) -> ColumnElement[bool]:
        """The condition on prescreens; wants the parameter `now` unless the stage is whole."""
        if self.side is Side.LIVE:
            return and_(self.of(P), P.expires_at > bindparam("now", type_=P.expires_at.type))
        if self.side is Side.EXPIRED:
            return and_(self.of(P), P.expires_at <= bindparam("now", type_=P.expires_at.type))
        return self.of(P)


STORED = (
    (Status.DRAFT.value, PENDING),
    (Status.ACTIVE.value, PENDING),
    (Status.COMPLETED.value, PENDING),
    (Status.COMPLETED.value, APPROVED),
    (Status.COMPLETED.value, DENIED),
)


def stages(status: str | None, review_status: str | None) -> tuple[Stage, ...] | None:
    """The stages a filter means, as everybody reads the status; None: everything, no condition needed."""
    if status is None and review_status is None:
        return None
    found = []
    for stored, review in STORED:
        if review_status not in (None, review):
            continue
        if status is None:
            found.append(Stage(stored, review))
        elif review == PENDING and status == Status.EXPIRED:
            found.append(Stage(stored, review, Side.EXPIRED))
        elif status == stored:
            found.append(Stage(stored, review, Side.LIVE if review == PENDING else Side.WHOLE))
    return tuple(found)


def day_start(moment: datetime) -> datetime:
    """Midnight UTC of the day of a moment, as `expires_on` counts days."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def times(now: datetime) -> dict[str, Any]:
    """The parameters that conditions on `now` and today want."""
    today = day_start(now)
    return {"now": now, "today": today.date(), "today_start": today, "tomorrow": today + timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose rows: some organizations (ids or bound parameters), or None for every one."""

    ids: tuple[Any, ...] | None

    def rows(self, column: Any) -> ColumnElement[bool]:
        """The condition on a table of things."""
        if self.ids is None:
            return true()
        if len(self.ids) == 1:
            return column == self.ids[0]
        return column.in_(self.ids) if self.ids else false()

    def counts(self, column: Any) -> ColumnElement[bool]:
        """The condition on a counter table. Names every organization, so that each is found at the head of the key."""
        return column.in_(select(Organization.id)) if self.ids is None else self.rows(column)

    @property
    def kind(self) -> str:
        """What of it changes a statement that is built once, and not only its values: see `whose`."""
        return "all" if self.ids is None else ("none", "one")[len(self.ids)] if len(self.ids) < 2 else "several"

    @property
    def values(self) -> dict[str, Any]:
        """What fills the conditions of `whose`."""
        ids = self.ids or ()
        return {"organizations": list(ids), "only": ids[0] if ids else None}


def whose(column: Any, kind: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions that keep to a reach of this kind, to be filled with its `values`."""
    if kind == "several":
        return (column.in_(bindparam("organizations", expanding=True)),)
    return {"all": (), "none": (false(),), "one": (column == bindparam("only"),)}[kind]


def whose_counts(column: Any, kind: str) -> tuple[ColumnElement[bool], ...]:
    """The same on a counter table, naming every organization."""
    return (column.in_(select(Organization.id)),) if kind == "all" else whose(column, kind)


def total(chosen: Sequence[Stage] | None, reach: Reach, *, by_template: bool = False) -> Select:
    """A statement for the exact number of rows of these stages. Parameters: `times(now)`, perhaps `template_id`."""
    if chosen is None:
        return select(_kept(STAGE_COUNTS, None, reach, by_template))
    number: Any = literal(0)
    whole = [stage for stage in chosen if stage.side is Side.WHOLE]
    live = [stage for stage in chosen if stage.side is Side.LIVE]
    expired = [stage for stage in chosen if stage.side is Side.EXPIRED]
    if whole:
        number = number + _kept(STAGE_COUNTS, whole, reach, by_template)
    if live:
        number = number + _still_live(live, reach, by_template)
    if expired:
        number = number + _kept(STAGE_COUNTS, expired, reach, by_template) - _still_live(expired, reach, by_template)
    return select(number)


def _kept(table: Any, chosen: Sequence[Stage] | None, reach: Reach, by_template: bool, *more: Any) -> Any:
    where = [reach.counts(table.c.organization_id), *more]
    if chosen is not None:
        where.append(or_(*(stage.of(table.c) for stage in chosen)))
    if by_template:
        where.append(table.c.workflow_template_id == bindparam("template_id"))
    return select(func.coalesce(func.sum(table.c.n), 0)).where(*where).scalar_subquery()


def _still_live(chosen: Sequence[Stage], reach: Reach, by_template: bool) -> Any:
    """Not yet expired: every later day whole, and what is left of today."""
    later = _kept(DAY_COUNTS, chosen, reach, by_template, DAY_COUNTS.c.expires_on > bindparam("today"))
    today = [
        select(func.count())
        .select_from(Prescreen.__table__)
        .where(
            reach.rows(P.organization_id),
            stage.of(P),
            P.expires_at > bindparam("now", type_=P.expires_at.type),
            P.expires_at < bindparam("tomorrow", type_=P.expires_at.type),
            *([P.workflow_template_id == bindparam("template_id")] if by_template else []),
        )
        .scalar_subquery()
        for stage in chosen
    ]
    return reduce(add, today, later)
