"""The counts of what became of each question of a version."""

from uuid import UUID

from sqlalchemy import bindparam, func, select

from app.kernel.db.engine import Db
from app.prescreens.measures import QuestionCount
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.rules.drop_off import DropOff
from app.prescreens.rules.drop_off import drop_off as of_counts

COUNTS = (
    select(QuestionCount.key, QuestionCount.step, func.sum(QuestionCount.n))
    .where(
        QuestionCount.workflow_template_id == bindparam("id", type_=QuestionCount.workflow_template_id.type),
        QuestionCount.version == bindparam("version"),
    )
    .group_by(QuestionCount.key, QuestionCount.step)
)


def counts(db: Db, id: UUID, version: int) -> dict[tuple[str, str], int]:
    """How many, by key of the question and step: a range of one index, as long as the version has questions."""
    rows = db.execute(COUNTS, {"id": id, "version": version})
    return {(key, step): int(n) for key, step, n in rows}


def drop_off(db: Db, questionnaire: QuestionnaireDetail) -> DropOff:
    """Where prospects leave one version of a questionnaire."""
    return of_counts(questionnaire.questions, counts(db, questionnaire.id, questionnaire.number))
