"""Everything that is kept of one contact, or of a prospect who is none, as one JSON object."""

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Row, select

from app.dashboard.tags import tags_of
from app.kernel.changes.events import Event
from app.kernel.db.columns import Attribute
from app.kernel.db.engine import Base, Db
from app.kernel.json_types import JsonObject
from app.kernel.outbox.outbox import OutboxRow
from app.prescreens import links
from app.prescreens.answer_files import AnswerFile
from app.prescreens.events import CONTACT, SUBJECT
from app.prescreens.models import Contact, DecisionSnapshot, FirstLook, Inquiry, Note, Prescreen
from app.prescreens.queries import questionnaires

_BESIDE: dict[str, type[Base]] = {
    "notes": Note,
    "asked_again": Inquiry,
    "decision": DecisionSnapshot,
    "first_looks": FirstLook,
    "files": AnswerFile,
}
"""The tables beside a prescreen, by what the export calls them."""


def exported(db: Db, contact: Contact | None, ids: Iterable[UUID], now: datetime) -> JsonObject:
    """A contact, or nobody, with these prescreens: every column, questions, e-mails as far as they are kept, events."""
    return {
        "exported_at": now.isoformat(),
        "contact": _columns(db, Contact.__table__, Contact.id == contact.id)[0] if contact else None,
        "prescreens": [_prescreen(db, id) for id in ids],
        "activity": _activity(db, CONTACT, contact.id) if contact else [],
    }


def _prescreen(db: Db, id: UUID) -> JsonObject:
    found = _columns(db, Prescreen.__table__, Prescreen.id == id)[0]
    questionnaire = questionnaires.version(db, UUID(found["workflow_template_id"]), found["template_version"])
    asked = {question.key: question.label for question in questionnaire.questions}
    beside = {
        name: _columns(db, table.__table__, table.__table__.c.prescreen_id == id) for name, table in _BESIDE.items()
    }
    return {
        **found,
        "questionnaire": questionnaire.name,
        "questions": {key: asked[key] for key in found["submission"] if key in asked},
        **beside,
        "tags": list(tags_of(db, SUBJECT, [id]).get(id, ())),
        "messages": _messages(db, id),
        "activity": _activity(db, SUBJECT, id),
    }


def _messages(db: Db, id: UUID) -> list[JsonObject]:
    """The messages, without the proofs of signed links: those were for the prospect alone."""
    about = (OutboxRow.subject_type == SUBJECT, OutboxRow.subject_id == str(id), OutboxRow.channel.not_like("job:%"))
    found = []
    for row in db.execute(select(*OutboxRow.__table__.c).where(*about).order_by(OutboxRow.created_at, OutboxRow.id)):
        text = db.vault.read(row.payload)
        kept = json.loads(text) if text else {}
        content = {name: links.without_proofs(kept[name]) for name in ("to", "subject", "text", "body") if name in kept}
        facts = {"channel": row.channel, "summary": row.summary, "state": row.state}
        found.append({**facts, "created_at": row.created_at.isoformat(), **content})
    return found


def _activity(db: Db, subject_type: str, id: UUID) -> list[JsonObject]:
    return _columns(db, Event.__table__, (Event.subject_type == subject_type) & (Event.subject_id == str(id)), Event.id)


def _columns(db: Db, table: FromClause, where: ColumnElement[bool], *order: Attribute) -> list[JsonObject]:
    return [_plain(row) for row in db.execute(select(*table.c).where(where).order_by(*order))]


def _plain(row: Row[*tuple[object, ...]]) -> JsonObject:
    return {name: value if _is_json(value) else str(value) for name, value in row._mapping.items()}


def _is_json(value: object) -> bool:
    return value is None or isinstance(value, str | bool | int | float | list | dict)
