"""The evidence of an inspection, as its page shows it: each piece with the remarks on it and the time stamp over it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.files.pictures import PDF
from app.inspections import chain, verification
from app.inspections.anchors import name_of
from app.inspections.evidence import remarks
from app.inspections.evidence.models import Copying, Kind
from app.inspections.evidence.remarks import Remark
from app.inspections.queries import AskedStamp, Item
from app.inspections.verification import Finding, Result
from app.kernel.text import normalization
from app.kernel.text.template_filters import size

ICONS = {Kind.PHOTO: "camera", Kind.NOTE: "message-square", Kind.DOCUMENT: "file-text"}
WORDS = {Kind.PHOTO: "Photo", Kind.NOTE: "Note", Kind.DOCUMENT: "Document"}
SOURCES = {"device": "by the phone", "person": "entered by hand", "operator": "by the operator"}


@dataclass(frozen=True, slots=True)
class Cover:
    """The time stamp that covers a piece of evidence: the first good one, else the first that there is. `small` says of
    one that proves nothing why, and of none what is to come."""

    icon: str
    tone: str
    text: str
    small: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence. `taken_at` is what a phone says, which may be wrong; `received_at` is our clock."""

    id: str
    icon: str
    title: str
    kind: str
    by: str
    received_at: datetime
    taken_at: datetime | None
    taken_by: str
    place: str
    hash: str
    size: str
    note: str
    pictured: bool
    copied: bool
    credentials: bool
    state: str
    erased_at: datetime | None
    hold: str | None
    late: bool
    remarks: Sequence[Remark]
    cover: Cover


def pieces(
    items: Sequence[Item], links: Sequence[chain.Link], stamped: Sequence[AskedStamp], findings: Sequence[Finding]
) -> list[Piece]:
    """All pieces, the newest first. `findings` are what each of the stamps is worth."""
    noted, covers = remarks.of(links), list(zip(stamped, findings, strict=True))
    end = next((link.sequence for link in reversed(links) if link.kind == chain.END), len(links))
    return [
        _piece(item, _payload(item, links), item.sequence > end, noted.get(str(item.id), []), cover_of(item, covers))
        for item in reversed(items)
    ]


def cover_of(item: Item, stamps: Sequence[tuple[AskedStamp, Finding]]) -> Cover:
    """The time stamp over the event that names a piece of evidence."""
    over = [(asked, found) for asked, found in stamps if verification.events_of(asked.statement) >= item.sequence]
    answered = [(asked, found) for asked, found in over if asked.reply is not None]
    proven = next(((asked, found) for asked, found in answered if found.result == Result.PROVEN), None)
    if proven is not None:
        asked, _ = proven
        return Cover("shield-check", "good", f"Proven by {name_of(asked.authority)}", at=asked.stamped_at)
    if answered:
        asked, found = answered[0]
        broken = found.result == Result.BROKEN
        icon, tone, text = (
            ("circle-alert", "danger", "Does not hold") if broken else ("shield-check", "", "Stamped, not proven")
        )
        return Cover(
            icon, tone, f"{text}: {name_of(asked.authority)}", found.sentence if broken else "", asked.stamped_at
        )
    if over:
        return Cover("hourglass", "warn", "Not stamped yet", f"{name_of(over[0][0].authority)} is asked")
    return Cover(
        "hourglass", "warn" if stamps else "", "Not stamped", "" if not stamps else "an authority is asked soon"
    )


def _payload(item: Item, links: Sequence[chain.Link]) -> dict[str, object]:
    """What the chain says of it."""
    found = links[item.sequence - 1] if item.sequence <= len(links) else None
    payload: dict[str, object] = json.loads(found.payload) if found else {}
    return payload


def _piece(item: Item, payload: dict[str, object], late: bool, noted: Sequence[Remark], cover: Cover) -> Piece:
    particulars, kind, by = item.particulars, Kind(item.kind), payload.get("by")
    who = str(by["name"]) if isinstance(by, dict) and by.get("name") else ""
    captured = particulars.get("captured_at")
    return Piece(
        str(item.id),
        ICONS[kind],
        normalization.shown(particulars.get("name", ""), WORDS[kind])
        if item.erased_at is None
        else f"{WORDS[kind]}, erased",
        WORDS[kind],
        who or normalization.shown(f"{item.first_name or ''} {item.last_name or ''}".strip(), "the field user"),
        item.received_at,
        datetime.fromisoformat(captured) if captured else None,
        _source("time", particulars.get("captured_by", ""), payload),
        _place(particulars, payload),
        item.sha256,
        size(item.bytes),
        item.note or "",
        item.thumbnail_sha256 is not None,
        item.copy_sha256 is not None,
        item.credentials,
        _state(item),
        item.erased_at,
        item.hold if item.erased_at is None else None,
        late,
        noted,
        cover,
    )


def _place(particulars: dict[str, object], payload: dict[str, object]) -> str:
    """The place as a plain line of coordinates, or why there is none."""
    place = particulars.get("place")
    if isinstance(place, dict):
        line = place.get("text") or f"{place['latitude']}, {place['longitude']}"
        line = f"{line} ± {place['accuracy']} m" if place.get("accuracy") else line
        by = _source("place", str(particulars.get("place_by")), payload)
        same = by == _source("time", str(particulars.get("captured_by")), payload) != SOURCES["person"]
        return line if same else f"{line}, {by}"
    return "place not allowed, cut from the file" if payload.get("place") == "cut" else ""


def _source(name: str, by: str, payload: dict[str, object]) -> str:
    """Who says the time or the place of a piece."""
    entered = payload.get("by_hand")
    return SOURCES["person" if isinstance(entered, list) and name in entered else by] if by in SOURCES else ""


def _state(item: Item) -> str:
    if item.copying == Copying.PENDING:
        return "Being copied"
    if item.copying == Copying.FAILED:
        return f"No copy: {item.failure[:1].lower()}{item.failure[1:]}"
    return "PDF" if item.mime == PDF else ""
