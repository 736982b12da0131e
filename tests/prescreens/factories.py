"""Prescreens walked to a state through the real code: a template, a chat, a decision."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert

from app.kernel.changes.events import Actor
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.prescreens import actions
from app.prescreens.models import Questionnaire, QuestionnaireVersion
from app.prescreens.queries import detail, questionnaires
from app.prescreens.queries.stages import Reach

PROSPECT = Actor("prospect", None, "A prospect", None, "page", "test-request", "192.0.2.7")
AGENT = Actor("person", "7", "Mira Haddad", None, "page", "test-request", "192.0.2.1")

QUESTIONS: list[dict[str, Any]] = [
    {"key": "fullName", "label": "What is your full name?", "type": "name"},
    {"key": "moveInDate", "label": "When would you like to move in?", "type": "date", "headline": True, "bounds": {}},
    {
        "key": "budget",
        "label": "Monthly budget",
        "type": "number",
        "criterion": "at least 2,400",
        "expects": {"at_least": 2400},
        "headline": True,
    },
    {
        "key": "hasPets",
        "label": "Do you have pets?",
        "type": "yesno",
    },
    {
        "key": "pets",
        "label": "Which ones?",
        "type": "choice",
        "options": [{"value": "1 cat", "label": "One cat"}, {"value": "1 dog", "label": "One dog"}],
        "condition": {"key": "hasPets", "values": [True]},
    },
    {
        "key": "email",
        "label": "Your e-mail address",
        "type": "email",
        "required": False,
        "hint": "We write to this address when we have decided.",
    },
    {"key": "phone", "label": "Your phone number", "type": "phone", "required": False},
    {"key": "more", "label": "Anything else?", "type": "longtext", "required": False},
]

JANE: dict[str, str] = {
    "fullName": "Jane Smith",
    "moveInDate": "2026-04-01",
    "budget": "2500",
    "hasPets": "yes",
    "pets": "1 cat",
    "email": "jane@example.com",
    "phone": "+1 555 010 4477",
}


def template(db: Db, organization_id: int, slug: str = "two-bedroom", **facts: Any) -> UUID:
    """A template with eight questions, in version 1."""
    id, made = uuid4(), now()
    questions = facts.pop("questions", QUESTIONS)
    db.execute(
        insert(Questionnaire).values(
            id=id,
            organization_id=organization_id,
            slug=slug,
            name=facts.pop("name", "Two-bedroom prescreen"),
            current_version=1,
            is_open=facts.pop("is_open", True),
            created_at=made,
        )
    )
    db.execute(
        insert(QuestionnaireVersion).values(
            workflow_template_id=id, number=1, introduction="", questions=questions, created_at=made
        )
    )
    return id


def prescreen(
    database: Database,
    organization_id: int,
    state: str = "completed",
    *,
    template_id: UUID | None = None,
    given: Mapping[str, str | None] | None = None,
    at: datetime | None = None,
    notes: str | None = None,
) -> UUID:
    """One prescreen in `state`: draft, active, completed, approved or denied. `given` changes or removes answers."""
    at = at or now()
    reach = Reach((organization_id,))
    with database.write() as db:
        workflow = questionnaires.one(db, reach, template_id or _template(db, organization_id))
        assert workflow is not None
        id = actions.start(db, workflow, by=PROSPECT, now=at)
        if state == "draft":
            return id
        for key, value in {**JANE, **(given or {})}.items():
            if value is None:
                continue
            actions.answer(db, id, key, [value], by=PROSPECT, now=at)
            if state == "active":
                return id
        actions.complete(db, id, by=PROSPECT, now=at)
        if state in ("approved", "denied"):
            act = actions.approve if state == "approved" else actions.deny
            act(db, id, notes, reach=reach, by=AGENT, now=at)
    return id


def _template(db: Db, organization_id: int) -> UUID:
    found = questionnaires.listing(db, Reach((organization_id,)))
    return found[0].id if found else template(db, organization_id)


def stored(database: Database, id: UUID) -> Row[Any]:
    """The row as it stands."""
    with database.read() as db:
        found = detail.get(db, id)
    assert found is not None
    return found
