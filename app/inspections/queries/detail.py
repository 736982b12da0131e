"""One inspection with its invites, chain and anchors, and the API's list."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, cast

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    and_,
    bindparam,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from app.accounts.models import Organization
from app.inspections import chain
from app.inspections.evidence.models import Evidence, EvidenceState
from app.inspections.models import (
    Anchor,
    AnchorRequest,
    AnchorState,
    Campaign,
    ChainEvent,
    Inspection,
    Invite,
    PersonalRecord,
    ReplacedLink,
    WrongCodes,
)
from app.inspections.rules import recipient_key
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.columns import number
from app.kernel.db.engine import Db
from app.kernel.db.pagination import decode_cursor, encode_cursor
from app.kernel.db.prepared import Prepared
from app.kernel.errors import NotFound
from app.kernel.outbox.outbox import OutboxRow

WIRE = (
    Inspection.id,
    Inspection.status,
    Inspection.operator_email,
    Inspection.scheduled_for,
    Inspection.started_at,
    Inspection.ended_at,
    Inspection.notes,
    Inspection.locale,
    Inspection.consent_state,
    Inspection.campaign_id,
    Inspection.created_at,
    Inspection.updated_at,
    Inspection.expires_at,
)
"""The columns of the Session object."""


class SessionRow(Protocol):
    """A row of the columns in WIRE; an Inspection is one as well."""

    id: uuid.UUID
    status: str
    operator_email: str
    scheduled_for: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    notes: str
    locale: str
    consent_state: dict[str, str]
    campaign_id: uuid.UUID | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime


class LinkMessage(NamedTuple):
    """How far the message is that carries the link of an invite."""

    state: str
    finished_at: datetime | None
    last_error: str | None


class CampaignRow(NamedTuple):
    """A campaign to choose from."""

    id: uuid.UUID
    name: str
    organization_id: int


class OrganizationRow(NamedTuple):
    """What pages say of an organization."""

    id: int
    name: str
    time_zone: str
    locale: str


_ONE: Prepared[SessionRow] = Prepared(
    select(*WIRE).where(Inspection.id == bindparam("id"), Inspection.organization_id == bindparam("organization_id"))
)


@lru_cache(maxsize=256)
def _page(limit: int, further: bool) -> Prepared[SessionRow]:
    """So many rows, newest first; `further` ones after a cursor."""
    page = (
        select(*WIRE)
        .where(Inspection.organization_id == bindparam("organization_id"))
        .order_by(Inspection.created_at.desc(), Inspection.id.desc())
        .limit(number(limit))
    )
    if further:
        last = (
            bindparam("created_at", type_=Inspection.created_at.type),
            bindparam("after", type_=Inspection.id.type),
        )
        page = page.where(tuple_(Inspection.created_at, Inspection.id) < tuple_(*last))
    return Prepared(page)


def one(db: Db, id: uuid.UUID, organization_id: int) -> SessionRow:
    """What the API shows of one inspection. Raises NotFound, also for another organization's."""
    row = _ONE.first(db, {"id": id, "organization_id": organization_id})
    if row is None:
        raise NotFound("There is no such session.")
    return row


def wire_page(db: Db, organization_id: int, limit: int, cursor: str | None) -> tuple[Sequence[SessionRow], str | None]:
    """One page of the API's list, newest first, and the next cursor. Raises BadRequest `invalid_cursor`."""
    purpose = f"inspections:{organization_id}"
    wanted: dict[str, object] = {"organization_id": organization_id}
    if cursor:
        wanted["created_at"], wanted["after"] = decode_cursor(db, purpose, cursor)
    rows = _page(limit + 1, bool(cursor)).all(db, wanted)
    if len(rows) <= limit:
        return rows, None
    rows = rows[:limit]
    return rows, encode_cursor(db, purpose, (rows[-1].created_at, rows[-1].id))


_BY_ID = select(*Inspection.__table__.c).where(Inspection.id == bindparam("id"))
_INSPECTION: Prepared[Inspection] = Prepared(_BY_ID)


def get(db: Db, id: uuid.UUID, where: ColumnElement[bool] | None = None) -> Inspection:
    """The columns of one inspection, as it stands now. Raises NotFound."""
    if where is None:
        found = _INSPECTION.first(db, {"id": id})
    else:
        found = cast(Inspection | None, db.execute(_BY_ID.where(where), {"id": id}).one_or_none())
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
    """The invite whose current link has this token."""
    statement = select(Invite).where(Invite.token_sha256 == sha256(token), Invite.inspection_id == inspection_id)
    return db.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def invite_by_field_token(db: Db, inspection_id: uuid.UUID, token: str) -> Invite | None:
    """The invite whose field session has this token."""
    statement = select(Invite).where(Invite.field_token_sha256 == sha256(token), Invite.inspection_id == inspection_id)
    return db.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def invite_of_replaced_link(db: Db, inspection_id: uuid.UUID, token: str) -> Invite | None:
    """The invite whose link or field session had this token before a newer link was sent."""
    hashed = sha256(token)
    statement = (
        select(Invite)
        .join(ReplacedLink, ReplacedLink.invite_id == Invite.id)
        .where(
            or_(ReplacedLink.token_sha256 == hashed, ReplacedLink.field_token_sha256 == hashed),
            Invite.inspection_id == inspection_id,
        )
    )
    return db.scalars(statement.limit(1)).one_or_none()


def invites(db: Db, inspection_id: uuid.UUID) -> Sequence[Invite]:
    """All invites of an inspection, newest first."""
    statement = select(Invite).where(Invite.inspection_id == inspection_id)
    return db.scalars(statement.order_by(Invite.created_at.desc(), Invite.id.desc())).all()


def wrong_codes(db: Db, invite: Invite) -> int:
    """Wrong codes ever typed for this invite's recipient in this inspection."""
    mine = (WrongCodes.inspection_id == invite.inspection_id, WrongCodes.recipient == _recipient(invite))
    return db.scalar(select(WrongCodes.n).where(*mine)) or 0


def wrong_codes_of(db: Db, inspection_id: uuid.UUID) -> dict[str, int]:
    """Wrong codes of every recipient of an inspection, by their digest: `wrong_of()` finds an invite's."""
    counts = select(WrongCodes.recipient, WrongCodes.n).where(WrongCodes.inspection_id == inspection_id)
    return {row.recipient: row.n for row in db.execute(counts)}


def wrong_of(counts: dict[str, int], invite: Invite) -> int:
    """An invite's share of `wrong_codes_of()`."""
    return counts.get(_recipient(invite), 0)


def _recipient(invite: Invite) -> str:
    return sha256(recipient_key(invite.recipient_email, invite.recipient_phone_key))


def links(db: Db, inspection_id: uuid.UUID) -> list[chain.Link]:
    """The chain, first event first."""
    columns = (
        ChainEvent.sequence,
        ChainEvent.prev_hash,
        ChainEvent.kind,
        ChainEvent.payload,
        ChainEvent.occurred_at,
        ChainEvent.hash,
    )
    rows = db.execute(select(*columns).where(ChainEvent.inspection_id == inspection_id).order_by(ChainEvent.sequence))
    return [chain.Link(*row) for row in rows]


def operator_is_in(db: Db, inspection_id: uuid.UUID, by: Actor) -> bool:
    """Whether the chain says already that this operator is in."""
    mine = (ChainEvent.inspection_id == inspection_id, ChainEvent.kind == "operator.joined")
    known = (json.loads(payload)["operator"] for payload in db.scalars(select(ChainEvent.payload).where(*mine)))
    # Before accounts were sealed, operators were known by their name.
    return any(each == by.name if isinstance(each, str) else each["account"] == by.id for each in known)


def personal_records(db: Db, inspection_id: uuid.UUID) -> dict[str, str | None]:
    """The personal records of an inspection, those of evidence last: SHA-256 → content, None once erased."""
    nothing = null()
    mine = select(PersonalRecord.sha256, PersonalRecord.content, PersonalRecord.created_at, nothing.label("sequence"))
    about_evidence = select(Evidence.record, EvidenceState.content, nothing, Evidence.sequence).join(
        EvidenceState, EvidenceState.evidence_id == Evidence.id
    )
    both: CompoundSelect[*tuple[Any, ...]] = union_all(  # of the columns of two tables
        mine.where(PersonalRecord.inspection_id == inspection_id),
        about_evidence.where(Evidence.inspection_id == inspection_id),
    )
    rows = db.execute(both).all()
    people = sorted((row for row in rows if row.sequence is None), key=lambda row: row.created_at)
    evidence = sorted((row for row in rows if row.sequence is not None), key=lambda row: row.sequence)
    return {row.sha256: row.content for row in (*people, *evidence)}


def records_kept(db: Db, inspection_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """How many personal records of each invite are left; 0 where all were erased."""
    counted = select(PersonalRecord.invite_id, func.count(PersonalRecord.content).label("n"))
    mine = counted.where(PersonalRecord.inspection_id == inspection_id).group_by(PersonalRecord.invite_id)
    return {row.invite_id: row.n for row in db.execute(mine)}


class AskedStamp(NamedTuple):
    """What an authority was asked to stamp, and how far that is: with its answer, as received, once there is one."""

    id: uuid.UUID
    authority: str
    kind: str
    statement: str
    state: str
    attempts: int
    reason: str
    reply: bytes | None
    stamped_at: datetime | None
    created_at: datetime


def anchors(db: Db, inspection_id: uuid.UUID) -> Sequence[AskedStamp]:
    """What the authorities were asked about an inspection, the oldest first, then by authority."""
    asked, answered = AnchorRequest.inspection_id == inspection_id, Anchor.inspection_id == inspection_id
    attempts = func.coalesce(AnchorRequest.attempts, 1)
    done = literal_column(f"'{AnchorState.ANCHORED.value}'", AnchorRequest.state.type)
    stamped = select(
        *(Anchor.id, Anchor.authority, Anchor.kind, Anchor.statement, done, attempts),
        *(literal_column("''", AnchorRequest.reason.type), Anchor.reply, Anchor.stamped_at, Anchor.created_at),
    )
    waiting = select(
        *(AnchorRequest.id, AnchorRequest.authority, AnchorRequest.kind, AnchorRequest.statement, AnchorRequest.state),
        *(AnchorRequest.attempts, AnchorRequest.reason, Anchor.reply, Anchor.stamped_at, AnchorRequest.created_at),
    )
    both: CompoundSelect[*tuple[Any, ...]] = union_all(  # of the columns of two tables
        stamped.outerjoin(AnchorRequest, and_(asked, AnchorRequest.id == Anchor.id)).where(answered),
        waiting.outerjoin(Anchor, and_(answered, Anchor.id == AnchorRequest.id)).where(asked, Anchor.id.is_(None)),
    )
    return sorted((AskedStamp(*row) for row in db.execute(both)), key=lambda each: (each.created_at, each.authority))


def campaigns(db: Db, where: ColumnElement[bool]) -> Sequence[CampaignRow]:
    """Campaigns to choose from, by name."""
    rows = db.execute(select(Campaign.id, Campaign.name, Campaign.organization_id).where(where).order_by(Campaign.name))
    return [CampaignRow(*row) for row in rows]


def organizations(db: Db, where: ColumnElement[bool]) -> list[OrganizationRow]:
    """Organizations with their zone and language."""
    columns = (Organization.id, Organization.name, Organization.time_zone, Organization.locale)
    return [OrganizationRow(*row) for row in db.execute(select(*columns).where(where).order_by(Organization.id))]


def link_messages(db: Db, dedupe: Iterable[str]) -> dict[str, LinkMessage]:
    """The messages that carry links, by their deduplication name."""
    names = list(dedupe)
    if not names:
        return {}
    columns = (OutboxRow.dedupe, OutboxRow.state, OutboxRow.finished_at, OutboxRow.last_error)
    rows = db.execute(select(*columns).where(OutboxRow.dedupe.in_(names)))
    return {row.dedupe: LinkMessage(row.state, row.finished_at, row.last_error) for row in rows if row.dedupe}


_INVITES = select(Invite).where(Invite.id.in_(bindparam("ids", expanding=True)))


def invites_of(db: Db, ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, Invite]:
    """These invites, each by the inspection it is for."""
    wanted = [id for id in ids if id is not None]
    if not wanted:
        return {}
    return {found.inspection_id: found for found in db.scalars(_INVITES, {"ids": wanted})}
