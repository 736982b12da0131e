"""The receipt of a field user: what they sent, with its hashes, who saw it, and how long it is kept.

Its page and the e-mail about it are made of what is here. The link is signed and names the invite alone; it works after
the end, until the invite is revoked.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from app.config import Config
from app.files import keeping
from app.files.pictures import JPEG
from app.inspections import numbers, queries
from app.inspections.evidence.models import Kind
from app.inspections.locales import date_time
from app.inspections.models import Inspection, Invite
from app.inspections.queries import Item
from app.inspections.report.facts import size
from app.kernel import store
from app.kernel.db.engine import Db
from app.kernel.errors import Invalid
from app.kernel.outbox.email import Attachment
from app.kernel.signing import sign, unsign
from app.kernel.text import normalization
from app.kernel.text.i18n import Translator

PURPOSE = "inspection.receipt"


class Piece(NamedTuple):
    """One thing that the field user sent. `picture` is the SHA-256 of its thumbnail; empty where there is none."""

    id: str
    kind: str
    title: str
    named: bool
    arrived: str
    sha256: str
    note: str
    picture: str
    copy: str
    erased: str
    entered: list[str]


def url(config: Config, invite: Invite) -> str:
    """The address of a receipt. Whoever has it reads what this field user sent."""
    return f"{config.public_base_url}/join/{invite.inspection_id}/receipt/{sign(config, PURPOSE, invite.id.hex)}"


def invite_of(db: Db, inspection_id: uuid.UUID, token: str) -> Invite | None:
    """The invite of a receipt's link; None when it is incomplete, forged, or of another inspection."""
    try:
        id = uuid.UUID(str(unsign(db.config, PURPOSE, token)))
    except (Invalid, ValueError):
        return None
    known = db.get(Invite, id)
    return known if known is not None and known.inspection_id == inspection_id else None


def address(config: Config, inspection: Inspection) -> str:
    """Where anybody checks a file against the record, or the record by its number."""
    return f"{config.public_base_url}/verify/{numbers.number_of(inspection.id)}"


def pieces(items: Sequence[Item], zone: str, t: Translator) -> list[Piece]:
    """What a field user sent, in the order in which it arrived. Of what was erased only that and its hash are left."""
    return [_piece(item, zone, t) for item in items]


def _piece(item: Item, zone: str, t: Translator) -> Piece:
    kind = Kind(item.kind).value
    gone = item.erased_at is not None
    name = "" if gone else normalization.shown(str(item.particulars.get("name", "")), "")
    return Piece(
        str(item.id),
        kind,
        name or t(f"evidence_kind_{kind}"),
        bool(name),
        t("receipt_arrived", when=date_time(item.received_at, zone, t)),
        item.sha256,
        item.note or "",
        "" if gone else item.thumbnail_sha256 or "",
        "" if gone else t("receipt_copy", size=size(item.bytes, t)),
        t("receipt_erased", when=date_time(item.erased_at, zone, t)) if item.erased_at else "",
        entered(item, zone, t),
    )


def mine(items: Sequence[Item], zone: str, t: Translator) -> list[tuple[Item, str, list[str]]]:
    """What a field user has added so far, the newest first: when it arrived, and what they entered by hand."""
    return [(item, date_time(item.received_at, zone, t), entered(item, zone, t)) for item in reversed(items)]


def entered(item: Item, zone: str, t: Translator) -> list[str]:
    """Time and place that were entered by hand, each in a line; none once they are erased."""
    known = item.particulars
    lines = []
    if known.get("captured_by") == "person":
        lines.append(t("report_taken_person", when=date_time(datetime.fromisoformat(known["captured_at"]), zone, t)))
    if known.get("place_by") == "person":
        lines.append(t("report_place_person", place=known["place"]["text"]))
    return lines


def seen_by(db: Db, inspection: Inspection, items: Sequence[Item], zone: str, t: Translator) -> list[str]:
    """Who was with the field user, and who downloaded files of theirs; each once, by name."""
    with_them: dict[str, datetime] = {}
    for link in queries.links(db, inspection.id):
        if link.kind == "operator.joined":
            operator = json.loads(link.payload)["operator"]
            name = operator if isinstance(operator, str) else str(operator["name"])
            with_them.setdefault(name, datetime.fromisoformat(link.occurred_at))
    if not with_them and inspection.attended_at is not None and inspection.operator_name:
        with_them[inspection.operator_name] = inspection.attended_at
    found = [t("receipt_with_you", name=name, when=date_time(at, zone, t)) for name, at in with_them.items()]
    downloaded = queries.downloads(db, inspection.id, {str(item.id) for item in items})
    return found + [t("receipt_downloaded", name=name, when=date_time(at, zone, t)) for name, at in downloaded.items()]


def pictures(kept: store.Store, items: Sequence[Item]) -> list[Attachment]:
    """The thumbnails of an e-mail, named by their SHA-256. One that is missing or damaged is left out. Raises Away."""
    found = []
    for item in items:
        if item.thumbnail_sha256 and item.erased_at is None:
            with suppress(store.Missing, store.Damaged):
                content = kept.get(keeping.copies(item.inspection_id), item.thumbnail_sha256)
                found.append(Attachment(f"{item.thumbnail_sha256}.jpg", JPEG, content, inline=True))
    return found


def kept_text(organization: str, until: datetime | None, zone: str, t: Translator) -> str:
    """How long what was sent is kept."""
    if until is None:
        return t("receipt_kept_text", organization=organization)
    return t("receipt_kept_until", organization=organization, when=date_time(until, zone, t))


def withdrawal(subject: str, organization: str, t: Translator) -> str:
    """The very words to which a field user takes back what they allowed."""
    button = t("receipt_withdraw", subject=t(f"consent_name_{subject}"))
    return "\n".join((t("receipt_withdraw_text", organization=organization), button))
