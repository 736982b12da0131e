"""One inspection with what belongs to it, and the API's list."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, tuple_

from app.inspections import chain
from app.inspections.models import Anchor, Campaign, ChainEvent, Inspection, Invite, WrongCodes
from app.inspections.rules import recipient_key
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.db.pagination import decode_cursor, encode_cursor
from app.kernel.errors import NotFound
from app.kernel.outbox.outbox import OutboxRow

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


_INVITES = select(Invite).where(Invite.id.in_(bindparam("ids", expanding=True)))


def invites_of(db: Db, ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, Invite]:
    """These invites, each by the inspection it is for."""
    wanted = [id for id in ids if id is not None]
    if not wanted:
        return {}
    return {found.inspection_id: found for found in db.scalars(_INVITES, {"ids": wanted})}
