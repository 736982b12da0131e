"""Calibration rounds: made by the worker, which writes to agents about it, and answered once by each agent."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert

from app.accounts.models import NewAnswers
from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import WORKER, Actor, record
from app.kernel.db.engine import Db
from app.kernel.db.inserts import insert_or_ignore
from app.kernel.errors import Conflict, NotFound
from app.kernel.outbox.outbox import Message
from app.prescreens import emails, events
from app.prescreens.actions.announce_answers import next_eight
from app.prescreens.measures import CalibrationAnswer, CalibrationCase, CalibrationRound
from app.prescreens.queries import calibration, fairness, recipients
from app.prescreens.queries.stages import Reach
from app.prescreens.rules.calibration import EVERY, Choices, check_answers, chosen

ANSWERED = "You have answered this round, and answers stay. Nothing was changed."


def make_rounds(db: Db, now: datetime) -> int:
    """Makes the rounds that are due; returns how many. Where too few cases are decided there is none yet."""
    made = 0
    for organization_id, number in calibration.due(db, now):
        cases = chosen(calibration.candidates(db, organization_id), organization_id, number)
        if not cases:
            continue
        row = {"organization_id": organization_id, "number": number, "made_at": now, "closes_at": now + EVERY}
        # Of two workers at once one makes it.
        new = (
            insert_or_ignore(db, CalibrationRound).values(id=uuid4(), **row).returning(CalibrationRound.__table__.c.id)
        )
        id = db.execute(new).scalar_one_or_none()
        if id is None:
            continue
        db.execute(
            insert(CalibrationCase.__table__),
            [{"round_id": id, "place": place, "prescreen_id": case} for place, case in enumerate(cases, 1)],
        )
        messages = _news(db, organization_id, number, len(cases), now)
        _record(db, events.ROUND_MADE, organization_id, number, WORKER, now, messages)
        made += 1
    return made


def _news(db: Db, organization_id: int, number: int, cases: int, now: datetime) -> list[Message]:
    """One e-mail to each agent who wants to hear of new answers: now, or with those of the day."""
    (home,) = fairness.organizations(db, [organization_id])
    return [
        emails.calibration_round(
            db,
            person,
            (home.id, home.name),
            number,
            cases,
            now + EVERY,
            f"calibration-round:{person.id}:{organization_id}:{number}",
            next_eight(person.time_zone, now) if person.new_answers == NewAnswers.DAILY else None,
        )
        for person in recipients.of_new_answers(db, organization_id)
    ]


def answer_round(db: Db, id: UUID, choices: Choices, *, person_id: int, reach: Reach, by: Actor, now: datetime) -> None:
    """Keeps what a person would decide about each case, once. Raises NotFound, Invalid, Conflict (over, answered)."""
    found = calibration.one(db, id)
    if found is None or (reach.ids is not None and found.organization_id not in reach.ids):
        raise NotFound("There is no such round, or it belongs to an organization that is not yours.")
    if calibration.answered(db, id, person_id):
        raise Conflict(ANSWERED, code="calibration.answered")
    places = calibration.places(db, id)
    check_answers(choices, places, found.closes_at, now)
    new = insert_or_ignore(db, CalibrationAnswer).returning(CalibrationAnswer.__table__.c.place)
    kept = db.execute(
        new.values(
            [
                {"round_id": id, "place": place, "person_id": person_id, "choice": choices[place], "answered_at": now}
                for place in places
            ]
        )
    )
    if len(kept.all()) != len(places):
        raise Conflict(ANSWERED, code="calibration.answered")
    _record(db, events.ROUND_ANSWERED, found.organization_id, found.number, by, now)


def _record(
    db: Db,
    kind: EventType,
    organization_id: int,
    number: int,
    by: Actor,
    now: datetime,
    messages: Sequence[Message] = (),
) -> None:
    record(
        db,
        kind,
        subject_type=events.MEASURES,
        subject_id=organization_id,
        organization_id=organization_id,
        by=by,
        now=now,
        data={"number": number},
        messages=messages,
    )
