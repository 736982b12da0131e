"""Handover notes: where a member of a team stopped on a list, for the one who goes on.

There is one note a list and team. It has a version: a user who writes over a note that they have not seen is shown it,
and neither text is lost. Clearing keeps the empty row, so that versions only grow.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select, update

from app.accounts.roles import refusal
from app.dashboard.listing import Conditions
from app.dashboard.saved_views import owners, query_strings
from app.dashboard.saved_views.events import NOTE_CLEARED, NOTE_WRITTEN
from app.dashboard.saved_views.models import NOTE_COLUMNS, HandoverNote, NoteRow
from app.kernel.changes import events
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_once
from app.kernel.errors import Denied, FieldError, Invalid, NotFound

SUBJECT = "note"
LONGEST = 500

GONE = "There is no such note, or it is another team's."
TOO_LONG = (
    "A note has at most {most} characters. Nothing was saved. Shorten it; what is longer belongs on a case's page."
)


@dataclass(frozen=True, slots=True)
class Written:
    """The note as it stands now, and whether that is what was asked for: not when another user was faster."""

    note: NoteRow
    saved: bool


def get(db: Db, id: int, person: owners.Reader) -> NoteRow:
    """A note of one of this person's teams. Raises NotFound."""
    row = db.execute(select(*NOTE_COLUMNS).where(HandoverNote.id == id)).first()
    if row is None or row.place not in owners.reads(person, row.desk):
        raise NotFound(GONE)
    return cast(NoteRow, row)


def check_write(person: owners.Reader, desk: str, place: str) -> None:
    """Raises Denied unless this person works at the desk in that team."""
    if place not in owners.acts(person, desk):
        raise Denied(refusal(desk))


def write(
    db: Db, person: owners.Reader, desk: str, place: str, query: str, text: str, *, seen: int, by: Actor, now: datetime
) -> Written:
    """Leaves `text` on a list in place of the note of version `seen` (0: there was none); empty text clears it.

    Raises Denied, Invalid.
    """
    check_write(person, desk, place)
    text = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip()
    if len(text) > LONGEST:
        sentence = TOO_LONG.format(most=LONGEST)
        raise Invalid(sentence, errors=[FieldError("text", "too_long", sentence)])
    view = query_strings.key(desk, query)
    here = (HandoverNote.desk == desk, HandoverNote.place == place, HandoverNote.view_sha256 == view)
    before = db.execute(select(*NOTE_COLUMNS).where(*here)).first()
    if before is not None and before.version == seen and before.text == text:
        return Written(before, saved=True)
    if before is None and not text:
        raise Invalid(
            "There is nothing written. Nothing was saved.", errors=[FieldError("text", "missing", "Write it.")]
        )
    id = _first(db, desk, place, query, view, text, by, now, person.id) if seen == 0 else None
    if id is None:
        id = _over(db, here, seen, text, by, now, person.id)
    note = cast(NoteRow, db.execute(select(*NOTE_COLUMNS).where(*here)).one())
    if id is None:
        return Written(note, saved=False)
    events.record(
        db,
        NOTE_WRITTEN if text else NOTE_CLEARED,
        subject_type=SUBJECT,
        subject_id=id,
        organization_id=owners.organization_of(place),
        by=by,
        now=now,
        data={"desk": desk, "query": query, "text": text, "before": before.text if before else ""},
    )
    return Written(note, saved=True)


def _first(
    db: Db, desk: str, place: str, query: str, view: str, text: str, by: Actor, now: datetime, person_id: int
) -> int | None:
    return insert_once(
        db,
        HandoverNote,
        {
            HandoverNote.desk: desk,
            HandoverNote.place: place,
            HandoverNote.organization_id: owners.organization_of(place),
            HandoverNote.query: query,
            HandoverNote.view_sha256: view,
            HandoverNote.text: text,
            HandoverNote.written_by_id: person_id,
            HandoverNote.written_by_name: by.name,
            HandoverNote.written_at: now,
            HandoverNote.version: 1,
        },
    )


def _over(db: Db, here: Conditions, seen: int, text: str, by: Actor, now: datetime, person_id: int) -> int | None:
    return db.execute(
        update(HandoverNote.__table__)
        .where(*here, HandoverNote.version == seen)
        .values(
            text=text,
            written_by_id=person_id,
            written_by_name=by.name,
            written_at=now,
            version=HandoverNote.version + 1,
        )
        .returning(HandoverNote.id)
    ).scalar_one_or_none()


def earlier(db: Db, note: NoteRow, limit: int = 50) -> list[events.TimelineRow]:
    """The earlier notes of this list, newest first."""
    return events.timeline(db, SUBJECT, note.id, limit)
