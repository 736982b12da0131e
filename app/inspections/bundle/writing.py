"""Writes a bundle, a file after another."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import IO

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from app.inspections import anchors, chain, verification
from app.inspections.bundle.layout import FORMAT, line_of
from app.inspections.verification import StampedStatement

HOW, SCRIPT = "HOW-THIS-WAS-MADE.html", "verify.sh"
_HERE = Path(__file__).parent
UNLISTED = (HOW, SCRIPT, "SHA256SUMS")
"""What says how to verify, and is not verified itself."""


def bundle(
    links: Sequence[chain.Link],
    statement: bytes | None,
    stamped: Sequence[StampedStatement],
    people: Mapping[str, str | None] = MappingProxyType({}),
    wordings: Mapping[str, str] = MappingProxyType({}),
    roots: Sequence[Certificate] = (),
    evidence: Iterable[tuple[str, bytes]] = (),
) -> bytes:
    """The bytes of what `write` writes."""
    buffer = io.BytesIO()
    write(buffer, links, statement, stamped, people, wordings, roots, evidence)
    return buffer.getvalue()


def write(
    out: IO[bytes],
    links: Sequence[chain.Link],
    statement: bytes | None,
    stamped: Sequence[StampedStatement],
    people: Mapping[str, str | None] = MappingProxyType({}),
    wordings: Mapping[str, str] = MappingProxyType({}),
    roots: Sequence[Certificate] = (),
    evidence: Iterable[tuple[str, bytes]] = (),
) -> None:
    """Writes a zip that verifies offline: the events as hashed, what was stamped, the raw replies, the script.

    `people` are the personal records beside the chain, by SHA-256; those that were erased are left out. `wordings` are
    the texts by which consent was asked, by SHA-256, and `roots` the certificates that this installation trusts.
    `evidence` are the originals, their cleaned copies and the report, by name: they are packed as they are.

    `statement` is that of an ended inspection, for which nobody may have been asked; statement.json is the one with the
    most events. The same record gives the same bytes. Statements and replies are shipped as they were stored, not made.
    """
    sums: list[str] = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_entry(HOW), _how(links))
        archive.writestr(_entry(SCRIPT), (_HERE / SCRIPT).read_bytes())

        def pack(name: str, content: bytes, kind: int = zipfile.ZIP_DEFLATED) -> None:
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
            archive.writestr(_entry(name), content, kind)

        pack("format.txt", f"{FORMAT}\n".encode())
        for name, content in _statements(statement, stamped):
            pack(name, content)
        for root in roots:
            der = root.public_bytes(Encoding.DER)
            pack(f"roots/{hashlib.sha256(der).hexdigest()}.pem", root.public_bytes(Encoding.PEM))
        pack("events.jsonl", "".join(f"{line_of(link)}\n" for link in links).encode())
        # A record a line, in the very bytes that were hashed.
        records = ",\n".join(content for content in people.values() if content is not None)
        pack("people.json", f"[\n{records}\n]\n".encode())
        erased = [(link, json.loads(link.payload)["erased"]) for link in links if link.kind == "record.erased"]
        if erased:
            entries = [{"record": digest, "event": link.sequence, "at": link.occurred_at} for link, digest in erased]
            pack("erased.json", f"{json.dumps(entries, indent=1)}\n".encode())
        for digest, words in sorted(wordings.items()):
            pack(f"consent/{digest}.txt", words.encode())
        for name, content in evidence:
            pack(name, content, zipfile.ZIP_STORED)
        archive.writestr(_entry("SHA256SUMS"), "".join(sums))


def _statements(statement: bytes | None, stamped: Sequence[StampedStatement]) -> Iterator[tuple[str, bytes]]:
    """What authorities were asked to stamp, and their answers, by name. A stamp is over the statement whose SHA-256 it
    names; the number in its own name is that statement's."""
    texts = list(dict.fromkeys(each.statement for each in stamped))
    last = max(texts, key=verification.events_of, default="")
    if texts or statement is not None:
        yield "statement.json", last.encode() or statement or b""
    texts.sort(key=lambda text: text == last)
    for number, text in enumerate(texts, start=1):
        if text != last:
            yield f"statements/{number}.json", text.encode()
        taken: set[str] = set()
        for each in stamped:
            if each.statement != text or not each.reply:
                continue
            name = re.sub("[^a-z0-9.-]", "_", anchors.name_of(each.authority).lower())
            while name in taken:
                name += "_"
            taken.add(name)
            yield f"anchors/{name}-{number}.tsr", each.reply
            if certificates := _certificates(each):
                yield f"anchors/{name}-{number}.pem", certificates


def _certificates(stamped: StampedStatement) -> bytes:
    """The certificates that came with an answer, under the name of the authority and its policy."""
    reply = stamped.reply or b""
    found = anchors.certificates(reply)
    if not found:
        return b""
    head = f"Authority: {anchors.name_of(stamped.authority)}\nPolicy: {anchors.policy_stamped(reply)}\n"
    return head.encode("ascii", "replace") + b"".join(each.public_bytes(Encoding.PEM) for each in found)


def _how(links: Sequence[chain.Link]) -> str:
    """The page in plain words."""
    first = json.loads(links[0].payload) if links else {}
    facts = {
        "session": first.get("session", ""),
        "organization": first.get("organization", ""),
        "events": len(links),
        "head": links[-1].hash if links else "",
        "format": FORMAT,
    }
    page = Template((_HERE / "how.html").read_text(encoding="utf-8"))
    return page.substitute({name: html.escape(str(value)) for name, value in facts.items()})


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry with the same date for all, so that the same record gives the same bytes."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
