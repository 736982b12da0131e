"""The documented list of sessions, newest first, by numbered pages; and the single session.

A page jumps through an index only: ids are found in index order, then those rows alone are read. Far pages do not
count their way there either: the counters by day say in which day the page begins. "Newest first" is `expires_at`
descending, which is `created_at` descending because every prescreen lives equally long.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Protocol, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, union_all

from app.kernel.db.columns import number
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.prescreens.models import DAY_COUNTS, Prescreen, Submission
from app.prescreens.queries.stages import Reach, Side, Stage, day_start, stages, times, total

WIRE = (
    Prescreen.id,
    Prescreen.contact_id,
    Prescreen.workflow_template_id,
    Prescreen.submission,
    Prescreen.status,
    Prescreen.review_status,
    Prescreen.review_notes,
    Prescreen.reviewed_at,
    Prescreen.created_at,
    Prescreen.updated_at,
    Prescreen.expires_at,
)
"""The columns that a response shows."""

Parameters = dict[str, int | date | UUID]
"""Values of bound parameters. A `datetime` is a `date` too."""

JUMP_FROM = 1000
"""Rows to skip from which on asking the counters is cheaper than skipping them one by one."""

_MINE = Reach((bindparam("organization_id"),))


@dataclass(frozen=True, slots=True)
class Filters:
    """The four documented filters; None is any value."""

    contact_id: UUID | None = None
    questionnaire_id: UUID | None = None
    status: str | None = None
    review_status: str | None = None

    @property
    def stages(self) -> tuple[Stage, ...] | None:
        return stages(self.status, self.review_status)


class SessionRow(Protocol):
    """A prescreen as the API reads it: the columns of WIRE."""

    @property
    def id(self) -> UUID: ...
    @property
    def contact_id(self) -> UUID | None: ...
    @property
    def workflow_template_id(self) -> UUID: ...
    @property
    def submission(self) -> Submission: ...
    @property
    def status(self) -> str: ...
    @property
    def review_status(self) -> str: ...
    @property
    def review_notes(self) -> str | None: ...
    @property
    def reviewed_at(self) -> datetime | None: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...


_ONE: Prepared[SessionRow] = Prepared(
    select(*WIRE).where(Prescreen.id == bindparam("id"), Prescreen.organization_id == bindparam("organization_id"))
)


def one(db: Db, organization_id: int, id: UUID) -> SessionRow | None:
    """A session of an organization, or None, also for another organization's."""
    return _ONE.first(db, {"id": id, "organization_id": organization_id})


def count(db: Db, organization_id: int, filters: Filters, now: datetime) -> int:
    """The exact number of matching sessions. A contact's are few and counted in an index; others come from counters."""
    chosen = filters.stages
    if chosen == ():
        return 0
    statement = (_contact_total if filters.contact_id else _total)(chosen, filters.questionnaire_id is not None)
    return int(statement.scalar(db, _parameters(organization_id, filters, now)))


def page(db: Db, organization_id: int, filters: Filters, now: datetime, *, offset: int, limit: int) -> list[SessionRow]:
    """Rows `offset` … `offset + limit` of the list, newest first."""
    chosen = filters.stages
    if chosen == ():
        return []
    parameters = _parameters(organization_id, filters, now)
    bounded = offset > JUMP_FROM and filters.contact_id is None
    if bounded:
        parameters["before"], offset = _landing(db, chosen, filters.questionnaire_id is not None, parameters, offset)
    size = limit if not offset else None
    statement = _page(chosen, filters.contact_id is not None, filters.questionnaire_id is not None, bounded, size)
    if offset:
        parameters |= {"offset": offset, "limit": limit, "reach": offset + limit}
    return statement.all(db, parameters)


def _parameters(organization_id: int, filters: Filters, now: datetime) -> Parameters:
    found: Parameters = {"organization_id": organization_id, **times(now)}
    if filters.contact_id:
        found["contact_id"] = filters.contact_id
    if filters.questionnaire_id:
        found["questionnaire_id"] = filters.questionnaire_id
    return found


@lru_cache(maxsize=256)
def _total(chosen: tuple[Stage, ...] | None, by_questionnaire: bool) -> Prepared[tuple[int]]:
    return Prepared(total(chosen, _MINE, by_questionnaire=by_questionnaire))


@lru_cache(maxsize=256)
def _contact_total(chosen: tuple[Stage, ...] | None, by_questionnaire: bool) -> Prepared[tuple[int]]:
    where = _where(by_contact=True, by_questionnaire=by_questionnaire)
    if chosen is not None:
        where.append(or_(*(stage.rows() for stage in chosen)))
    return Prepared(select(func.count()).select_from(Prescreen).where(*where))


@lru_cache(maxsize=512)
def _page(
    chosen: tuple[Stage, ...] | None, by_contact: bool, by_questionnaire: bool, bounded: bool, first: int | None
) -> Prepared[SessionRow]:
    """A page that begins at an offset, or the `first` so many rows."""
    where = _where(by_contact, by_questionnaire)
    if bounded:
        where.append(Prescreen.expires_at < bindparam("before", type_=Prescreen.expires_at.type))
    newest = (Prescreen.expires_at.desc(), Prescreen.id.desc())
    ids = select(Prescreen.id, Prescreen.expires_at).where(*where)
    if chosen is not None and len(chosen) > 1:
        # Each stage is one range of the index, in order; merging their heads keeps the order.
        heads = [
            ids.where(stage.rows()).order_by(*newest).limit(number(first) if first else bindparam("reach")).subquery()
            for stage in chosen
        ]
        merged = union_all(*(select(head.c.id, head.c.expires_at) for head in heads)).subquery()
        chosen_ids = select(merged.c.id).order_by(merged.c.expires_at.desc(), merged.c.id.desc())
    else:
        chosen_ids = (ids.where(chosen[0].rows()) if chosen else ids).with_only_columns(Prescreen.id).order_by(*newest)
    if first is None:
        page = chosen_ids.limit(bindparam("limit")).offset(bindparam("offset"))
    else:
        page = chosen_ids.limit(number(first))
    found = page.subquery("found")
    return Prepared(select(*WIRE).join_from(found, Prescreen, Prescreen.id == found.c.id).order_by(*newest))


def _where(by_contact: bool, by_questionnaire: bool) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [Prescreen.organization_id == bindparam("organization_id")]
    if by_contact:
        where.append(Prescreen.contact_id == bindparam("contact_id"))
    if by_questionnaire:
        where.append(Prescreen.workflow_template_id == bindparam("questionnaire_id"))
    return where


def _landing(
    db: Db, chosen: tuple[Stage, ...] | None, by_questionnaire: bool, parameters: Parameters, offset: int
) -> tuple[datetime, int]:
    """The day of expiry on which a far page begins: the midnight after it, and how many of its rows to skip."""
    per_day = {day: int(n) for day, n in _days(chosen, by_questionnaire).all(db, parameters)}
    now = cast(datetime, parameters["now"])
    today = day_start(now).date()
    cut = [stage for stage in chosen or () if stage.side is not Side.WHOLE]
    if cut:
        per_day[today] = per_day.get(today, 0) + sum(
            _today(stage, by_questionnaire).scalar(db, parameters) for stage in cut
        )
    day = today
    for day in sorted(per_day, reverse=True):
        if offset < per_day[day]:
            break
        offset -= per_day[day]
    return day_start(datetime.combine(day, datetime.min.time(), now.tzinfo)) + timedelta(days=1), offset


@lru_cache(maxsize=256)
def _days(chosen: tuple[Stage, ...] | None, by_questionnaire: bool) -> Prepared[tuple[date, int]]:
    """Number of rows by day of expiry; a stage that is cut at now counts only on its days before or after today."""
    c = DAY_COUNTS.c
    where: list[ColumnElement[bool]] = [c.organization_id == bindparam("organization_id")]
    if by_questionnaire:
        where.append(c.workflow_template_id == bindparam("questionnaire_id"))
    if chosen is not None:
        sides = {
            Side.WHOLE: [],
            Side.LIVE: [c.expires_on > bindparam("today")],
            Side.EXPIRED: [c.expires_on < bindparam("today")],
        }
        where.append(or_(*(and_(stage.of(c), *sides[stage.side]) for stage in chosen)))
    return Prepared(select(c.expires_on, func.sum(c.n)).where(*where).group_by(c.expires_on))


@lru_cache(maxsize=64)
def _today(stage: Stage, by_questionnaire: bool) -> Prepared[tuple[int]]:
    """Number of rows of a cut stage that expire today, on its side of now."""
    start = bindparam("today_start", type_=Prescreen.expires_at.type)
    return Prepared(
        select(func.count())
        .select_from(Prescreen)
        .where(
            *_where(False, by_questionnaire),
            stage.rows(),
            Prescreen.expires_at >= start,
            Prescreen.expires_at < bindparam("tomorrow", type_=Prescreen.expires_at.type),
        )
    )
