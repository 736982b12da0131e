"""The blind first look of an agent: what they would decide before they see who a prescreen is from."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.errors import Conflict, NotFound, Outdated
from app.prescreens import events
from app.prescreens.actions._review import STALE
from app.prescreens.actions._write import record
from app.prescreens.models import COLUMNS, FirstLook, Prescreen
from app.prescreens.queries import first_looks
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import first_look

KEPT = "You said at your first look that you would {choice}, and that stays. Nothing was changed."


def check_looked(db: Db, prescreen: Prescreen, person_id: int | None, now: datetime) -> None:
    """Raises Conflict for a person who has not had their first look at a prescreen that begins with one."""
    if person_id and first_look.is_blind(prescreen, now) and first_looks.choice(db, prescreen.id, person_id) is None:
        raise Conflict(f"{first_look.FIRST} Nothing was done.", code="first_look.first")


def look(
    db: Db,
    prescreen_id: UUID,
    choice: str,
    *,
    person_id: int,
    reach: Reach,
    version: int | None,
    by: Actor,
    now: datetime,
) -> None:
    """Keeps what a person would decide (`approve`, `deny`), once. The same again changes nothing.

    Raises NotFound, Invalid, Conflict (no first look any more, changed, or chosen otherwise before).
    """
    statement = select(*COLUMNS).where(Prescreen.id == prescreen_id, reach.rows(Prescreen.organization_id))
    row = db.execute(statement.with_for_update()).one_or_none()
    if row is None:
        raise NotFound("There is no such prescreen, or it belongs to an organization that is not yours.")
    prescreen = cast(Prescreen, row)
    known = first_looks.choice(db, prescreen_id, person_id)
    if known is None:
        first_look.check_look(prescreen, choice, now)
        if version is not None and prescreen.version != version:
            raise Outdated(STALE.replace("decided", "kept"))
        values = {
            "prescreen_id": prescreen_id,
            "person_id": person_id,
            "organization_id": prescreen.organization_id,
            "choice": choice,
            "version": prescreen.version,
            "chosen_at": now,
        }
        made = db.execute(insert_or_ignore(db, FirstLook).values(**values).returning(FirstLook.__table__.c.person_id))
        if made.first() is not None:
            data = {"choice": choice}
            record(db, events.FIRST_LOOK, prescreen_id, prescreen.organization_id, by=by, now=now, data=data)
            return
        known = first_looks.choice(db, prescreen_id, person_id)
    if known is not None and known.choice != choice:
        raise Conflict(KEPT.format(choice=known.choice), code="first_look.chosen")
