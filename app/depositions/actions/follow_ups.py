"""What is to happen by itself before a booked session: reminders, and the question whether it takes place.

Each is a job of the outbox, ordered anew whenever participants have something new to learn. Whether it is still needed
is decided when it comes due (app/depositions/jobs.py).
"""

from datetime import datetime

from sqlalchemy import func, update

from app.depositions.models import BOOKED, Deposition, Proposal
from app.depositions.queries import reconfirmation, settings
from app.depositions.rules.business_days import reconfirm_at
from app.depositions.rules.proposals import reminder_at
from app.depositions.rules.questions import QuestionState
from app.depositions.rules.reconfirmation import reminders
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Message

REMIND = "job:depositions.remind"
"""Outbox channel: reminds the participants, if that is still needed then."""
RECONFIRM = "job:depositions.reconfirm"
"""Outbox channel: asks whether a session takes place, if that is still needed then."""

REMIND_HOURS = "job:depositions.remind_hours"
"""Outbox channel: reminds those who have not answered about offered hours, if that is still needed then."""


def follow_ups(db: Db, deposition: Deposition, now: datetime) -> list[Message]:
    """The jobs before a session of which people have something new to learn; keeps when it is to be reconfirmed.

    What was answered about an earlier state of it no longer counts, and an answer to the team is dealt with by it.
    """
    if deposition.state not in BOOKED or deposition.sequence_at != now:
        return []
    region = reconfirmation.contact(db, deposition.organization_id).region
    chosen = settings.of_organization(db, deposition.organization_id)
    asked_at = reconfirm_at(deposition.starts_at, deposition.zone, region)
    db.execute(
        update(Deposition)
        .where(Deposition.id == deposition.id)
        .values(
            {
                Deposition.reconfirm_at: asked_at,
                Deposition.reconfirmation: None,
                Deposition.question: func.nullif(Deposition.question, QuestionState.ANSWERED.value),
            }
        ),
        execution_options={"synchronize_session": False},
    )
    jobs = []
    if chosen.reminds(deposition.booked_at):
        for hours, moment in reminders(deposition.starts_at, now):
            jobs.append(_job(REMIND, deposition, moment, f"Reminder {hours} h before", hours=hours))
    if chosen.reconfirms(deposition.booked_at) and asked_at > now:
        jobs.append(_job(RECONFIRM, deposition, asked_at, "Question whether it takes place"))
    return jobs


def hours_reminder(db: Db, deposition: Deposition, proposal: Proposal, now: datetime) -> list[Message]:
    """The job that reminds those who have not answered about offered hours, where the organization's sessions have
    reminders and there is time for one."""
    due_at = reminder_at(proposal.answers_until, now)
    if due_at is None or not settings.of_organization(db, deposition.organization_id).reminds(deposition.booked_at):
        return []
    return [
        Message(
            channel=REMIND_HOURS,
            payload={"deposition": deposition.id, "proposal": proposal.id, "version": proposal.version},
            due_at=due_at,
            dedupe=hours_reminder_key(proposal),
            summary="Reminder of the offered hours",
        )
    ]


def hours_reminder_key(proposal: Proposal) -> str:
    """The key of the one reminder of the present hours of a proposal that happens by itself."""
    return f"deposition-remind_hours:{proposal.id}:{proposal.version}"


def _job(channel: str, deposition: Deposition, due_at: datetime, summary: str, **more: int) -> Message:
    name = channel.rpartition(".")[2]
    marks = ":".join(str(value) for value in (deposition.id, deposition.sequence, *more.values()))
    return Message(
        channel=channel,
        payload={"deposition": deposition.id, "sequence": deposition.sequence, **more},
        due_at=due_at,
        dedupe=f"deposition-{name}:{marks}",
        summary=summary,
    )
