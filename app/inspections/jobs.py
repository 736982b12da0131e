"""Jobs of the worker: reminders that come due, authorities that are asked, photos that are copied or erased.

All are outbox rows, written in the transaction that caused them. Whether a reminder is still needed is decided when
it comes due.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import select

from app.accounts.models import Organization
from app.files import keeping
from app.inspections import actions, anchors, emails, events, queries, receipts, rules
from app.inspections.actions._write import record
from app.inspections.evidence import credentials
from app.inspections.evidence.models import Copying, Evidence, EvidenceState
from app.inspections.models import AnchorRequest, AnchorState, ChainEvent, Inspection, Invite, Status
from app.inspections.rules import InviteState
from app.kernel import store
from app.kernel.changes.events import WORKER
from app.kernel.db.engine import Database, Db
from app.kernel.errors import NotFound, RateLimited
from app.kernel.outbox.outbox import Delivery, Handler, Message, PermanentFailure, TemporaryFailure

log = structlog.get_logger("desk.inspections")

UNNAMED = timedelta(hours=1)
"""How old a copy is that no row names before it is deleted: another worker may be about to note it."""

COPIES_AWAITED = 4
"""Attempts in which a receipt waits for the copies of photos."""


def remind(delivery: Delivery) -> str:
    """Sends a reminder unless the inspection has ended, moved or begun, or the next reminder is due."""
    id, hours = UUID(delivery.payload["inspection"]), int(delivery.payload["hours"])
    planned_for = datetime.fromisoformat(delivery.payload["scheduled_for"])
    with delivery.database.write() as db:
        try:
            inspection = queries.get(db, id)
        except NotFound:
            return "There is no such inspection any more."
        over = rules.status_of(inspection, delivery.now) in (Status.CLOSED, Status.EXPIRED)
        if over or not rules.reminder_due(hours, inspection.scheduled_for, planned_for, delivery.now):
            return "Not needed any more."
        messages = _reminders(db, inspection, hours, delivery.now)
        if messages:
            data = {"hours": hours, "messages": len(messages)}
            record(db, events.REMINDED, inspection, by=WORKER, now=delivery.now, data=data, messages=messages)
    return f"{len(messages)} reminded."


def _reminders(db: Db, inspection: Inspection, hours: int, now: datetime) -> list[Message]:
    columns = select(Organization.name, Organization.time_zone)
    organization = db.execute(columns.where(Organization.id == inspection.organization_id)).one()
    found = {
        invite.recipient_email: invite
        for invite in queries.invites(db, inspection.id)
        if invite.recipient_email and rules.invite_state(invite, now) in (InviteState.LIVE, InviteState.LOCKED)
    }
    if found:
        return [emails.reminder(db, inspection, invite, organization, hours) for invite in found.values()]
    if inspection.status != Status.CREATED:
        return []
    return emails.nobody_invited(db, inspection, organization, hours)


def anchor(delivery: Delivery) -> str:
    """Asks one authority to stamp one chain, outside any transaction; again later when it cannot be reached."""
    id = UUID(delivery.payload["anchor"])
    with delivery.database.read() as db:
        found = db.get(AnchorRequest, id)
    if found is None or found.state == AnchorState.ANCHORED:
        return "Already anchored."
    try:
        stamp = anchors.ask(found.authority, found.statement.encode(), delivery.database.config.tsa_roots, delivery.now)
    except anchors.Refused as refused:
        with delivery.database.write() as db:
            actions.settle_anchor(db, id, now=delivery.now, reason=str(refused), final=True)
        raise PermanentFailure(str(refused)) from None
    except anchors.Unreachable as unreachable:
        with delivery.database.write() as db:
            state = actions.settle_anchor(db, id, now=delivery.now, reason=str(unreachable))
        if state == AnchorState.FAILED:
            raise PermanentFailure(f"{unreachable} Given up.") from None
        raise TemporaryFailure(str(unreachable)) from None
    with delivery.database.write() as db:
        actions.settle_anchor(db, id, now=delivery.now, reply=stamp.reply, stamped_at=stamp.stamped_at)
    return f"Stamped {stamp.stamped_at.isoformat()}"


def checkpoint(delivery: Delivery) -> str:
    """Has what happened since the last time stamp stamped."""
    with delivery.database.write() as db:
        asked = actions.checkpoint(db, UUID(delivery.payload["inspection"]), delivery.now)
    return "Asked." if asked else "Not needed."


def copy(delivery: Delivery) -> str:
    """Makes the cleaned copy and the thumbnail of a photo, outside any transaction; later when the store is away."""
    id = UUID(delivery.payload["evidence"])
    with delivery.database.read() as db:
        found, state = db.get(Evidence, id), db.get(EvidenceState, id)
    if found is None or state is None or state.copying != Copying.PENDING or state.erased_at is not None:
        return "Nothing to copy."
    kept = store.store_at(delivery.database.config.evidence_url)
    try:
        finish = partial(_with_credentials, delivery.database, found)
        made = keeping.make_copies(kept, found.inspection_id, found.sha256, found.mime, finish)
    except store.Away as away:
        raise TemporaryFailure(f"The store is away ({away}).") from None
    with delivery.database.write() as db:
        noted = actions.settle_copy(
            db,
            id,
            copy=made.copy,
            thumbnail=made.thumbnail,
            size=made.size,
            failure=made.failure,
            credentials=made.finished,
        )
    if made.failure:
        return made.failure
    if not noted:  # erased meanwhile
        for name in filter(None, (made.copy, made.thumbnail)):
            kept.delete(keeping.copies(found.inspection_id), name)
    return "Copied." if noted else "Erased meanwhile."


def _with_credentials(database: Database, found: Evidence, copy: bytes) -> bytes:
    """The copy with its Content Credentials; as it is where there is no certificate, or none that signs."""
    try:
        signer = credentials.signer(database.config.c2pa_certificate, database.config.c2pa_key)
        if signer is None:
            return copy
        mine = (ChainEvent.inspection_id == found.inspection_id, ChainEvent.sequence == found.sequence)
        with database.read() as db:
            head = db.scalars(select(ChainEvent.hash).where(*mine)).one()
        about = credentials.About(str(found.inspection_id), found.sequence, head, found.sha256, found.mime)
        return credentials.sign(copy, about, signer)
    except credentials.NotSigned as reason:
        log.error("copy without content credentials", evidence=str(found.id), reason=str(reason))
        return copy


def erase(delivery: Delivery) -> str:
    """Deletes the files of an erased piece of evidence; again later when the store is away."""
    id = UUID(delivery.payload["evidence"])
    with delivery.database.read() as db:
        found, state = db.get(Evidence, id), db.get(EvidenceState, id)
    if found is None or state is None or state.erased_at is None:
        return "Nothing to erase."
    kept = store.store_at(delivery.database.config.evidence_url)
    try:
        keeping.delete(kept, found.inspection_id, found.sha256, state.copy_sha256, state.thumbnail_sha256)
        _clear_copies(delivery, found.inspection_id)
    except store.Away as away:
        raise TemporaryFailure(f"The store is away ({away}).") from None
    return "Erased."


def _clear_copies(delivery: Delivery, inspection_id: UUID) -> None:
    """Deletes copies that no row names. A signed copy is another file each time, so that a worker that was killed
    between storing and noting one leaves the first behind. Raises Away."""
    kept = store.store_at(delivery.database.config.evidence_url)
    written = kept.names(keeping.copies(inspection_id))
    with delivery.database.read() as db:
        known = queries.copy_names(db, inspection_id)
    for name, written_at in written.items():
        folder, sha256 = name.rsplit("/", 1)
        if sha256 not in known and written_at < delivery.now - UNNAMED:
            kept.delete(folder, sha256)


def send_receipt(delivery: Delivery) -> str:
    """Mails a field user their receipt, unless they were revoked or erased meanwhile. Thumbnails are read outside any
    transaction; what the store has not is left out."""
    id, database = UUID(delivery.payload["invite"]), delivery.database
    with database.read() as db:
        invite = db.get(Invite, id)
        items = queries.evidence_of(db, invite) if invite is not None else ()
    if invite is None or not rules.gets_receipt(invite):
        return "Not needed any more."
    if delivery.attempts < COPIES_AWAITED and any(item.copying == Copying.PENDING for item in items):
        raise TemporaryFailure("Photos are still being copied.")
    kept = store.store_at(database.config.evidence_url)
    try:
        pictures = receipts.pictures(kept, items[: actions.PIECES_MAILED])
        with database.write() as db:
            sent = actions.send_receipt(db, invite.inspection_id, id, pictures, now=delivery.now)
    except store.Away as away:
        raise TemporaryFailure(f"The store is away ({away}).") from None
    except RateLimited as limited:
        raise TemporaryFailure(
            "This mailbox had as many receipts within the last hour as we send.",
            after=float(limited.headers["Retry-After"]),
        ) from None
    return "Mailed." if sent else "Not needed any more."


HANDLERS: dict[str, Handler] = {
    emails.REMIND: remind,
    emails.ANCHOR: anchor,
    emails.CHECKPOINT: checkpoint,
    emails.COPY: copy,
    emails.ERASE: erase,
    emails.RECEIPT: send_receipt,
}
