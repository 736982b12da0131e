"""The documented list of sessions, newest first, by numbered pages; and the single session.

A page jumps through an index only: ids are found in index order, then those rows alone are read. Far pages do not
count their way there either: the counters by day say in which day the page begins. "Newest first" is `expires_at`
descending, which is `created_at` descending because every prescreen lives equally long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, func, or_, select, union_all

from app.kernel.db.engine import Db
from app.prescreens.models import DAY_COUNTS, Prescreen
from app.prescreens.queries.stages import P, Reach, Side, Stage, day_start, stages, times, total

WIRE = (
    P.id,
    P.contact_id,
    P.workflow_template_id,
    P.submission,
    P.status,
    P.review_status,
    P.review_notes,
    P.reviewed_at,
    P.created_at,
    P.updated_at,
    P.expires_at,
)
"""What an answer is made of."""

JUMP_FROM = 1000
"""Rows to skip from which on asking the counters is cheaper than skipping them one by one."""

_MINE = Reach((bindparam("organization_id"),))
_ONE = select(*WIRE).where(P.id == bindparam("id"), P.organization_id == bindparam("organization_id"))


@dataclass(frozen=True, slots=True)
class Filters:
    """The four documented filters; None is "any"."""

    contact_id: UUID | None = None
    template_id: UUID | None = None
    status: str | None = None
    review_status: str | None = None

    @property
    def stages(self) -> tuple[Stage, ...] | None:
        return stages(self.status, self.review_status)


def one(db: Db, organization_id: int, id: UUID) -> Row | None:
    """One session of an organization, or None: another organization's is not there."""
    return db.connection().execute(_ONE, {"id": id, "organization_id": organization_id}).first()


def count(db: Db, organization_id: int, filters: Filters, now: datetime) -> int:
    """How many sessions match, exactly. A contact's are few and counted through their index; the rest is kept."""
    chosen = filters.stages
    if chosen == ():
        return 0
    statement = (_contact_total if filters.contact_id else _total)(chosen, filters.template_id is not None)
    return int(db.connection().execute(statement, _parameters(organization_id, filters, now)).scalar_one())


def page(db: Db, organization_id: int, filters: Filters, now: datetime, *, offset: int, limit: int) -> Sequence[Row]:
    """Rows `offset` … `offset + limit` of the list, newest first."""
    chosen = filters.stages
    if chosen == ():
        return []
    parameters = _parameters(organization_id, filters, now)
    bounded = offset > JUMP_FROM and filters.contact_id is None
    if bounded:
        parameters["before"], offset = _landing(db, chosen, filters.template_id is not None, parameters, offset)
    statement = _page(chosen, filters.contact_id is not None, filters.template_id is not None, bounded)
    parameters |= {"offset": offset, "limit": limit, "reach": offset + limit}
    return db.connection().execute(statement, parameters).all()


def _parameters(organization_id: int, filters: Filters, now: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {"organization_id": organization_id, **times(now)}
    if filters.contact_id:
        found["contact_id"] = filters.contact_id
    if filters.template_id:
        found["template_id"] = filters.template_id
    return found


@lru_cache(maxsize=256)
def _total(chosen: tuple[Stage, ...] | None, by_template: bool) -> Select:
    return total(chosen, _MINE, by_template=by_template)


@lru_cache(maxsize=256)
def _contact_total(chosen: tuple[Stage, ...] | None, by_template: bool) -> Select:
    where = _where(by_contact=True, by_template=by_template)
    if chosen is not None:
        where.append(or_(*(stage.rows() for stage in chosen)))
    return select(func.count()).select_from(Prescreen.__table__).where(*where)


@lru_cache(maxsize=512)
def _page(chosen: tuple[Stage, ...] | None, by_contact: bool, by_template: bool, bounded: bool) -> Select:
    where = _where(by_contact, by_template)
    if bounded:
        where.append(P.expires_at < bindparam("before", type_=P.expires_at.type))
    newest = (P.expires_at.desc(), P.id.desc())
    ids = select(P.id, P.expires_at).where(*where)
    if chosen is not None and len(chosen) > 1:
        # Each stage is one stretch of the index, in order; merging their heads keeps it so.
        heads = [ids.where(stage.rows()).order_by(*newest).limit(bindparam("reach")).subquery() for stage in chosen]
        merged = union_all(*(select(head.c.id, head.c.expires_at) for head in heads)).subquery()
        chosen_ids = select(merged.c.id).order_by(merged.c.expires_at.desc(), merged.c.id.desc())
    else:
        chosen_ids = (ids.where(chosen[0].rows()) if chosen else ids).with_only_columns(P.id).order_by(*newest)
    found = chosen_ids.limit(bindparam("limit")).offset(bindparam("offset")).subquery("found")
    return select(*WIRE).join_from(found, Prescreen.__table__, P.id == found.c.id).order_by(*newest)


def _where(by_contact: bool, by_template: bool) -> list[Any]:
    where: list[Any] = [P.organization_id == bindparam("organization_id")]
    if by_contact:
        where.append(P.contact_id == bindparam("contact_id"))
    if by_template:
        where.append(P.workflow_template_id == bindparam("template_id"))
    return where


def _landing(
    db: Db, chosen: tuple[Stage, ...] | None, by_template: bool, parameters: dict[str, Any], offset: int
) -> tuple[datetime, int]:
    """In which day of expiry a far page begins: the midnight after that day, and how many rows of it to skip."""
    connection = db.connection()
    per_day = {day: int(n) for day, n in connection.execute(_days(chosen, by_template), parameters)}
    today = parameters["today"]
    cut = [stage for stage in chosen or () if stage.side is not Side.WHOLE]
    if cut:
        per_day[today] = per_day.get(today, 0) + sum(
            connection.execute(_today(stage, by_template), parameters).scalar_one() for stage in cut
        )
    day = today
    for day in sorted(per_day, reverse=True):
        if offset < per_day[day]:
            break
        offset -= per_day[day]
    return day_start(datetime.combine(day, datetime.min.time(), parameters["now"].tzinfo)) + timedelta(days=1), offset


@lru_cache(maxsize=256)
def _days(chosen: tuple[Stage, ...] | None, by_template: bool) -> Select:
    """Rows by day of expiry; a stage that is cut at now counts only on its days before or after today."""
    c = DAY_COUNTS.c
    where: list[Any] = [c.organization_id == bindparam("organization_id")]
    if by_template:
        where.append(c.workflow_template_id == bindparam("template_id"))
    if chosen is not None:
        sides = {
            Side.WHOLE: [],
            Side.LIVE: [c.expires_on > bindparam("today")],
            Side.EXPIRED: [c.expires_on < bindparam("today")],
        }
        where.append(or_(*(and_(stage.of(c), *sides[stage.side]) for stage in chosen)))
    return select(c.expires_on, func.sum(c.n)).where(*where).group_by(c.expires_on)


@lru_cache(maxsize=64)
def _today(stage: Stage, by_template: bool) -> Select:
    """How many rows of a cut stage expire today, on its side of now."""
    start = bindparam("today_start", type_=P.expires_at.type)
    return (
        select(func.count())
        .select_from(Prescreen.__table__)
        .where(
            *_where(False, by_template),
            stage.rows(),
            P.expires_at >= start,
            P.expires_at < bindparam("tomorrow", type_=P.expires_at.type),
        )
    )
