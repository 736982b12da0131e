"""Sending the link of a prescreen to its prospect, who asks for it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import Invalid
from app.prescreens import emails, events
from app.prescreens.actions._write import answered_by_link, record
from app.prescreens.models import Prescreen
from app.prescreens.queries import questionnaires
from app.prescreens.rules import review

LINK_MAILS = 3
"""How many times a prescreen's link is sent: the address that a prospect typed may be a stranger's."""


def send_link(db: Db, prescreen_id: UUID, *, by: Actor, now: datetime) -> None:
    """Sends the link to continue later to the address given so far, at most three times. Raises Invalid, Gone.

    Nothing is sent, and nothing says so, when visitors have had enough sent to that mailbox (emails.A_DAY).
    """
    prescreen = answered_by_link(db, prescreen_id)
    review.check_answering(prescreen, now)
    if not prescreen.email:
        raise Invalid("There is no e-mail address yet. Answer that question first, then ask for the link again.")
    counted = db.execute(
        update(Prescreen)
        .where(Prescreen.id == prescreen_id, Prescreen.link_mails < LINK_MAILS)
        .values(link_mails=Prescreen.link_mails + 1)
        .returning(Prescreen.id)
        .execution_options(synchronize_session=False)
    ).first()
    if counted is None:
        raise Invalid(
            f"The link was already sent {LINK_MAILS} times. Please look in your mail.",
            code="link.sent_often",
        )
    questionnaire = questionnaires.of_prescreen(db, prescreen)
    messages = emails.link(db, prescreen, questionnaire, now)
    if messages:
        record(db, events.LINK_SENT, prescreen_id, prescreen.organization_id, by=by, now=now, messages=messages)
