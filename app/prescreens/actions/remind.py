"""Writing once to a prospect: a reminder while they answer, or a fresh link with the old answers after they expired."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import select, update

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import Actor
from app.kernel.db.columns import Attribute
from app.kernel.db.engine import Db
from app.kernel.errors import Conflict, NotFound
from app.kernel.outbox import recipient_limits
from app.kernel.outbox.outbox import Message
from app.prescreens import emails, events
from app.prescreens.actions._write import record
from app.prescreens.models import COLUMNS, Prescreen
from app.prescreens.queries import questionnaires
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.queries.stages import Reach
from app.prescreens.rules import reminders

A_DAY = 2
"""Such e-mails of one organization to one mailbox within a day, over all of its prescreens."""

Writing = Callable[[Db, Prescreen, QuestionnaireDetail], list[Message]]


def remind(db: Db, prescreen_id: UUID, *, reach: Reach, by: Actor, now: datetime) -> None:
    """Reminds a prospect who has stopped answering, once. Raises NotFound, Conflict."""
    prescreen, questionnaire = _locked(db, prescreen_id, reach)
    why_not = reminders.why_not_remind(prescreen, now)
    _send(
        db, prescreen, questionnaire, why_not, Prescreen.reminded_at, events.REMINDED, emails.reminder, by=by, now=now
    )


def renew(db: Db, prescreen_id: UUID, *, reach: Reach, by: Actor, now: datetime) -> None:
    """Sends a prospect whose answers expired without a decision a link to start with them, once. Raises as `remind`."""
    prescreen, questionnaire = _locked(db, prescreen_id, reach)
    why_not = reminders.why_not_renew(prescreen, questionnaire.is_open, now)
    _send(db, prescreen, questionnaire, why_not, Prescreen.renewed_at, events.RENEWED, emails.again, by=by, now=now)


def _locked(db: Db, prescreen_id: UUID, reach: Reach) -> tuple[Prescreen, QuestionnaireDetail]:
    statement = select(*COLUMNS).where(Prescreen.id == prescreen_id, reach.rows(Prescreen.organization_id))
    row = db.execute(statement.with_for_update()).one_or_none()
    if row is None:
        raise NotFound("There is no such prescreen, or it belongs to an organization that is not yours.")
    prescreen = cast(Prescreen, row)
    return prescreen, questionnaires.of_prescreen(db, prescreen)


def _send(
    db: Db,
    prescreen: Prescreen,
    questionnaire: QuestionnaireDetail,
    why_not: str | None,
    sent_at: Attribute,  # a moment, or none yet
    event_type: EventType,
    write: Writing,
    *,
    by: Actor,
    now: datetime,
) -> None:
    if why_not:
        raise Conflict(f"{why_not} Nothing was sent.", code="reminder.not_possible")
    marked = db.execute(
        update(Prescreen)
        .where(Prescreen.id == prescreen.id, sent_at.is_(None))
        .values({sent_at: now})
        .returning(Prescreen.id)
        .execution_options(synchronize_session=False)
    ).first()
    if marked is None:
        raise Conflict("Somebody sent it at the same moment. Nothing was sent twice.", code="reminder.not_possible")
    mailbox = recipient_limits.mailbox(prescreen.email or "")
    name = recipient_limits.bucket("reminders", f"{prescreen.organization_id}:{mailbox}")
    if recipient_limits.count(db, [(name, A_DAY, timedelta(days=1))], now) is not None:
        sentence = f"This address had {A_DAY} such e-mails from you within a day. Nothing was sent."
        raise Conflict(sentence, code="reminder.often")
    messages: Sequence[Message] = write(db, prescreen, questionnaire)
    record(db, event_type, prescreen.id, prescreen.organization_id, by=by, now=now, messages=messages)
