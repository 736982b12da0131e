"""Requesting, finishing and deleting documents. What the content is, the kind knows."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, select, update

from app.dashboard.documents import queries
from app.dashboard.documents.kinds import File, Kind
from app.dashboard.documents.models import UNFINISHED, Document, State
from app.dashboard.documents.queries import COLUMNS
from app.kernel.changes.events import Actor, person_of
from app.kernel.crypto import sha256
from app.kernel.db.columns import Values
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.json_types import JsonObject
from app.kernel.outbox import outbox
from app.kernel.outbox.outbox import Message, OutboxRow

MAKE = "job:documents.make"
DELETE = "job:documents.delete"
QUEUED = "It is made as soon as it is its turn."


def request(
    db: Db,
    kind: Kind,
    subject_id: object,
    organization_id: int,
    options: JsonObject,
    *,
    by: Actor,
    now: datetime,
) -> UUID:
    """Has a document made, and returns its id. One that is being made or is there is given instead of another; one
    that failed is tried again."""
    key = key_of(kind, str(subject_id), options, kind.basis(db, str(subject_id), options))
    values: Values = {
        Document.id: uuid4(),
        Document.kind: kind.name,
        Document.subject_type: kind.subject_type,
        Document.subject_id: str(subject_id),
        Document.organization_id: organization_id,
        Document.options: options,
        Document.key: key,
        Document.state: State.QUEUED,
        Document.progress: QUEUED,
        Document.failure: "",
        Document.name: "",
        Document.mime: "",
        Document.requested_by: person_of(by),
        Document.requested_name: by.name,
        Document.requested_at: now,
        Document.expires_at: now + kind.lifetime,
    }
    inserted = insert_or_ignore(db, Document, ["key"]).values(dict(values)).returning(*COLUMNS)
    row = db.execute(inserted).one_or_none()
    if row is None:
        known = cast(Document, db.execute(select(*COLUMNS).where(Document.key == key)).one())
        if known.state == State.FAILED:
            try_again(db, known, now)
        return known.id
    made = cast(Document, row)
    kind.record(db, kind.requested, made, by=by, now=now, data={"document": str(made.id), **options})
    _queue(db, made, now)
    return made.id


def key_of(kind: Kind, subject_id: str, options: JsonObject, basis: str) -> str:
    """What tells one document from another."""
    return sha256(json.dumps([kind.name, kind.subject_type, subject_id, options, basis], sort_keys=True))


def try_again(db: Db, document: Document, now: datetime) -> None:
    """Makes a document again that failed. One that did not changes nothing."""
    values: Values = {Document.state: State.QUEUED, Document.progress: QUEUED, Document.failure: ""}
    if _update(db, document.id, (State.FAILED,), values):
        _queue(db, document, now)


def _queue(db: Db, document: Document, now: datetime) -> None:
    """Has the worker make it. All documents share one destination, so that few are made at once."""
    message = Message(MAKE, {"document": str(document.id)}, destination="documents", summary="A document")
    _enqueue(db, document, message, now)


def _enqueue(db: Db, document: Document, message: Message, now: datetime) -> None:
    outbox.enqueue(
        db,
        [message],
        event_id=None,
        organization_id=document.organization_id,
        subject_type=document.subject_type,
        subject_id=document.subject_id,
        now=now,
        shown=False,
    )


def begin(db: Db, id: UUID) -> Document | None:
    """Marks a document as being made, and returns it; None when there is nothing to make any more. One that is being
    made is begun anew: its worker was killed, or is believed to have been."""
    values: Values = {Document.state: State.MAKING}
    return queries.get(db, id) if _update(db, id, UNFINISHED, values) else None


def note_progress(db: Db, id: UUID, job: UUID, text: str, now: datetime) -> None:
    """Says how far a document is. Pages of its item notice by the message, as they notice attempts."""
    if _update(db, id, (State.MAKING,), {Document.progress: text[:200]}):
        changed = int(now.timestamp() * 1_000_000)
        db.execute(update(OutboxRow).where(OutboxRow.id == job).values({OutboxRow.changed_at_us: changed}))


def settle(db: Db, id: UUID, file: File, digest: str, size: int, lifetime: timedelta, now: datetime) -> bool:
    """Keeps what was made. False when the document expired, or another worker was first."""
    values: Values = {
        Document.state: State.READY,
        Document.progress: "",
        Document.name: file.name,
        Document.mime: file.mime,
        Document.sha256: digest,
        Document.bytes: size,
        Document.made_at: now,
        Document.expires_at: now + lifetime,
    }
    return _update(db, id, UNFINISHED, values)


def fail(db: Db, id: UUID, why: str) -> None:
    """Keeps why a document could not be made."""
    _update(db, id, UNFINISHED, {Document.state: State.FAILED, Document.progress: "", Document.failure: why})


def expire(db: Db, *which: ColumnElement[bool], now: datetime, limit: int | None = None) -> int:
    """Lets documents go: they can be had no more, and the worker deletes their files. Returns how many."""
    rows = select(Document.id).where(Document.state != State.EXPIRED.value, *which).order_by(Document.expires_at)
    ids = db.scalars(rows.limit(limit) if limit else rows).all()
    gone: Values = {Document.state: State.EXPIRED, Document.key: None, Document.options: {}, Document.failure: ""}
    changed = update(Document).where(Document.id.in_(ids)).values(dict(gone)).returning(*COLUMNS)
    found = cast("list[Document]", db.execute(changed).all())
    for document in found:
        payload: JsonObject = {"document": str(document.id), "sha256": document.sha256}
        dedupe = f"document-delete:{document.id}"
        _enqueue(db, document, Message(DELETE, payload, dedupe=dedupe, summary="Deleting a document"), now)
    return len(found)


def expire_about(db: Db, subject_type: str, subject_ids: Iterable[object], now: datetime) -> int:
    """Lets every document about some items go, because what stands in them was erased."""
    ids = [str(id) for id in subject_ids]
    return expire(db, Document.subject_type == subject_type, Document.subject_id.in_(ids), now=now)


def forget(db: Db, id: UUID) -> None:
    """Deletes the row of an expired document, once its file is deleted."""
    db.execute(delete(Document).where(Document.id == id, Document.state == State.EXPIRED.value))


def _update(db: Db, id: UUID, states: Iterable[State], values: Values) -> bool:
    where = (Document.id == id, Document.state.in_([state.value for state in states]))
    return db.execute(update(Document).where(*where).values(dict(values)).returning(Document.id)).first() is not None
