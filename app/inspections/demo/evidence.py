"""Evidence of the demonstration: drawn pictures that look like a phone's, a document and a note."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

from app.inspections import actions, queries
from app.inspections.evidence import copies, pictures, receiving
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
    found.append(receiving.note(NOTE, Sent("", begin)))
    for n, received in enumerate(found):
        receiving.keep(kept, invite.inspection_id, received)
        at = begin + timedelta(seconds=20 * n)
        item = actions.Item(
            received.kind,
            received.sha256,
            len(received.content),
            received.mime,
            received.particulars,
            received.note,
            received.place_cut,
        )
        made = actions.capture(db, invite, item, by=by, now=at)
        if received.mime.startswith("image/"):
            _copy(db, kept, queries.evidence_item(db, invite.inspection_id, made.id), received)


def _copy(db: Db, kept: store.Store, item: queries.Item, received: receiving.Received) -> None:
    """Its copies, which the worker makes elsewhere."""
    made = copies.make(received.content, received.mime)
    names = [kept.put(receiving.copies(item.inspection_id), each) for each in (made.copy, made.thumbnail)]
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
