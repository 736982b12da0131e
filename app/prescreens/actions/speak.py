"""The language in which a prospect goes on. It is no answer: no version, no event."""

from uuid import UUID

from sqlalchemy import update

from app.kernel.db.engine import Db
from app.prescreens.models import Prescreen, Status


def speak(db: Db, prescreen_id: UUID, language: str) -> None:
    """Keeps the language of the chat and of the e-mails to come; after sending it stays."""
    db.execute(
        update(Prescreen)
        .where(Prescreen.id == prescreen_id, Prescreen.status != Status.COMPLETED.value)
        .values(locale=language)
        .execution_options(synchronize_session=False)
    )
