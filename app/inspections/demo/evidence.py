"""Evidence of the demonstration: drawn pictures that look like a phone's, a document and a note."""

from __future__ import annotations

import base64
import json
import random
from datetime import datetime, timedelta
from io import BytesIO

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image, ImageDraw, ImageFilter

from app.files import copies, keeping, pictures
from app.inspections import actions, queries
from app.inspections.evidence import receiving, signatures
from app.inspections.evidence.by_hand import ByHand
from app.inspections.evidence.receiving import Sent
from app.inspections.models import Invite
from app.kernel import store
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db

SCENES = (
    ("Left door, scratch.jpg", "#33526b"),
    ("Rear bumper.jpg", "#5c5f66"),
    ("Wheel arch, rear left.jpg", "#6b2f28"),
    ("Whole car, from behind.jpg", "#4b2a55"),
)
NOTE = "The scratch was there before the hail: the tenant showed a photo of June."
PLACE = pictures.Place(48.85661, 2.35222, 8)


def add(db: Db, invite: Invite, begin: datetime, *, by: Actor, place: bool = True, number: int = 4) -> None:
    """What a field user captures, one piece every twenty seconds from `begin` on."""
    kept = store.store_at(db.config.evidence_url)
    dice = random.Random(str(invite.id))
    found = [
        receiving.file(draw(colour, dice), Sent(name, begin, PLACE), place_allowed=place)
        for name, colour in SCENES[:number]
    ]
    entered = ByHand(begin - timedelta(minutes=5), "Yard behind the house, left bay")
    found.append(receiving.note(NOTE, Sent("", begin, by_hand=entered)))
    for n, received in enumerate(found):
        _capture(db, kept, invite, received, by=by, now=begin + timedelta(seconds=20 * n))


def _capture(
    db: Db,
    kept: store.Store,
    invite: Invite,
    received: receiving.Received,
    *,
    by: Actor,
    now: datetime,
    late: bool = False,
) -> None:
    keeping.keep(kept, invite.inspection_id, received.content)
    made = actions.capture(db, invite, received, by=by, now=now, late=late)
    if received.mime.startswith("image/"):
        _copy(db, kept, queries.evidence_item(db, invite.inspection_id, made.id), received)


class Waiting:
    """A phone that loses its connection: its key is named in the record, and what it took arrives after the end."""

    def __init__(self, db: Db, invite: Invite, *, by: Actor, now: datetime) -> None:
        self.db, self.invite, self.by = db, invite, by
        self.key = ec.generate_private_key(ec.SECP256R1())
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.sha256 = store.digest(der)
        actions.enroll_device(db, invite, base64.b64encode(der).decode(), self.sha256, by=by, now=now)

    def arrive(self, taken: datetime, now: datetime) -> None:
        """Sends the photo that waited, signed, as the page's script does when the connection is back."""
        name, colour = "Roof, from the garden.jpg", "#6a5a3c"
        received = receiving.file(draw(colour, random.Random(name)), Sent(name, taken, None), place_allowed=False)
        stated = {
            "format": signatures.FORMAT,
            "session": str(self.invite.inspection_id),
            "key": self.sha256,
            "number": 1,
            "previous": "0" * 64,
            "sha256": received.sha256,
        }
        statement = json.dumps(stated)
        r, s = decode_dss_signature(self.key.sign(statement.encode(), ec.ECDSA(SHA256())))
        signed = signatures.Signed(statement, base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode())
        received = received.marked(place_cut=received.place_cut, signed=signed)
        kept = store.store_at(self.db.config.evidence_url)
        _capture(self.db, kept, self.invite, received, by=self.by, now=now, late=True)


def _copy(db: Db, kept: store.Store, item: queries.Item, received: receiving.Received) -> None:
    """Its copies, which the worker makes elsewhere."""
    made = copies.make(received.content, received.mime)
    names = [kept.put(keeping.copies(item.inspection_id), each) for each in (made.copy, made.thumbnail)]
    size = (made.width, made.height)
    actions.settle_copy(db, item.id, copy=names[0], thumbnail=names[1], size=size)


def draw(colour: str, dice: random.Random) -> bytes:
    """A piece of painted metal with a dent and scratches, drawn."""
    picture = Image.new("RGB", (640, 480), colour)
    pen = ImageDraw.Draw(picture, "RGBA")
    for line in range(480):
        pen.line((0, line, 640, line), fill=(255, 255, 255, max(0, 60 - abs(line - 130) // 2)))
    pen.rectangle((0, 400, 640, 480), fill=(18, 18, 20))
    x, y = dice.randint(180, 420), dice.randint(170, 320)
    pen.ellipse((x - 90, y - 50, x + 90, y + 50), fill=(0, 0, 0, 70))
    picture = picture.filter(ImageFilter.GaussianBlur(4))
    pen = ImageDraw.Draw(picture, "RGBA")
    for _ in range(26):
        a, b = dice.randint(-80, 20), dice.randint(-35, 35)
        pen.line((x + a, y + b, x + a + dice.randint(30, 110), y + b + dice.randint(-6, 14)), fill=(235, 235, 240, 150))
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()
