"""Starting a prescreen, by the prospect."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert

from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import Gone
from app.kernel.text import search
from app.prescreens.actions._count import count_steps
from app.prescreens.models import Prescreen, ReviewStatus, Status, Submission
from app.prescreens.queries.questionnaires import QuestionnaireDetail
from app.prescreens.queries.search import search_document
from app.prescreens.rules import progress
from app.prescreens.rules.answers import Person, next_question

_INSERT: Prepared[object] = Prepared(insert(Prescreen.__table__).inline())


def start(
    db: Db,
    questionnaire: QuestionnaireDetail,
    *,
    by: Actor,
    now: datetime,
    known: Submission | None = None,
    id: UUID | None = None,
) -> UUID:
    """Creates a draft in the questionnaire's current version and returns its id. Raises Gone when it is closed.

    `by` is the prospect, as for every action; the event is recorded with the first answer, because a draft without one
    is forgotten (forget_drafts.py). `known` are the answers that it will begin with: what they leave open is shown
    first. Demonstration data bring their own `id`.
    """
    if not questionnaire.is_open:
        raise Gone(
            f"{questionnaire.organization_name} takes no answers here at the moment. Nothing was started. "
            "Please ask them.",
            code="workflow.closed",
        )
    id = id or uuid4()
    begun, steps = progress.after_start(next_question(questionnaire.questions, known or {}))
    values = {
        "id": id,
        "organization_id": questionnaire.organization_id,
        "workflow_template_id": questionnaire.id,
        "template_version": questionnaire.number,
        "submission": {},
        "status": Status.DRAFT.value,
        "review_status": ReviewStatus.PENDING.value,
        "locale": questionnaire.locale,
        "blind": questionnaire.blind,
        "progress": begun,
        "updated_at": now,
        **Prescreen.lifetime(now),
    }
    _INSERT.run(db, values)
    count_steps(db, questionnaire.id, questionnaire.number, steps)
    search.add(db, search_document(id, questionnaire.organization_id, Person()))
    return id
