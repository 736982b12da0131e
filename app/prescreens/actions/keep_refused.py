"""Keeping the text of a refused answer, so that its question can be shown again with it, at an address of its own."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update

from app.kernel.db.engine import Db
from app.prescreens.models import Prescreen, Status
from app.prescreens.rules import answers

LONGEST = 100_000
"""Characters of a refused text that are kept: five times what any form takes."""


def keep_refused(db: Db, prescreen_id: UUID, key: str, typed: Sequence[str]) -> None:
    """Keeps what was typed for the question `key` until the next answer. It is no answer: no version, no event."""
    values = [answers.storable(value)[:LONGEST] for value in typed]
    db.execute(
        update(Prescreen)
        .where(Prescreen.id == prescreen_id, Prescreen.status != Status.COMPLETED.value)
        .values(refused_answer={"step": key, "typed": values})
        .execution_options(synchronize_session=False)
    )
