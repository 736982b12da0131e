"""Receiving a piece of evidence: what it is, and what is cut from it. Neither the database nor the store is touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.files import keeping, pictures
from app.inspections import chain, rules
from app.inspections.evidence.by_hand import NOTHING, ByHand
from app.inspections.evidence.models import Kind
from app.inspections.evidence.rules import NOTE_LENGTH, Unfit
from app.inspections.evidence.signatures import Signed
from app.inspections.queries import Item
from app.kernel import store
from app.kernel.text import normalization

NOTE_TYPE = "text/plain"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a browser says of a file, and what was entered by hand; any of it may be wrong."""

    name: str = ""
    captured_at: datetime | None = None
    place: pictures.Place | None = None
    by_hand: ByHand = NOTHING


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it is kept, and what is known of it. `particulars` is what is personal about it."""

    kind: Kind
    content: bytes
    mime: str
    particulars: Mapping[str, object] = field(default_factory=dict)
    note: str | None = None
    place_cut: bool = False
    by_hand: ByHand = NOTHING

    @property
    def sha256(self) -> str:
        return store.digest(self.content)

    def marked(self, *, place_cut: bool, signed: Signed | None = None) -> Received:
        """The same with what the phone did: cut the place by itself, signed what it captured."""
        more = {} if signed is None else {"statement": signed.statement, "signature": signed.signature}
        return replace(self, place_cut=place_cut, particulars={**self.particulars, **more})


def file(content: bytes, sent: Sent, *, place_allowed: bool) -> Received:
    """A photo or document. Unless a place may be kept, it is cut before the hash is taken. Raises UnfitFile."""
    facts = pictures.facts(content)
    kept = content if place_allowed else pictures.without_place(content, facts.mime)
    kind = Kind.PHOTO if facts.width else Kind.DOCUMENT
    at, place = facts.taken_at or sent.captured_at, (sent.place or facts.place) if place_allowed else None
    particulars = _particulars(sent, at, place)
    return Received(kind, kept, facts.mime, particulars, place_cut=kept != content, by_hand=sent.by_hand)


def note(text: str, sent: Sent) -> Received:
    """A note, kept as its UTF-8 text. Raises Unfit."""
    text = normalization.text(text)
    if len(text) > NOTE_LENGTH:
        raise Unfit("too_long")
    if not text:
        raise Unfit("nothing")
    try:
        content = text.encode()
    except UnicodeEncodeError:
        raise Unfit("unreadable") from None
    if b"\x00" in content:
        raise Unfit("unreadable")
    particulars = _particulars(sent, sent.captured_at, sent.place)
    return Received(Kind.NOTE, content, NOTE_TYPE, particulars, text, by_hand=sent.by_hand)


def files(kept: store.Store, items: Iterable[Item]) -> Iterator[tuple[str, bytes]]:
    """The originals and copies of a bundle, by name, one after another. Raises Away.

    A file that is missing or damaged is left out: whoever verifies the bundle reads that it is not there.
    """
    for item in items:
        if item.erased_at is not None:
            continue
        end = pictures.EXTENSIONS[item.mime]
        wanted = [(keeping.originals(item.inspection_id), item.sha256, f"originals/{item.sha256}.{end}")]
        if item.copy_sha256:
            wanted.append((keeping.copies(item.inspection_id), item.copy_sha256, f"copies/{item.sha256}.jpg"))
        for folder, sha256, name in wanted:
            with suppress(store.Missing, store.Damaged):
                yield name, kept.get(folder, sha256)


def _particulars(sent: Sent, at: datetime | None, place: pictures.Place | None) -> dict[str, object]:
    found: dict[str, object] = {"name": keeping.file_name(sent.name)}
    if at is not None and rules.EARLIEST <= at <= rules.LATEST:
        found |= {"captured_at": chain.instant(at), "captured_by": "device"}
    if place is not None:
        # As text: canonical JSON has several ways to write the same fraction.
        found["place"] = {"latitude": f"{place.latitude:.6f}", "longitude": f"{place.longitude:.6f}"}
        if place.accuracy is not None:
            found["place"] = {**found["place"], "accuracy": f"{place.accuracy:.0f}"}  # type: ignore[dict-item]  # a dict, two lines above
        found["place_by"] = "device"
    return sent.by_hand.particulars(found)
