"""What the worker does for documents: makes them, and deletes the files of those that have expired."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from io import SEEK_END
from uuid import UUID

import structlog

from app.dashboard.documents import actions, queries
from app.dashboard.documents.kinds import CannotMake, File, Kind, Making, by_name
from app.dashboard.documents.models import Document
from app.kernel import clock, pdf, store
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Delivery, Handler, TemporaryFailure

log = structlog.get_logger("desk.documents")

TRIES = 5
"""How often the worker begins a document before it is given up: one that brings the worker down would do so again."""
AT_ONCE = 100
"""Expired documents that one round of housekeeping lets go."""
AWAY = "The store for files does not answer. It is tried again in a moment."
GIVEN_UP = "The store for files has not answered for a long time."
BROKEN = "Something unforeseen went wrong here."
KILLED = "It was begun several times and never finished."


def folder(id: UUID) -> str:
    """Where the file of a document lies in the store."""
    return f"documents/{id}"


def handlers(kinds: Sequence[Kind]) -> dict[str, Handler]:
    """Who delivers the channels of documents."""
    return {actions.MAKE: partial(make, kinds=by_name(kinds)), actions.DELETE: delete}


def make(delivery: Delivery, kinds: Mapping[str, Kind]) -> str:
    """Makes a document, outside any transaction; again later when the store is away. A failure is kept with it."""
    id, database = UUID(delivery.payload["document"]), delivery.database

    def progress(text: str) -> None:
        with database.write() as db:
            actions.note_progress(db, id, delivery.id, text, clock.now())

    def give_up(why: str) -> str:
        with database.write() as db:
            actions.fail(db, id, why)
        return f"Not made: {why}"

    with database.write() as db:
        document = actions.begin(db, id)
    if document is None:
        return "Nothing to make."
    if delivery.attempts > TRIES:
        return give_up(KILLED)
    kept = store.store_at(database.config.evidence_url)
    try:
        kind = kinds[document.kind]
        file = kind.make(Making(document, database, kept, progress))
        progress("Storing it")
        digest, size = _stored(kept, id, file)
    except (CannotMake, pdf.Failed) as reason:
        return give_up(str(reason))
    except store.Away as away:
        if delivery.attempts == TRIES:
            return give_up(GIVEN_UP)
        progress(AWAY)
        raise TemporaryFailure(f"The store is away ({away}).") from None
    except Exception as error:
        # The text of an unforeseen error may hold what the document is about, so only its kind is kept.
        log.error("document not made", document=str(id), kind=document.kind, error=type(error).__name__)
        return give_up(BROKEN)
    with database.write() as db:
        if actions.settle(db, id, file, digest, size, kind.lifetime, clock.now()):
            if kind.settled is not None:
                kind.settled(db, document, digest, clock.now())
            return "Made."
    _clear(kept, document, digest, delivery)
    return "Not needed any more."


def _stored(kept: store.Store, id: UUID, file: File) -> tuple[str, int]:
    """The SHA-256 and the size of a file that is in the store now."""
    if file.large is None:
        return kept.put(folder(id), file.content), len(file.content)
    with file.large as large:
        return kept.put_file(folder(id), large), large.seek(0, SEEK_END)


def _clear(kept: store.Store, document: Document, digest: str, delivery: Delivery) -> None:
    """Deletes what was made for nothing, unless another worker keeps just the same."""
    with delivery.database.read() as db:
        known = queries.get(db, document.id)
    if known is None or known.sha256 != digest:
        with suppress(store.Away):
            kept.delete(folder(document.id), digest)


def delete(delivery: Delivery) -> str:
    """Deletes the file of an expired document, and then its row; again later when the store is away."""
    id, digest = UUID(delivery.payload["document"]), delivery.payload["sha256"]
    try:
        if digest:
            store.store_at(delivery.database.config.evidence_url).delete(folder(id), digest)
    except store.Away as away:
        raise TemporaryFailure(f"The store is away ({away}).") from None
    with delivery.database.write() as db:
        actions.forget(db, id)
    return "Deleted."


def tidy(db: Db, now: datetime) -> None:
    """Lets documents go whose time is over."""
    actions.expire(db, Document.expires_at <= now, now=now, limit=AT_ONCE)
