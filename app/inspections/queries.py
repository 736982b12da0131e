"""Reads of the inspections room: one inspection with what belongs to it, the API's list, the board.

Statements are built once. Nothing here counts rows of a growing table: counts come from the kept counters
(inspection_counts), what is bounded by a day from an index range.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, tuple_

from app.inspections import chain
from app.inspections.models import (
    COUNTS,
    Anchor,
    Anchoring,
    Campaign,
    ChainEvent,
    Inspection,
    Invite,
    Status,
    WrongCodes,
)
from app.inspections.rules import TTL, recipient_key
from app.kernel.crypto import sha256
from app.kernel.db import Db
from app.kernel.errors import NotFound
from app.kernel.outbox import OutboxRow
from app.kernel.paging import Group, Page, decode_cursor, encode_cursor, page_of

_i = Inspection.__table__.c
WIRE = (
    _i.id,
    _i.status,
    _i.operator_email,
    _i.scheduled_for,
    _i.started_at,
    _i.ended_at,
    _i.notes,
    _i.locale,
    _i.consent_state,
    _i.campaign_id,
    _i.created_at,
    _i.updated_at,
    _i.expires_at,
)
"""The columns the Session object is made of."""

_ONE = select(*WIRE).where(_i.id == bindparam("id"), _i.organization_id == bindparam("organization_id"))
_FIRST = (
    select(*WIRE)
    .where(_i.organization_id == bindparam("organization_id"))
    .order_by(_i.created_at.desc(), _i.id.desc())
    .limit(bindparam("size"))
)
_NEXT = _FIRST.where(
    tuple_(_i.created_at, _i.id)
    < tuple_(bindparam("created_at", type_=_i.created_at.type), bindparam("after", type_=_i.id.type))
)


def one(db: Db, id: uuid.UUID, organization_id: int) -> Any:
    """What the wire shows of one inspection. Raises NotFound, also for another organization's."""
    row = db.connection().execute(_ONE, {"id": id, "organization_id": organization_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such session.")
    return row


def wire_page(db: Db, organization_id: int, limit: int, cursor: str | None) -> tuple[Sequence[Any], str | None]:
    """One page of the API's list, newest first, and the next cursor. Raises BadRequest `invalid_cursor`."""
    purpose = f"inspections:{organization_id}"
    wanted: dict[str, Any] = {"organization_id": organization_id, "size": limit + 1}
    statement = _FIRST
    if cursor:
        wanted["created_at"], wanted["after"] = decode_cursor(db, purpose, cursor)
        statement = _NEXT
    rows = db.connection().execute(statement, wanted).all()
    if len(rows) <= limit:
        return rows, None
    rows = rows[:limit]
    return rows, encode_cursor(db, purpose, (rows[-1].created_at, rows[-1].id))


def get(db: Db, id: uuid.UUID, where: ColumnElement[bool] | None = None) -> Inspection:
    """One inspection, as it stands now. Raises NotFound."""
    statement = select(Inspection).where(Inspection.id == id).execution_options(populate_existing=True)
    found = db.scalars(statement if where is None else statement.where(where)).one_or_none()
    if found is None:
        raise NotFound("There is no such inspection.")
    return found


def invite(db: Db, id: uuid.UUID, inspection_id: uuid.UUID) -> Invite:
    """One invite of one inspection, as it stands now. Raises NotFound."""
    statement = select(Invite).where(Invite.id == id, Invite.inspection_id == inspection_id)
    found = db.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("There is no such invite.")
    return found


def invite_by_token(db: Db, inspection_id: uuid.UUID, token: str) -> Invite | None:
    """The invite whose current link this is."""
    statement = select(Invite).where(Invite.token_sha256 == sha256(token), Invite.inspection_id == inspection_id)
    return db.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def invite_by_field_token(db: Db, inspection_id: uuid.UUID, token: str) -> Invite | None:
    """The invite whose field session this is."""
    statement = select(Invite).where(Invite.field_token_sha256 == sha256(token), Invite.inspection_id == inspection_id)
    return db.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def invites(db: Db, inspection_id: uuid.UUID) -> Sequence[Invite]:
    """All invites of an inspection, newest first."""
    statement = select(Invite).where(Invite.inspection_id == inspection_id)
    return db.scalars(statement.order_by(Invite.created_at.desc(), Invite.id.desc())).all()


def wrong_codes(db: Db, invite: Invite) -> int:
    """Wrong codes ever typed for this invite's recipient in this inspection."""
    mine = (WrongCodes.inspection_id == invite.inspection_id, WrongCodes.recipient == _recipient(invite))
    return db.scalar(select(WrongCodes.n).where(*mine)) or 0


def wrong_codes_of(db: Db, inspection_id: uuid.UUID) -> dict[str, int]:
    """The same for every recipient of an inspection, by their digest: `wrong_of()` finds an invite's."""
    counts = select(WrongCodes.recipient, WrongCodes.n).where(WrongCodes.inspection_id == inspection_id)
    return {row.recipient: row.n for row in db.execute(counts)}


def wrong_of(counts: dict[str, int], invite: Invite) -> int:
    """An invite's share of `wrong_codes_of()`."""
    return counts.get(_recipient(invite), 0)


def _recipient(invite: Invite) -> str:
    return sha256(recipient_key(invite.recipient_email, invite.recipient_phone))


def links(db: Db, inspection_id: uuid.UUID) -> list[chain.Link]:
    """The chain, first event first."""
    e = ChainEvent.__table__.c
    columns = (e.sequence, e.prev_hash, e.kind, e.payload, e.occurred_at, e.hash)
    rows = db.execute(select(*columns).where(e.inspection_id == inspection_id).order_by(e.sequence))
    return [chain.Link(*row) for row in rows]


def anchors(db: Db, inspection_id: uuid.UUID) -> Sequence[Anchor]:
    """What each authority says, in the order they were configured."""
    return db.scalars(
        select(Anchor).where(Anchor.inspection_id == inspection_id).order_by(Anchor.created_at, Anchor.authority)
    ).all()


def campaigns(db: Db, where: ColumnElement[bool]) -> Sequence[Any]:
    """Campaigns to choose from: (id, name, organization_id) by name."""
    c = Campaign.__table__.c
    return db.execute(select(c.id, c.name, c.organization_id).where(where).order_by(c.name)).all()


def letters(db: Db, dedupe: Iterable[str]) -> dict[str, Any]:
    """How far the messages of these names are: dedupe → (state, finished_at, last_error, due_at, attempts)."""
    o = OutboxRow.__table__.c
    names = list(dedupe)
    if not names:
        return {}
    rows = db.execute(
        select(o.dedupe, o.state, o.finished_at, o.last_error, o.due_at, o.attempts).where(o.dedupe.in_(names))
    )
    return {row.dedupe: row for row in rows}


def newest_invites(db: Db, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Invite]:
    """The newest invite of each of these inspections."""
    if not ids:
        return {}
    statement = select(Invite).where(Invite.inspection_id.in_(ids)).order_by(Invite.created_at, Invite.id)
    return {found.inspection_id: found for found in db.scalars(statement)}


# The board


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address says: which tab, and which inspections of it."""

    view: str = "now"
    campaign: uuid.UUID | None = None
    language: str = ""
    operator: str = ""

    def where(self) -> list[ColumnElement[bool]]:
        """The conditions of everything but the tab."""
        found: list[ColumnElement[bool]] = []
        if self.campaign is not None:
            found.append(_i.campaign_id == self.campaign)
        if self.language:
            found.append(_i.locale == self.language)
        if self.operator:
            found.append(_i.operator_email == self.operator)
        return found


BOARD = (
    *WIRE,
    _i.organization_id,
    _i.operator_name,
    _i.attended_at,
    _i.anchoring,
    _i.chain_length,
)

UNANCHORED = (Anchoring.PENDING.value, Anchoring.FAILED.value)


def groups(filters: Filters, reach: ColumnElement[bool], now: datetime, tomorrow: datetime) -> list[Group]:
    """The stretches of one tab, most urgent first. `tomorrow` is the reader's next midnight."""
    base = select(*BOARD).where(reach, *filters.where())
    open_ = base.where(_i.status == Status.OPEN.value, _i.attended_at.is_(None))
    attended = base.where(_i.status.in_((Status.OPEN.value, Status.RECORDING.value)), _i.attended_at.is_not(None))
    created = base.where(_i.status == Status.CREATED.value)
    today = created.where(_i.expires_at > now, _i.expires_at < tomorrow + TTL)
    ended = base.where(_i.ended_at.is_not(None))
    expiry, end = (_i.expires_at, _i.id), (_i.ended_at, _i.id)
    known = {
        "waiting": Group("waiting", open_, (_i.started_at, _i.id)),
        "live": Group("live", attended, (_i.started_at, _i.id)),
        "today": Group("today", today, expiry),
        "upcoming": Group("upcoming", created.where(_i.expires_at >= tomorrow + TTL), expiry),
        "expired": Group("expired", created.where(_i.expires_at <= now), expiry, descending=True),
        "unanchored": Group("unanchored", ended.where(_i.anchoring.in_(UNANCHORED)), end, descending=True),
        "ended": Group("ended", ended, end, descending=True),
        "all": Group("all", base, (_i.created_at, _i.id), descending=True),
    }
    tabs = {"now": ("waiting", "live", "today")}
    return [known[key] for key in tabs.get(filters.view, (filters.view,))]


def board(
    db: Db,
    filters: Filters,
    reach: ColumnElement[bool],
    after: str | None,
    *,
    now: datetime,
    tomorrow: datetime,
    who: str,
) -> Page:
    """One page of a tab. `who` binds cursors to the reader. Raises BadRequest `invalid_cursor`."""
    return page_of(db, groups(filters, reach, now, tomorrow), after, purpose=f"board:{who}:{filters.view}")


VIEWS = ("now", "upcoming", "unanchored", "ended", "expired", "all")


def counts(db: Db, reach: Any, now: datetime, tomorrow: datetime) -> dict[str, int]:
    """How many stand in each tab and in each group of the first one. `reach` is a function column → condition.

    Exact, without counting rows: sums of kept counters; only today's expiries and what begins today are read from
    their index, both bounded by a day's work.
    """
    k = COUNTS.c
    rows = db.execute(
        select(k.status, k.anchoring, k.expires_on, func.sum(k.n))
        .where(reach(k.organization_id))
        .group_by(k.status, k.anchoring, k.expires_on)
    ).all()
    by_status: dict[str, int] = {}
    by_anchoring: dict[str, int] = {}
    day, over = now.strftime("%Y-%m-%d"), 0
    for status, anchoring, expires_on, n in rows:
        by_status[status] = by_status.get(status, 0) + int(n)
        by_anchoring[anchoring] = by_anchoring.get(anchoring, 0) + int(n)
        if status == Status.CREATED and expires_on < day:
            over += int(n)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    mine = reach(_i.organization_id)
    created = Status.CREATED
    over += _count(db, mine, created, _i.expires_at >= midnight, _i.expires_at <= now)
    today = _count(db, mine, created, _i.expires_at > now, _i.expires_at < tomorrow + TTL)
    waiting = waiting_count(db, mine)
    live = by_status.get(Status.OPEN, 0) + by_status.get(Status.RECORDING, 0) - waiting
    return {
        "waiting": waiting,
        "live": live,
        "today": today,
        "now": waiting + live + today,
        "upcoming": by_status.get(Status.CREATED, 0) - over - today,
        "unanchored": sum(by_anchoring.get(state, 0) for state in UNANCHORED),
        "ended": by_status.get(Status.CLOSED, 0),
        "expired": over,
        "all": sum(by_status.values()),
    }


def _count(db: Db, reach: ColumnElement[bool], status: Status, *conditions: ColumnElement[bool]) -> int:
    # The organizations that have such rows at all, from the counters: so the index serves people who see all of them.
    some = select(COUNTS.c.organization_id).where(COUNTS.c.status == status.value, COUNTS.c.n != 0)
    where = (reach, _i.organization_id.in_(some), _i.status == status.value, *conditions)
    return db.scalar(select(func.count()).select_from(Inspection.__table__).where(*where)) or 0


def waiting_count(db: Db, reach: ColumnElement[bool]) -> int:
    """How many field users wait for an operator; for the navigation."""
    return _count(db, reach, Status.OPEN, _i.attended_at.is_(None))
