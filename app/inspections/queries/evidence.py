"""Evidence of an inspection, with what became of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from app.accounts.models import Organization
from app.inspections.events import EVIDENCE_DOWNLOADED, REPORT_DOWNLOADED, SUBJECT
from app.inspections.evidence import rules
from app.inspections.evidence.models import DeviceKey, Evidence, EvidenceFault, EvidenceHold, EvidenceState, ItemHold
from app.inspections.evidence.signatures import Signed
from app.inspections.models import Inspection, Invite
from app.inspections.queries.detail import OrganizationRow
from app.kernel.changes.events import Event
from app.kernel.db.columns import Rows
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound
from app.kernel.json_types import JsonObject


class Item(NamedTuple):
    """One piece of evidence. `content` is its personal record, None once it is erased; `hold` is why there is a legal
    hold on it, None where there is none."""

    id: uuid.UUID
    inspection_id: uuid.UUID
    invite_id: uuid.UUID | None
    sequence: int
    kind: str
    sha256: str
    bytes: int
    mime: str
    record: str
    received_at: datetime
    content: str | None
    note: str | None
    copying: str
    copy_sha256: str | None
    thumbnail_sha256: str | None
    width: int | None
    height: int | None
    failure: str
    credentials: bool
    erased_at: datetime | None
    hold: str | None
    first_name: str | None
    last_name: str | None

    @property
    def particulars(self) -> JsonObject:
        """What the personal record says; nothing once it is erased."""
        return json.loads(self.content) if self.content else {}


_STATE = (
    EvidenceState.content,
    EvidenceState.note,
    EvidenceState.copying,
    EvidenceState.copy_sha256,
    EvidenceState.thumbnail_sha256,
    EvidenceState.width,
    EvidenceState.height,
    EvidenceState.failure,
    EvidenceState.credentials,
    EvidenceState.erased_at,
)


def _items(*where: ColumnElement[bool]) -> Rows:
    return (
        select(
            Evidence.id,
            Evidence.inspection_id,
            Evidence.invite_id,
            Evidence.sequence,
            Evidence.kind,
            Evidence.sha256,
            Evidence.bytes,
            Evidence.mime,
            Evidence.record,
            Evidence.received_at,
            *_STATE,
            ItemHold.reason,
            Invite.recipient_first_name,
            Invite.recipient_last_name,
        )
        .join(EvidenceState, EvidenceState.evidence_id == Evidence.id)
        .outerjoin(ItemHold, ItemHold.evidence_id == Evidence.id)
        .outerjoin(Invite, Invite.id == Evidence.invite_id)
        .where(*where)
        .order_by(Evidence.sequence)
    )


def evidence(db: Db, inspection_id: uuid.UUID) -> Sequence[Item]:
    """The evidence of an inspection, in the order of the chain."""
    return [Item(*row) for row in db.execute(_items(Evidence.inspection_id == inspection_id))]


def evidence_of(db: Db, invite: Invite) -> Sequence[Item]:
    """What one field user has added, in the order of the chain."""
    mine = (Evidence.inspection_id == invite.inspection_id, Evidence.invite_id == invite.id)
    return [Item(*row) for row in db.execute(_items(*mine))]


def signed_by(db: Db, invite_id: uuid.UUID, inspection_id: uuid.UUID) -> list[Signed]:
    """What the phone of a field user has signed, as far as it is not erased."""
    mine = (Evidence.inspection_id == inspection_id, Evidence.invite_id == invite_id)
    contents = select(EvidenceState.content).join(Evidence, Evidence.id == EvidenceState.evidence_id).where(*mine)
    records = [json.loads(content) for content in db.scalars(contents) if content]
    return [Signed(each["statement"], each["signature"]) for each in records if "signature" in each]


def evidence_item(db: Db, inspection_id: uuid.UUID, id: uuid.UUID) -> Item:
    """One piece of evidence of an inspection. Raises NotFound."""
    row = db.execute(_items(Evidence.inspection_id == inspection_id, Evidence.id == id)).one_or_none()
    if row is None:
        raise NotFound("There is no such piece of evidence.")
    return Item(*row)


def evidence_by_hash(db: Db, inspection_id: uuid.UUID, sha256: str) -> Item | None:
    """The piece of evidence of an inspection with this SHA-256."""
    row = db.execute(_items(Evidence.inspection_id == inspection_id, Evidence.sha256 == sha256)).one_or_none()
    return None if row is None else Item(*row)


def copy_names(db: Db, inspection_id: uuid.UUID) -> set[str]:
    """The SHA-256 of all copies and thumbnails of an inspection."""
    columns = select(EvidenceState.copy_sha256, EvidenceState.thumbnail_sha256)
    mine = columns.where(EvidenceState.inspection_id == inspection_id, EvidenceState.erased_at.is_(None))
    return {sha256 for row in db.execute(mine) for sha256 in row if sha256}


def hold(db: Db, inspection_id: uuid.UUID) -> EvidenceHold | None:
    """The legal hold on an inspection."""
    return db.get(EvidenceHold, inspection_id)


class Keeping(NamedTuple):
    """The organization of an inspection, what holds its evidence, and for how many days it is kept else."""

    organization: OrganizationRow
    hold: EvidenceHold | None
    days: int | None


def keeping(db: Db, inspection: Inspection) -> Keeping:
    """Whose an inspection is, and how long its evidence is kept there."""
    columns = (Organization.id, Organization.name, Organization.time_zone, Organization.locale)
    mine = EvidenceHold.inspection_id == inspection.id
    statement = select(*columns, EvidenceHold, Organization.evidence_days).outerjoin(EvidenceHold, mine)
    id, name, zone, locale, on_hold, days = db.execute(
        statement.where(Organization.id == inspection.organization_id)
    ).one()
    return Keeping(OrganizationRow(id, name, zone, locale), on_hold, days)


def kept_until(db: Db, inspection: Inspection, items: Collection[Item] = ()) -> datetime | None:
    """When an inspection's evidence, and these pieces of it, is erased by itself; None: not until somebody erases it,
    or releases a hold."""
    if any(item.hold is not None and item.erased_at is None for item in items):
        return None
    return until(inspection, keeping(db, inspection))


def until(inspection: Inspection, kept: Keeping) -> datetime | None:
    """The same, of what was read already."""
    return None if kept.hold else rules.kept_until(inspection.ended_at, kept.days)


def device_keys(db: Db, inspection_id: uuid.UUID) -> dict[str, DeviceKey]:
    """The keys with which field users of an inspection sign, by their SHA-256."""
    mine = select(DeviceKey).where(DeviceKey.inspection_id == inspection_id)
    return {each.sha256: each for each in db.scalars(mine)}


def faults(db: Db, inspection_id: uuid.UUID) -> dict[str, str]:
    """The originals of an inspection that were missing or changed when they were read last: SHA-256 → which."""
    columns = select(Evidence.sha256, EvidenceFault.fault).join(Evidence, Evidence.id == EvidenceFault.evidence_id)
    return {row.sha256: row.fault for row in db.execute(columns.where(EvidenceFault.inspection_id == inspection_id))}


def downloads(db: Db, inspection_id: uuid.UUID, mine: Collection[str]) -> dict[str, datetime]:
    """Who downloaded one of these pieces of evidence, or a bundle or report with all of them: by name, when last."""
    kinds = (EVIDENCE_DOWNLOADED.kind, REPORT_DOWNLOADED.kind)
    columns = select(Event.actor_name, Event.kind, Event.data, Event.created_at)
    about = (Event.subject_type == SUBJECT, Event.subject_id == str(inspection_id), Event.kind.in_(kinds))
    found: dict[str, datetime] = {}
    for name, kind, data, at in db.execute(columns.where(*about).order_by(Event.id)):
        if kind == REPORT_DOWNLOADED.kind or data.get("part") == "bundle" or data.get("evidence") in mine:
            found[name] = at
    return found
