"""Writing to agents about new answers: each person at once, daily or never."""

from datetime import datetime, timedelta

from app.accounts.models import NewAnswers
from app.kernel.db.engine import Db
from app.kernel.outbox.outbox import Delivery, Message, enqueue, is_known
from app.kernel.text import datetimes
from app.prescreens import emails
from app.prescreens.models import Prescreen
from app.prescreens.queries import counts, recipients
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.queries.recipients import Recipient

DAILY = "job:prescreens.daily_news"
"""Outbox channel: writes to one person about the answers of a day, if they still want that."""
AT_EIGHT = 8
BETWEEN = timedelta(minutes=10)
"""From one e-mail about new answers to the next, for one person and organization, however many come in."""


def announce_answers(db: Db, prescreen: Prescreen, questionnaire: QuestionnaireDetail, now: datetime) -> list[Message]:
    """The e-mails to agents that answers which were just sent cause, and the jobs of those who want one a day.

    Nothing that the prospect typed is in them.
    """
    found = []
    for person in recipients.of_new_answers(db, prescreen.organization_id):
        if person.new_answers == NewAnswers.DAILY:
            found.append(_job(person, now))
        else:
            found += _at_once(db, person, questionnaire, now)
    return found


def _at_once(db: Db, person: Recipient, questionnaire: QuestionnaireDetail, now: datetime) -> list[Message]:
    """One e-mail now; one at the end of the ten minutes about everything that comes in meanwhile; then none."""
    window = int(now.timestamp() // BETWEEN.total_seconds())
    for later in (0, 1):
        key = f"prescreen-news:{person.id}:{questionnaire.organization_id}:{window + later}"
        if not is_known(db, key):
            due_at = datetime.fromtimestamp((window + later) * BETWEEN.total_seconds(), now.tzinfo) if later else None
            return [emails.new_answers(db, person, questionnaire, key, due_at)]
    return []


def next_eight(zone: str, now: datetime) -> datetime:
    """The next time that it is eight in the morning there."""
    here = datetimes.local(now, zone)
    eight = here.replace(hour=AT_EIGHT, minute=0, second=0, microsecond=0, fold=0)
    if eight <= here:
        eight = (eight + timedelta(days=1)).replace(fold=0)
    return eight.astimezone(now.tzinfo)


def eight_before(zone: str, eight: datetime) -> datetime:
    """Eight in the morning of the day before there: 23 or 25 hours earlier where the clocks were changed meanwhile."""
    return (datetimes.local(eight, zone) - timedelta(days=1)).replace(fold=0).astimezone(eight.tzinfo)


def _job(person: Recipient, now: datetime) -> Message:
    due_at = next_eight(person.time_zone, now)
    return Message(
        channel=DAILY,
        payload={"person": person.id},
        due_at=due_at,
        dedupe=f"prescreen-daily:{person.id}:{datetimes.local(due_at, person.time_zone).date()}",
        summary="Daily e-mail about new answers",
    )


def daily_news(delivery: Delivery) -> str:
    """Writes to one person how many sent their answers since the eight before that at which this job came due."""
    with delivery.database.write() as db:
        known = recipients.agent(db, int(delivery.payload["person"]))
        if known is None or known[0].new_answers != NewAnswers.DAILY:
            return "Not wanted any more."
        person, scope = known
        until = next_eight(person.time_zone, delivery.created_at)
        came = recipients.sent_in(db, scope, eight_before(person.time_zone, until), until)
        waiting = counts.waiting_count(db, scope, delivery.now)
        if not came:
            return "Nothing came in."
        morning = datetimes.local(until, person.time_zone).date()
        message = emails.daily_news(db, person, morning, came, waiting, f"prescreen-daily-mail:{delivery.id}")
        enqueue(
            db,
            [message],
            event_id=None,
            organization_id=None,
            subject_type="person",
            subject_id=str(person.id),
            now=delivery.now,
        )
    return f"{came} came in."
