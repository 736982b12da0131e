"""Reads: the lists of messages, one message, its attempts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from app.accounts.models import Organization
from app.accounts.scope import Scope
from app.dashboard.subjects import PEOPLE, Subjects
from app.kernel.db.engine import Db
from app.kernel.db.pagination import Page, page_of
from app.kernel.json_types import JsonObject
from app.kernel.outbox.delivery_status import DISMISSED, LISTED_COLUMNS, ListedMessage
from app.kernel.outbox.outbox import (
    DEAD,
    DROPPED,
    FAILING,
    QUEUED,
    RECEIPT,
    SENT,
    UNDELIVERED,
    WAITING,
    OutboxAttempt,
    OutboxRow,
    Receipts,
)
from app.messages import rules

CAP = 1000
"""Counts stop here: a larger number would not be read, and every further row costs."""

_HAS_STATUS: dict[str, ColumnElement[bool]] = {
    rules.FAILING: FAILING,
    DEAD: UNDELIVERED,
    QUEUED: and_(WAITING, OutboxRow.last_error.is_(None)),
    SENT: OutboxRow.state == SENT,
    DISMISSED: and_(OutboxRow.state == DEAD, OutboxRow.dismissed_at.is_not(None)),
    DROPPED: OutboxRow.state == DROPPED,
}


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of the list; empty means any. `organization` is a slug."""

    channel: str = ""
    desk: str = ""
    organization: str = ""

    def arguments(self) -> dict[str, str]:
        """Query arguments of the filters that are set."""
        every = {"channel": self.channel, "desk": self.desk, "organization": self.organization}
        return {name: value for name, value in every.items() if value}


class Attempt(NamedTuple):
    """One try at one message."""

    number: int
    started_at: datetime
    ended_at: datetime
    ok: bool
    status: int | None
    detail: str
    answer: str
    """The beginning of what the receiver said."""


class NamedOrganization(NamedTuple):
    slug: str
    name: str


def _of_desk(desk: str, subjects: Subjects) -> ColumnElement[bool]:
    if desk == PEOPLE:
        return or_(OutboxRow.subject_type.is_(None), OutboxRow.subject_type.not_in(subjects.known))
    return OutboxRow.subject_type.in_(subjects.of_desks[desk])


def _visible(scopes: Mapping[str, Scope], subjects: Subjects, filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions for messages of the desks that a user may look at, narrowed by the filters."""
    desks = {desk: scope for desk, scope in scopes.items() if filters.desk in ("", desk)}
    conditions: list[ColumnElement[bool]] = []
    if len(desks) < len(subjects.of_desks) + 1 or not all(scope.everything for scope in desks.values()):
        of_desks = [
            and_(_of_desk(desk, subjects), scope.where(OutboxRow.organization_id)) for desk, scope in desks.items()
        ]
        conditions.append(or_(false(), *of_desks))
        # Once more for all desks together, where an index can help.
        if not any(scope.everything for scope in desks.values()):
            ids = frozenset[int]().union(*(scope.organization_ids for scope in desks.values()))
            conditions.append(Scope(False, ids).where(OutboxRow.organization_id))
    if filters.channel == "job":
        conditions.append(OutboxRow.channel.startswith("job:"))
    elif filters.channel:
        conditions.append(OutboxRow.channel == filters.channel)
    if filters.organization:
        wanted = select(Organization.id).where(Organization.slug == filters.organization).scalar_subquery()
        conditions.append(OutboxRow.organization_id == wanted)
    return conditions


def page_of_status(
    db: Db, scopes: Mapping[str, Scope], subjects: Subjects, status: str, filters: Filters, after: str | None
) -> Page:
    """One page of the messages of one status, newest first."""
    statement = select(*LISTED_COLUMNS).where(_HAS_STATUS[status], *_visible(scopes, subjects, filters))
    order = (OutboxRow.created_at, OutboxRow.id)
    # The purpose is part of what signs the cursor: links of earlier versions stay valid.
    return page_of(db, statement, order, after, purpose="deliveries", tab=status, descending=True)


def counts(db: Db, scopes: Mapping[str, Scope], subjects: Subjects, filters: Filters) -> dict[str, int]:
    """How many messages have each status, exact up to CAP; CAP + 1 means more."""
    visible = _visible(scopes, subjects, filters)
    columns = [
        select(func.count())
        .select_from(select(OutboxRow.id).where(condition, *visible).limit(CAP + 1).subquery())
        .scalar_subquery()
        .label(status)
        for status, condition in _HAS_STATUS.items()
    ]
    return dict(zip(_HAS_STATUS, db.execute(select(*columns)).one(), strict=True))


def message(db: Db, id: UUID) -> ListedMessage | None:
    """One message without its payload."""
    row = db.execute(select(*LISTED_COLUMNS).where(OutboxRow.id == id)).one_or_none()
    return ListedMessage._make(row) if row else None


def messages(db: Db, scopes: Mapping[str, Scope], subjects: Subjects, ids: Iterable[UUID]) -> dict[UUID, ListedMessage]:
    """Those of these messages that are in scope, by id."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    found = select(*LISTED_COLUMNS).where(OutboxRow.id.in_(wanted), *_visible(scopes, subjects, Filters()))
    rows = [ListedMessage._make(row) for row in db.execute(found)]
    return {row.id: row for row in rows}


def attempts(db: Db, id: UUID, limit: int = 100) -> list[Attempt]:
    """The attempts at one message, newest first."""
    found = (
        select(
            OutboxAttempt.number,
            OutboxAttempt.started_at,
            OutboxAttempt.ended_at,
            OutboxAttempt.ok,
            OutboxAttempt.status,
            OutboxAttempt.detail,
            OutboxAttempt.answer,
        )
        .where(OutboxAttempt.outbox_id == id)
        .order_by(OutboxAttempt.number.desc(), OutboxAttempt.id.desc())
        .limit(limit)
    )
    return [Attempt(*row[:-1], answer=db.vault.read(row.answer)) for row in db.execute(found)]


def payload(db: Db, id: UUID) -> JsonObject | None:
    """What a message holds; None when it was blanked or cannot be read."""
    text = db.vault.read(db.execute(select(OutboxRow.payload).where(OutboxRow.id == id)).scalar_one_or_none())
    found: JsonObject | None = json.loads(text) if text else None
    return found


def still_true(db: Db, row: ListedMessage, receipts: Mapping[str, Receipts]) -> bool:
    """Whether what a message says is still so, as far as the item it is about knows."""
    keeper = receipts.get(row.subject_type or "")
    receipt = (payload(db, row.id) or {}).get(RECEIPT) if keeper else None
    return receipt is None or keeper is None or keeper.still_true(db, row.subject_id or "", receipt)


def organizations(db: Db, scopes: Mapping[str, Scope]) -> Sequence[NamedOrganization]:
    """The organizations that a user may filter by."""
    found = (
        select(Organization.slug, Organization.name)
        .where(or_(false(), *(scope.where(Organization.id) for scope in scopes.values())))
        .order_by(Organization.name)
    )
    return [NamedOrganization(*row) for row in db.execute(found)]


def organization_names(db: Db, ids: set[int | None]) -> dict[int | None, str]:
    """The names of organizations, by id."""
    known = [id for id in ids if id is not None]
    if not known:
        return {}
    found = db.execute(select(Organization.id, Organization.name).where(Organization.id.in_(known)))
    names: dict[int | None, str] = {}
    for id, name in found:
        names[id] = name
    return names
