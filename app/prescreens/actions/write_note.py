"""Notes of the team on a prescreen, without a decision: for staff alone, in no event, e-mail, file or answer of the
API."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.prescreens import events
from app.prescreens.actions._write import record
from app.prescreens.models import Note, Prescreen
from app.prescreens.queries import notes
from app.prescreens.queries.stages import Reach

MOST = 200
"""Notes on one prescreen."""


def write_note(
    db: Db, prescreen_id: UUID, text: str, *, person_id: int, reach: Reach, by: Actor, now: datetime
) -> None:
    """Adds a note. The same as this person's last one, pressed twice, changes nothing. Raises NotFound, Conflict."""
    mine = select(Prescreen.organization_id).where(Prescreen.id == prescreen_id, reach.rows(Prescreen.organization_id))
    organization_id = db.execute(mine.with_for_update()).scalar_one_or_none()
    if organization_id is None:
        raise NotFound("There is no such prescreen, or it belongs to an organization that is not yours.")
    text, known = text.replace("\r\n", "\n"), notes.of(db, prescreen_id, MOST)
    if known and (known[0].person_id, known[0].text) == (person_id, text):
        return
    if len(known) >= MOST:
        raise Conflict(f"It has {MOST} notes already. Nothing was kept.", code="notes.many")
    db.execute(
        insert(Note.__table__).values(
            id=uuid4(), prescreen_id=prescreen_id, person_id=person_id, author=by.name, text=text, written_at=now
        )
    )
    record(db, events.NOTED, prescreen_id, organization_id, by=by, now=now)
