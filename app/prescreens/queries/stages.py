"""The rows of a status, and exact counts of any combination at a cost that does not grow with the table.

A stored (status, review_status) pair is a *stage*; there are five. "Expired" cuts the three pending ones in two at this
very moment, so a status filter is a list of stages, each whole or on one side of now. Whole stages are summed from
counter rows; a side is the sum over whole days plus an index count on the one day that now falls in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from app.accounts.models import Organization
from app.dashboard.listing import Column
from app.prescreens.models import DAY_COUNTS, STAGE_COUNTS, Prescreen, ReviewStatus, Status

PENDING, APPROVED, DENIED = (review.value for review in ReviewStatus)


class Side(Enum):
    """A part of a stage: all rows, those that have not expired, or those that have."""

    WHOLE = "whole"
    LIVE = "live"
    EXPIRED = "expired"


StageColumns = type[Prescreen] | ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]  # columns of many types
"""The columns of prescreens or of a counter table."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stored status and review status, whole or on one side of now."""

    status: str
    review_status: str
    side: Side = Side.WHOLE

    def of(self, columns: StageColumns) -> ColumnElement[bool]:
        """The condition on a table that has both columns (prescreens or a counter table)."""
        return and_(columns.status == self.status, columns.review_status == self.review_status)

    def rows(self) -> ColumnElement[bool]:
        """The condition on prescreens; wants the parameter `now` unless the stage is whole."""
        if self.side is Side.LIVE:
            return and_(self.of(Prescreen), Prescreen.expires_at > bindparam("now", type_=Prescreen.expires_at.type))
        if self.side is Side.EXPIRED:
            return and_(self.of(Prescreen), Prescreen.expires_at <= bindparam("now", type_=Prescreen.expires_at.type))
        return self.of(Prescreen)


STORED = (
    (Status.DRAFT.value, PENDING),
    (Status.ACTIVE.value, PENDING),
    (Status.COMPLETED.value, PENDING),
    (Status.COMPLETED.value, APPROVED),
    (Status.COMPLETED.value, DENIED),
)


def stages(status: str | None, review_status: str | None) -> tuple[Stage, ...] | None:
    """The stages of a filter on the computed status; None for every row."""
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


def times(now: datetime) -> dict[str, datetime | date]:
    """The parameters of conditions on `now` and today."""
    today = day_start(now)
    return {"now": now, "today": today.date(), "today_start": today, "tomorrow": today + timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Reach:
    """The organizations whose rows are read (ids or bound parameters), or None for every one."""

    ids: tuple[int | BindParameter[int], ...] | None

    def rows(self, column: Column) -> ColumnElement[bool]:
        """The condition on a table with an organization column."""
        if self.ids is None:
            return true()
        if len(self.ids) == 1:
            return column == self.ids[0]
        return column.in_(self.ids) if self.ids else false()

    def counts(self, column: Column) -> ColumnElement[bool]:
        """The condition on a counter table. Names every organization, so that each is found at the head of the key."""
        return column.in_(select(Organization.id)) if self.ids is None else self.rows(column)

    @property
    def kind(self) -> str:
        """The shape of its condition: a statement is built once for each kind (`whose`)."""
        return "all" if self.ids is None else ("none", "one")[len(self.ids)] if len(self.ids) < 2 else "several"

    @property
    def values(self) -> dict[str, object]:
        """The parameters of the conditions of `whose`."""
        ids = self.ids or ()
        return {"organizations": list(ids), "only": ids[0] if ids else None}


EVERYWHERE = Reach(None)
"""Every organization."""


def whose(column: Column, kind: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a reach of this kind, with its `values` as parameters."""
    if kind == "several":
        return (column.in_(bindparam("organizations", expanding=True)),)
    return {"all": (), "none": (false(),), "one": (column == bindparam("only"),)}[kind]


def whose_counts(column: Column, kind: str) -> tuple[ColumnElement[bool], ...]:
    """The same on a counter table, naming every organization."""
    return (column.in_(select(Organization.id)),) if kind == "all" else whose(column, kind)


def total(chosen: Sequence[Stage] | None, reach: Reach, *, by_questionnaire: bool = False) -> Select:
    """Statement for the exact number of rows of these stages. Parameters: `times(now)`, perhaps `questionnaire_id`."""
    if chosen is None:
        return select(_counted(STAGE_COUNTS, None, reach, by_questionnaire))
    number: ColumnElement[int] = literal(0)
    whole = [stage for stage in chosen if stage.side is Side.WHOLE]
    live = [stage for stage in chosen if stage.side is Side.LIVE]
    expired = [stage for stage in chosen if stage.side is Side.EXPIRED]
    if whole:
        number = number + _counted(STAGE_COUNTS, whole, reach, by_questionnaire)
    if live:
        number = number + _still_live(live, reach, by_questionnaire)
    if expired:
        number = (
            number
            + _counted(STAGE_COUNTS, expired, reach, by_questionnaire)
            - _still_live(expired, reach, by_questionnaire)
        )
    return select(number)


def _counted(
    table: FromClause,
    chosen: Sequence[Stage] | None,
    reach: Reach,
    by_questionnaire: bool,
    *more: ColumnElement[bool],
) -> ScalarSelect[int]:
    where = [reach.counts(table.c.organization_id), *more]
    if chosen is not None:
        where.append(or_(*(stage.of(table.c) for stage in chosen)))
    if by_questionnaire:
        where.append(table.c.workflow_template_id == bindparam("questionnaire_id"))
    return select(func.coalesce(func.sum(table.c.n), 0)).where(*where).scalar_subquery()


def _still_live(chosen: Sequence[Stage], reach: Reach, by_questionnaire: bool) -> ColumnElement[int]:
    """Not yet expired: every later day whole, and what is left of today."""
    later = _counted(DAY_COUNTS, chosen, reach, by_questionnaire, DAY_COUNTS.c.expires_on > bindparam("today"))
    today = [
        select(func.count())
        .select_from(Prescreen)
        .where(
            reach.rows(Prescreen.organization_id),
            stage.of(Prescreen),
            Prescreen.expires_at > bindparam("now", type_=Prescreen.expires_at.type),
            Prescreen.expires_at < bindparam("tomorrow", type_=Prescreen.expires_at.type),
            *([Prescreen.workflow_template_id == bindparam("questionnaire_id")] if by_questionnaire else []),
        )
        .scalar_subquery()
        for stage in chosen
    ]
    return reduce(add, today, later)
