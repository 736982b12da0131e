"""Reads: the lists of messages, one message with its attempts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from app.accounts.models import Organization
from app.accounts.scope import Scope
from app.dashboard.delivery_problems import DESK_OF
from app.kernel.db.engine import Db
from app.kernel.db.pagination import Group, Page, page_of
from app.kernel.outbox.outbox import (
    DEAD,
    DROPPED,
    FAILING,
    LISTED_COLUMNS,
    SENT,
    UNDELIVERED,
    WAITING,
    OutboxAttempt,
    OutboxRow,
)
from app.messages.rules import PEOPLE

CAP = 1000
"""Counts stop here: nobody reads further, and counting on would cost with every row."""

_o = OutboxRow.__table__.c
_a = OutboxAttempt.__table__.c
_org = Organization.__table__.c

_STANDING: dict[str, ColumnElement[bool]] = {
    "failing": FAILING,
    "dead": UNDELIVERED,
    "queued": and_(WAITING, _o.last_error.is_(None)),
    "sent": _o.state == SENT,
    "aside": and_(_o.state == DEAD, _o.dismissed_at.is_not(None)),
    "dropped": _o.state == DROPPED,
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; empty means any. `organization` is a slug."""

    channel: str = ""
    desk: str = ""
    organization: str = ""

    def on(self) -> dict[str, str]:
        """The filters that are set, as they stand in the address."""
        every = {"channel": self.channel, "desk": self.desk, "organization": self.organization}
        return {name: value for name, value in every.items() if value}


def _of_desk(desk: str) -> ColumnElement[bool]:
    types = [kind for kind, owner in DESK_OF.items() if owner == desk]
    if desk == PEOPLE:
        return or_(_o.subject_type.is_(None), _o.subject_type.not_in(list(DESK_OF)))
    return _o.subject_type.in_(types)


def _visible(scopes: Mapping[str, Scope], filters: Filters) -> list[ColumnElement[bool]]:
    """Rows of the desks a person may look at, narrowed by the filters."""
    desks = {desk: scope for desk, scope in scopes.items() if filters.desk in ("", desk)}
    conditions: list[ColumnElement[bool]] = []
    if len(desks) < len({*DESK_OF.values(), PEOPLE}) or not all(scope.everything for scope in desks.values()):
        of_desks = [and_(_of_desk(desk), scope.where(_o.organization_id)) for desk, scope in desks.items()]
        conditions.append(or_(false(), *of_desks))
        # Said once more for all desks together, where an index can help.
        if not any(scope.everything for scope in desks.values()):
            ids = frozenset[int]().union(*(scope.organization_ids for scope in desks.values()))
            conditions.append(Scope(False, ids).where(_o.organization_id))
    if filters.channel == "job":
        conditions.append(_o.channel.startswith("job:"))
    elif filters.channel:
        conditions.append(_o.channel == filters.channel)
    if filters.organization:
        wanted = select(_org.id).where(_org.slug == filters.organization).scalar_subquery()
        conditions.append(_o.organization_id == wanted)
    return conditions


def tab(db: Db, scopes: Mapping[str, Scope], view: str, filters: Filters, after: str | None) -> Page:
    """One page of one standing, newest first."""
    statement = select(*LISTED_COLUMNS).where(_STANDING[view], *_visible(scopes, filters))
    group = Group(view, statement, (_o.created_at, _o.id), descending=True)
    return page_of(db, [group], after, purpose="deliveries")


def counts(db: Db, scopes: Mapping[str, Scope], filters: Filters) -> dict[str, int]:
    """How many there are of each standing, exact up to CAP; CAP + 1 means more."""
    visible = _visible(scopes, filters)
    columns = [
        select(func.count())
        .select_from(select(_o.id).where(condition, *visible).limit(CAP + 1).subquery())
        .scalar_subquery()
        .label(view)
        for view, condition in _STANDING.items()
    ]
    return dict(db.execute(select(*columns)).one()._mapping)


def one(db: Db, id: UUID) -> Any | None:
    """One message without its payload, with its organization's name."""
    return db.execute(
        select(*LISTED_COLUMNS, _org.name.label("organization"))
        .outerjoin(Organization.__table__, _org.id == _o.organization_id)
        .where(_o.id == id)
    ).one_or_none()


def some(db: Db, scopes: Mapping[str, Scope], ids: Iterable[UUID]) -> dict[UUID, Any]:
    """Those of these messages that the scopes reach, by id."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = db.execute(select(*LISTED_COLUMNS).where(_o.id.in_(wanted), *_visible(scopes, Filters())))
    return {row.id: row for row in rows}


def attempts(db: Db, id: UUID, limit: int = 100) -> Sequence[Any]:
    """The tries at one message, newest first."""
    return db.execute(
        select(_a.number, _a.started_at, _a.ended_at, _a.ok, _a.status, _a.detail)
        .where(_a.outbox_id == id)
        .order_by(_a.number.desc(), _a.id.desc())
        .limit(limit)
    ).all()


def organizations(db: Db, scopes: Mapping[str, Scope]) -> Sequence[Any]:
    """The organizations a person may filter by."""
    return db.execute(
        select(_org.slug, _org.name)
        .where(or_(false(), *(scope.where(_org.id) for scope in scopes.values())))
        .order_by(_org.name)
    ).all()


def names(db: Db, ids: set[int | None]) -> dict[int | None, str]:
    """Organization names for the rows of a page."""
    known = [id for id in ids if id is not None]
    if not known:
        return {}
    return {row.id: row.name for row in db.execute(select(_org.id, _org.name).where(_org.id.in_(known)))}
