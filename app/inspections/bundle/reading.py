"""Reads a bundle of either layout. What is in it is believed in nothing."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from cryptography.x509 import Certificate

from app.inspections import anchors, chain, verification
from app.inspections.bundle.layout import FORMAT, link_of
from app.inspections.bundle.writing import UNLISTED
from app.inspections.evidence import originals, signatures
from app.inspections.verification import Finding, Result, Verdict
from app.kernel import store
from app.kernel.crypto import sha256

LARGEST, LARGEST_FILE = 1 << 33, 1 << 28
"""Bytes of a bundle that is read, unpacked, and of one file in it."""
HASHED = ("originals/", "copies/", "report.pdf")
"""Files of which only the SHA-256 is read."""
SUM = re.compile(r"([0-9a-f]{64})  (\S+)")


@dataclass(frozen=True, slots=True)
class Shipped:
    """A statement and a reply of a bundle."""

    authority: str
    statement: str
    reply: bytes | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle says. `session` is that of its first event; `originals` the SHA-256 of each by that in its name.
    `wordings` are the words of consent by the SHA-256 in their names, None in a layout that has none. `fault` is what
    of the list of hashes does not agree, in a sentence."""

    session: str
    links: list[chain.Link]
    stamped: list[Shipped]
    people: dict[str, str | None]
    originals: dict[str, str]
    wordings: dict[str, str] | None
    fault: str

    def verdict(self, roots: Sequence[Certificate]) -> Verdict:
        """What the bundle proves to a reader with these roots."""
        length, head = len(self.links), self.links[-1].hash if self.links else ""
        found = verification.verify(
            self.session, self.links, self.stamped, roots, length=length, head=head, people=self.people,
            wordings=self.wordings,
        )  # fmt: skip
        if found.chain.result == Result.BROKEN:
            return found
        signed = signatures.check(self.session, self.links, self.people)
        fault = self.fault or self._foreign()
        listed = Finding(Result.BROKEN, fault, word="evidence_broken") if fault else None
        return found.also(listed, signed, originals.check(self.links, self.originals.get))

    def _foreign(self) -> str:
        """An original that the chain does not name, in a sentence; empty when there is none."""
        named = originals.named(self.links).types
        foreign = min((sha256 for sha256 in self.originals if sha256 not in named), default="")
        return f"The chain does not name the original {foreign[:10]}…." if foreign else ""


def read(source: bytes | Path) -> Contents:
    """Reads a bundle. Raises ValueError for what is none, or of a later format."""
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as archive:
            return _contents(archive)
    except (zipfile.BadZipFile, KeyError, IndexError, TypeError, AttributeError, UnicodeDecodeError, OSError) as error:
        raise ValueError("This is no bundle of an inspection.") from error


def _contents(archive: zipfile.ZipFile) -> Contents:
    entries = [each for each in archive.infolist() if not each.is_dir()]
    sizes, names = [each.file_size for each in entries], [each.filename for each in entries]
    if sum(sizes) > LARGEST or max(sizes, default=0) > LARGEST_FILE:
        raise ValueError("This bundle is larger than any that is made.")
    if len(set(names)) < len(names):
        raise ValueError("This bundle has two files of one name.")
    hashed = {name: _digest(archive, name) for name in names if name.startswith(HASHED)}
    files = {name: archive.read(name) for name in names if name not in hashed}
    named = files["format.txt"].decode().strip() if "format.txt" in files else ""
    if named not in ("", FORMAT):
        raise ValueError(f"This bundle has the format {named[:60]}, which this version does not know.")
    links = _links(files) if named else _former_links(files)
    payload = json.loads(links[0].payload) if links else {}
    sums = hashed | {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return Contents(
        str(payload.get("session", "")),
        links,
        _stamped(files) if named else _former_stamped(files),
        {sha256(record): record for record in _records(files)},
        _by_stem(hashed, "originals/"),
        _wordings(files) if named else None,
        _fault(_text(files, "SHA256SUMS"), sums) if named else "",
    )


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as file:
        return store.digest_of(iter(partial(file.read, 1 << 20), b""))


def _text(files: Mapping[str, bytes], name: str) -> str:
    return files.get(name, b"").decode(errors="replace")


def _by_stem(hashed: Mapping[str, str], folder: str) -> dict[str, str]:
    return {PurePosixPath(name).stem: digest for name, digest in hashed.items() if name.startswith(folder)}


def _wordings(files: Mapping[str, bytes]) -> dict[str, str]:
    return {PurePosixPath(name).stem: _text(files, name) for name in files if name.startswith("consent/")}


def _records(files: Mapping[str, bytes]) -> list[str]:
    """The personal records. Only a line feed ends a line: a name may hold other signs that end one elsewhere."""
    lines = _text(files, "people.json").split("\n")
    return [line.removesuffix(",") for line in lines if line.startswith("{")]


def _links(files: Mapping[str, bytes]) -> list[chain.Link]:
    return [link_of(line) for line in files["events.jsonl"].decode().split("\n") if line]


def _stamped(files: Mapping[str, bytes]) -> list[Shipped]:
    """Each answer with the statement whose SHA-256 it stamps; then statements that nobody has stamped."""
    names = sorted(name for name in files if name == "statement.json" or name.startswith("statements/"))
    texts = {hashlib.sha256(files[name]).hexdigest(): _text(files, name) for name in names}
    found, last = [], _text(files, "statement.json")
    for name in sorted(name for name in files if name.startswith("anchors/") and name.endswith(".tsr")):
        try:
            imprint = anchors.token_of(files[name]).message_imprint.message.hex()
        except anchors.Unreadable:
            imprint = ""
        # One over no statement that is here is held against the last, with which it cannot agree.
        found.append(Shipped(_stem(name), texts.get(imprint, last), files[name]))
    stamped = {each.statement for each in found}
    return found + [Shipped(name, text, None) for name in names if (text := _text(files, name)) not in stamped]


def _stem(name: str) -> str:
    return name.removeprefix("anchors/").removesuffix(".tsr")


def _fault(listed: str, sums: Mapping[str, str]) -> str:
    """What does not agree with the list of hashes; empty when all does."""
    expected = {found[2]: found[1] for line in listed.split("\n") if (found := SUM.fullmatch(line))}
    for name, digest in expected.items():
        if name not in sums:
            return f"The file {name} of the bundle is missing."
        if sums[name] != digest:
            return f"The file {name} of the bundle was changed."
    extra = next((name for name in sums if name not in expected and name not in UNLISTED), None)
    return f"SHA256SUMS does not name {extra}." if extra else ""


# The former layout --------------------------------------------------------------------------------------------------


def _former_links(files: Mapping[str, bytes]) -> list[chain.Link]:
    """The chain as a list of hashes, and a file for the five lines of each event."""
    found = []
    for line in files["chain.sha256"].decode().splitlines():
        digest, name = line.split("  ", 1)
        sequence, previous, kind, payload, occurred_at = files[name].decode().split("\n")
        found.append(chain.Link(int(sequence), previous, kind, payload, occurred_at, digest))
    return found


def _former_stamped(files: Mapping[str, bytes]) -> list[Shipped]:
    """Each answer with the statement of the same name."""
    replies = sorted(name for name in files if name.startswith("anchors/") and name.endswith(".tsr"))
    found = [Shipped(_stem(name), _text(files, f"{name.removesuffix('.tsr')}.json"), files[name]) for name in replies]
    if not found and "statement.json" in files:
        return [Shipped("statement.json", _text(files, "statement.json"), None)]
    return found
