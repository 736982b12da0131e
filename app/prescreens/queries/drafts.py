"""Questionnaires as they are edited: the draft, what is published, and what prescreens there are."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select

from app.accounts.models import Organization
from app.kernel.db.engine import Db
from app.kernel.json_types import JsonObject
from app.prescreens.models import (
    DAY_COUNTS,
    STAGE_COUNTS,
    Prescreen,
    Questionnaire,
    QuestionnaireVersion,
    QuestionType,
    ReviewStatus,
    Status,
)
from app.prescreens.queries.stages import PENDING, Reach, day_start
from app.prescreens.rules.effects import Given
from app.prescreens.rules.question_types.money import currency_of
from app.prescreens.rules.questionnaires import Content


class EditedQuestionnaire(NamedTuple):
    """A questionnaire with its draft, None while nothing differs from what is published."""

    id: UUID
    organization_id: int
    slug: str
    name: str
    is_open: bool
    current_version: int
    revision: int
    draft: JsonObject | None
    changed_at: datetime | None
    changed_by: str
    organization_slug: str
    organization_name: str
    locale: str
    time_zone: str
    country: str | None
    blind: bool


_EDITED = select(
    Questionnaire.id,
    Questionnaire.organization_id,
    Questionnaire.slug,
    Questionnaire.name,
    Questionnaire.is_open,
    Questionnaire.current_version,
    Questionnaire.revision,
    Questionnaire.draft,
    Questionnaire.changed_at,
    Questionnaire.changed_by,
    Organization.slug,
    Organization.name,
    Organization.locale,
    Organization.time_zone,
    Organization.country,
    Questionnaire.blind,
).join_from(Questionnaire, Organization, Organization.id == Questionnaire.organization_id)


def get(db: Db, reach: Reach, id: UUID, *, lock: bool = False) -> EditedQuestionnaire | None:
    """The questionnaire with its draft. With `lock` nobody else changes it until this transaction ends."""
    statement = _EDITED.where(Questionnaire.id == id, reach.rows(Questionnaire.organization_id))
    if lock:
        statement = statement.with_for_update(of=Questionnaire)
    row = db.execute(statement).one_or_none()
    return None if row is None else EditedQuestionnaire._make(row)


def by_slug(db: Db, organization_id: int, slug: str) -> EditedQuestionnaire | None:
    """The questionnaire of an organization at this address."""
    statement = _EDITED.where(Questionnaire.organization_id == organization_id, Questionnaire.slug == slug)
    row = db.execute(statement).one_or_none()
    return None if row is None else EditedQuestionnaire._make(row)


class Place(NamedTuple):
    """An organization for which a questionnaire can be made."""

    id: int
    name: str
    currency: str


def organizations(db: Db, reach: Reach) -> list[Place]:
    """The organizations of a reach, by name."""
    rows = db.execute(
        select(Organization.id, Organization.name, Organization.country, Organization.time_zone)
        .where(reach.rows(Organization.id))
        .order_by(Organization.name)
        .limit(500)
    )
    return [Place(id, name, currency_of(country, zone)) for id, name, country, zone in rows]


def content(db: Db, id: UUID, number: int) -> Content | None:
    """What one published version says; None for no such version."""
    row = db.execute(
        select(QuestionnaireVersion.introduction, QuestionnaireVersion.questions, QuestionnaireVersion.texts).where(
            QuestionnaireVersion.workflow_template_id == id, QuestionnaireVersion.number == number
        )
    ).one_or_none()
    return None if row is None else Content.read({"introduction": row[0], "questions": row[1], **(row[2] or {})})


def drafted(db: Db, edited: EditedQuestionnaire) -> Content:
    """What the next version will say: the draft, else what is published."""
    if edited.draft is not None:
        return Content.read(edited.draft)
    return content(db, edited.id, edited.current_version) or Content()


def published_types(db: Db, id: UUID) -> dict[str, QuestionType]:
    """The keys of all published versions, with the type that was asked under each last."""
    rows = db.execute(
        select(QuestionnaireVersion.questions)
        .where(QuestionnaireVersion.workflow_template_id == id)
        .order_by(QuestionnaireVersion.number)
    ).scalars()
    return {question["key"]: QuestionType(question["type"]) for questions in rows for question in questions}


def started(db: Db, organization_id: int, id: UUID) -> int:
    """How many prescreens there are in any version."""
    counts = STAGE_COUNTS.c
    found = db.execute(
        select(func.sum(counts.n)).where(counts.organization_id == organization_id, counts.workflow_template_id == id)
    ).scalar_one()
    return int(found or 0)


def answering(db: Db, organization_id: int, id: UUID, now: datetime) -> int:
    """How many prospects are in the middle of it and can go on until tomorrow or longer."""
    counts = DAY_COUNTS.c
    found = db.execute(
        select(func.sum(counts.n)).where(
            counts.organization_id == organization_id,
            counts.workflow_template_id == id,
            counts.status.in_((Status.DRAFT.value, Status.ACTIVE.value)),
            counts.expires_on > day_start(now).date(),
        )
    ).scalar_one()
    return int(found or 0)


LATEST = 200
"""Prescreens that a change is compared with, those started last."""

_GIVEN = (
    select(Prescreen.id, Prescreen.submission, Prescreen.review_status, Prescreen.expires_at)
    .where(
        Prescreen.organization_id == bindparam("organization_id"),
        Prescreen.workflow_template_id == bindparam("questionnaire"),
        Prescreen.status == Status.COMPLETED.value,
        Prescreen.review_status == bindparam("decision"),
    )
    .order_by(Prescreen.expires_at.desc(), Prescreen.id.desc())
    .limit(LATEST)
)


def latest_answers(db: Db, organization_id: int, id: UUID, now: datetime) -> list[Given]:
    """The answers that were sent last, in whichever version."""
    rows = [
        row
        for decision in ReviewStatus
        for row in db.execute(
            _GIVEN, {"organization_id": organization_id, "questionnaire": id, "decision": decision.value}
        )
    ]
    rows.sort(key=lambda row: (row.expires_at, row.id), reverse=True)
    return [
        Given(row.id, row.submission, row.review_status, row.review_status == PENDING and row.expires_at > now)
        for row in rows[:LATEST]
    ]
