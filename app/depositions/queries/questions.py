"""Questions to organizations about a deposition."""

from typing import cast

from sqlalchemy import func, select

from app.depositions import emails
from app.depositions.models import Deposition, DepositionQuestion
from app.depositions.rules.questions import QuestionState
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import QUEUED, SENT, OutboxRow

_COLUMNS = tuple(DepositionQuestion.__table__.c)


def latest(db: Db, deposition_id: int) -> DepositionQuestion | None:
    """The question that was asked last."""
    newest = DepositionQuestion.id.desc()
    rows = db.execute(
        select(*_COLUMNS).where(DepositionQuestion.deposition_id == deposition_id).order_by(newest).limit(1)
    )
    return cast(DepositionQuestion | None, rows.first())


def unheard(db: Db, deposition: Deposition) -> DepositionQuestion | None:
    """The open question to the organization, where no server has accepted its e-mail yet."""
    asked = latest(db, deposition.id) if deposition.question == QuestionState.OPEN else None
    if asked is None:
        return None
    keys = emails.question_keys(deposition, asked.id)
    accepted = select(OutboxRow.id).where(OutboxRow.dedupe.in_(keys), OutboxRow.state == SENT).limit(1)
    return asked if db.execute(accepted).first() is None else None


def waiting(db: Db, deposition: Deposition) -> int:
    """How many e-mails that ask the open question have not been sent yet."""
    asked = unheard(db, deposition)
    keys = emails.question_keys(deposition, asked.id) if asked else []
    return db.scalar(select(func.count()).where(OutboxRow.dedupe.in_(keys), OutboxRow.state == QUEUED)) or 0


def by_id(db: Db, id: int) -> DepositionQuestion | None:
    """A question by its id."""
    return cast(DepositionQuestion | None, db.execute(select(*_COLUMNS).where(DepositionQuestion.id == id)).first())
