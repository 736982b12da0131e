"""Calibration rounds: which are due, what they hold, and what was answered."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, func, select

from app.accounts.models import Person
from app.kernel.db.engine import Db
from app.prescreens.measures import CalibrationAnswer, CalibrationCase, CalibrationRound, Measure, MeasureSwitch
from app.prescreens.models import Prescreen, ReviewStatus, Submission
from app.prescreens.queries import questionnaires
from app.prescreens.rules.calibration import Rated, shown
from app.prescreens.rules.questions import Question

LATEST = 500
"""Out of so many decided prescreens, the latest, the cases of a round are chosen."""
ROUNDS = 26
"""So many rounds count, the latest: half a year."""
OUTCOMES = {ReviewStatus.APPROVED.value: "approve", ReviewStatus.DENIED.value: "deny"}


class Round(NamedTuple):
    """A round of an organization."""

    id: UUID
    organization_id: int
    number: int
    made_at: datetime
    closes_at: datetime


class Case(NamedTuple):
    """A case of a round as agents see it: the questions and answers that are shown, unless these were erased since,
    and how it was decided."""

    round_id: UUID
    place: int
    questionnaire_id: UUID
    questions: tuple[Question, ...]
    submission: Submission
    erased: bool
    rated: Rated


_COLUMNS = (
    CalibrationRound.id,
    CalibrationRound.organization_id,
    CalibrationRound.number,
    CalibrationRound.made_at,
    CalibrationRound.closes_at,
)


def due(db: Db, now: datetime) -> list[tuple[int, int]]:
    """The organizations that want a round and have none that can be answered, each with the number of its next."""
    rounds = select(func.coalesce(func.max(CalibrationRound.number), 0) + 1)
    rounds = rounds.where(CalibrationRound.organization_id == MeasureSwitch.organization_id)
    running = exists().where(
        CalibrationRound.organization_id == MeasureSwitch.organization_id, CalibrationRound.closes_at > now
    )
    statement = select(MeasureSwitch.organization_id, rounds.scalar_subquery()).where(
        MeasureSwitch.measure == Measure.CALIBRATION.value, MeasureSwitch.is_on, ~running
    )
    return [(organization_id, int(number)) for organization_id, number in db.execute(statement)]


def candidates(db: Db, organization_id: int) -> list[UUID]:
    """Decided prescreens that have key answers, were not erased and were in no round yet."""
    latest = (
        select(Prescreen.id, Prescreen.alike_key, Prescreen.erased_at)
        .where(Prescreen.organization_id == organization_id, Prescreen.reviewed_at.is_not(None))
        .order_by(Prescreen.reviewed_at.desc(), Prescreen.id.desc())
        .limit(LATEST)
        .subquery()
    )
    used = exists().where(CalibrationCase.prescreen_id == latest.c.id)
    fit = (latest.c.alike_key.is_not(None), latest.c.erased_at.is_(None))
    return list(db.execute(select(latest.c.id).where(*fit, ~used)).scalars())


def rounds(db: Db, organization_id: int) -> list[Round]:
    """The latest rounds, newest first."""
    own = select(*_COLUMNS).where(CalibrationRound.organization_id == organization_id)
    return [Round._make(row) for row in db.execute(own.order_by(CalibrationRound.number.desc()).limit(ROUNDS))]


_ONE = select(*_COLUMNS).where(CalibrationRound.id == bindparam("id", type_=CalibrationRound.id.type))


def one(db: Db, id: UUID) -> Round | None:
    row = db.execute(_ONE, {"id": id}).one_or_none()
    return None if row is None else Round._make(row)


def places(db: Db, id: UUID) -> list[int]:
    """The places of the cases of a round."""
    return list(db.execute(select(CalibrationCase.place).where(CalibrationCase.round_id == id)).scalars())


def answered(db: Db, id: UUID, person_id: int) -> Mapping[int, str]:
    """What a person answered in a round, by place."""
    mine = (CalibrationAnswer.round_id == id, CalibrationAnswer.person_id == person_id)
    rows = db.execute(select(CalibrationAnswer.place, CalibrationAnswer.choice).where(*mine))
    return {row.place: row.choice for row in rows}


def cases(db: Db, found: list[Round]) -> list[Case]:
    """The cases of these rounds in their order. Three queries."""
    ids = [each.id for each in found]
    choices: dict[tuple[UUID, int], dict[int, str]] = {}
    for row in db.execute(select(*CalibrationAnswer.__table__.c).where(CalibrationAnswer.round_id.in_(ids))):
        choices.setdefault((row.round_id, row.place), {})[row.person_id] = row.choice
    rows = db.execute(
        select(
            CalibrationCase.round_id,
            CalibrationCase.place,
            Prescreen.workflow_template_id,
            Prescreen.template_version,
            Prescreen.submission,
            Prescreen.review_status,
            Prescreen.erased_at,
        )
        .join_from(CalibrationCase, Prescreen, and_(Prescreen.id == CalibrationCase.prescreen_id))
        .where(CalibrationCase.round_id.in_(ids))
        .order_by(CalibrationCase.round_id, CalibrationCase.place)
    ).all()
    versions = questionnaires.questions_of(db, ((row.workflow_template_id, row.template_version) for row in rows))
    return [
        Case(
            row.round_id,
            row.place,
            row.workflow_template_id,
            shown(versions[row.workflow_template_id, row.template_version]),
            row.submission,
            row.erased_at is not None,
            Rated(OUTCOMES.get(row.review_status, ""), choices.get((row.round_id, row.place), {})),
        )
        for row in rows
    ]


def counted(cases: Iterable[Case]) -> list[Rated]:
    """What counts of these cases: of one that was erased meanwhile nobody saw the answers."""
    return [case.rated for case in cases if not case.erased]


def names(db: Db, ids: set[int]) -> dict[int, str]:
    """The names of people, by id, in their order."""
    rows = db.execute(select(Person.id, Person.name).where(Person.id.in_(sorted(ids))).order_by(Person.name))
    return {row.id: row.name for row in rows}
