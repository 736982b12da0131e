"""The record of an inspection as the database holds it: its chain, what authorities have stamped, who it is about.

Page, bundle, `desk verify` and the nightly verification read it here, so that all of them come to one verdict.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.x509 import Certificate
from sqlalchemy import select

from app.inspections import chain, queries, verification
from app.inspections.evidence import originals, signatures
from app.inspections.models import Inspection
from app.inspections.queries import AskedStamp
from app.kernel.db.engine import Db
from app.kernel.errors import NotFound

ROUNDS = 20
"""How often a record is read again that grew while it was read."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is verified. `length` and `head` are those that the inspection says its chain has; `wordings` are the words
    in which consent was asked, and `faults` the originals that were missing or changed when they were read last, both
    by SHA-256."""

    id: uuid.UUID
    links: Sequence[chain.Link]
    stamped: Sequence[AskedStamp]
    people: Mapping[str, str | None]
    wordings: Mapping[str, str]
    faults: Mapping[str, str]
    length: int
    head: str

    def verdict(
        self, roots: Sequence[Certificate], evidence: verification.Finding | None = None
    ) -> verification.Verdict:
        """What the record proves to a reader with these roots. `evidence` is what the originals came to just now; else
        it is what they came to when they were read last."""
        found = verification.verify(
            str(self.id),
            self.links,
            self.stamped,
            roots,
            length=self.length,
            head=self.head,
            people=self.people,
            wordings=self.wordings,
        )
        if found.chain.result == verification.Result.BROKEN:
            return found
        signed = signatures.check(str(self.id), self.links, self.people)
        return found.also(evidence or originals.known(self.links, self.faults), signed)


def read(db: Db, id: uuid.UUID) -> Record:
    """The record at one moment, although other transactions may add to it meanwhile. Raises NotFound."""
    end: tuple[int, str] | None = None
    for _ in range(ROUNDS):
        links, stamped = queries.links(db, id), queries.anchors(db, id)
        people = queries.personal_records(db, id)
        wordings = queries.wordings(db, verification.wordings_of(links))
        captured = any(link.kind == "evidence.captured" for link in links)
        faults = queries.faults(db, id) if captured else {}
        before, end = end, _end(db, id)
        # Nothing was added meanwhile: what was read ends as the chain does now, or (where it was cut or changed) the
        # chain ends as it did a round ago.
        if end in (before, (len(links), links[-1].hash if links else chain.GENESIS)):
            break
    assert end is not None
    return Record(id, links, stamped, people, wordings, faults, *end)


def _end(db: Db, id: uuid.UUID) -> tuple[int, str]:
    found = db.execute(select(Inspection.chain_length, Inspection.chain_head).where(Inspection.id == id)).one_or_none()
    if found is None:
        raise NotFound("There is no such inspection.")
    return found.chain_length, found.chain_head
