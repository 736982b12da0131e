"""The bundle of a record: as a document that the worker makes, and at once where there is little of it."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate
from flask import url_for

from app.accounts.roles import INSPECTIONS
from app.dashboard.documents import jobs
from app.dashboard.documents import queries as documents
from app.dashboard.documents.kinds import File, Kind, Making
from app.dashboard.documents.models import Document
from app.inspections import actions, bundle, chain, events, numbers, queries, records
from app.inspections.actions._write import record
from app.inspections.evidence import receiving
from app.inspections.queries import Item
from app.inspections.records import Record
from app.inspections.report.document import NAME as REPORT
from app.kernel import store
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db.engine import Db
from app.kernel.json_types import JsonObject
from app.kernel.store import Store

TYPE = "application/zip"
AT_ONCE = 32 * 1024 * 1024
"""Bytes of originals up to which a bundle is made while its user waits."""
EVERY = 10
"""Files after which the progress is said anew."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a bundle is made of. `report` is the one that was made last, None where there is none."""

    record: Record
    items: Sequence[Item]
    report: Document | None

    @property
    def size(self) -> int:
        """Bytes of the originals that the bundle ships."""
        return size(self.items)


def source(db: Db, id: uuid.UUID) -> Source:
    """Reads what a bundle is made of. Raises NotFound."""
    report = documents.latest_made(db, REPORT, events.SUBJECT, id)
    return Source(records.read(db, id), queries.evidence(db, id), report)


def size(items: Sequence[Item]) -> int:
    """Bytes of the originals that a bundle ships."""
    return sum(item.bytes for item in items if item.erased_at is None)


def pack(
    source: Source,
    roots: Sequence[Certificate],
    kept: Store,
    out: IO[bytes],
    progress: Callable[[str], None] | None = None,
) -> None:
    """Writes a bundle, a file after another; `roots` are those that this installation trusts. Raises Away."""

    def files() -> Iterator[tuple[str, bytes]]:
        for n, each in enumerate(receiving.files(kept, source.items)):
            if progress is not None and n % EVERY == 0:
                progress(f"Packing file {n + 1}, of {len(source.items)} pieces of evidence")
            yield each
        if source.report is not None and source.report.sha256:
            with suppress(store.Missing, store.Damaged):
                yield "report.pdf", kept.get(jobs.folder(source.report.id), source.report.sha256)

    found = source.record
    ended = any(link.kind == chain.END for link in found.links)
    statement = chain.statement(str(found.id), found.head, found.length) if ended else None
    bundle.write(out, found.links, statement, found.stamped, found.people, found.wordings, roots, files())


def file_name(id: uuid.UUID) -> str:
    """What a bundle is called where it is saved."""
    return f"bundle-{numbers.number_of(id)}.zip"


def make(making: Making) -> File:
    """Makes the bundle in the worker, as a file without a name, for it holds originals. The same record gives the same
    bytes."""
    with making.database.read() as db:
        found, roots = source(db, making.id), db.config.tsa_roots
    with ExitStack() as stack:  # closed here unless all of it was written: then by who stores it
        out = stack.enter_context(tempfile.TemporaryFile())
        pack(found, roots, making.store, out, making.progress)
        stack.pop_all()
    return File(file_name(making.id), TYPE, b"", out)


def _basis(db: Db, subject_id: str, _options: JsonObject) -> str:
    """What a bundle ships besides the chain: stamps, roots, copies, the report, and records that are not erased."""
    made_of = source(db, uuid.UUID(subject_id))
    found, items = made_of.record, made_of.items
    report = made_of.report.sha256 if made_of.report is not None else None
    shipped = [bundle.FORMAT, found.head, report or "", *(str(each.id) for each in found.stamped if each.reply)]
    shipped += [digest for digest, content in found.people.items() if content is not None]
    shipped += [item.copy_sha256 or "" for item in items]
    shipped += [root.fingerprint(SHA256()).hex() for root in db.config.tsa_roots]
    return sha256("\n".join(shipped))


def _url(document: Document) -> str:
    return url_for("inspections.detail", id=document.subject_id, _anchor="chain")


def _record(
    db: Db, event_type: EventType, document: Document, *, by: Actor, now: datetime, data: Mapping[str, object]
) -> None:
    about = {**data, "part": "bundle"} if event_type == events.EVIDENCE_DOWNLOADED else data
    record(db, event_type, queries.get(db, uuid.UUID(document.subject_id)), by=by, now=now, data=about)


def _settled(db: Db, document: Document, digest: str, now: datetime) -> None:
    actions.note_made(db, uuid.UUID(document.subject_id), "bundle", digest, now)


KIND = Kind(
    name="inspection.bundle",
    title="Bundle",
    subject_type=events.SUBJECT,
    make=make,
    basis=_basis,
    needs=INSPECTIONS,
    url=_url,
    record=_record,
    requested=events.BUNDLE_REQUESTED,
    downloaded=events.EVIDENCE_DOWNLOADED,
    members={},
    settled=_settled,
)
