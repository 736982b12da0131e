"""A prescreen as the API writes it: the `session` object of the API document, in camelCase, members in its order."""

from collections.abc import Sequence
from datetime import datetime

from app.kernel.json_types import JsonObject
from app.kernel.text.i18n import language_of
from app.prescreens.models import Contact
from app.prescreens.queries.api import SessionRow
from app.prescreens.queries.directory import TemplateRow
from app.prescreens.rules.review import status_of


def session(prescreen: SessionRow, now: datetime) -> JsonObject:
    """The session object."""
    return {
        "id": prescreen.id,
        "contactId": prescreen.contact_id,
        "workflowTemplateId": prescreen.workflow_template_id,
        "submission": prescreen.submission,
        "status": status_of(prescreen, now),
        "reviewStatus": prescreen.review_status,
        "reviewNotes": prescreen.review_notes,
        "reviewedAt": prescreen.reviewed_at,
        "createdAt": prescreen.created_at,
        "updatedAt": prescreen.updated_at,
        "expiresAt": prescreen.expires_at,
    }


def one(prescreen: SessionRow, now: datetime) -> JsonObject:
    """The session object, and the same again under `data`: the two published descriptions of this API differ."""
    return twice(session(prescreen, now))


def page(prescreens: Sequence[SessionRow], now: datetime, *, number: int, limit: int, total: int) -> JsonObject:
    """A page of the list. `totalPages` is 0 when nothing matches."""
    return listed([session(prescreen, now) for prescreen in prescreens], number=number, limit=limit, total=total)


def listed(data: Sequence[JsonObject], *, number: int, limit: int, total: int) -> JsonObject:
    """A page of any list."""
    pagination = {"page": number, "limit": limit, "total": total, "totalPages": -(-total // limit)}
    return {"data": list(data), "pagination": pagination}


def workflow_template(row: TemplateRow, base_url: str) -> JsonObject:
    """A workflow template as the API writes it. What staff judge answers by is not in it."""
    texts = row.texts or {}
    return {
        "id": row.id,
        "name": row.name,
        "version": row.current_version,
        "isOpen": row.is_open,
        "url": f"{base_url}/p/{row.organization_slug}/{row.slug}",
        "languages": [texts.get("language") or language_of(row.locale), *texts.get("translations", {})],
        "introduction": row.introduction,
        "questions": [_question(stored) for stored in row.questions],
        "createdAt": row.created_at,
        "publishedAt": row.published_at,
    }


def _question(stored: JsonObject) -> JsonObject:
    return {
        "key": stored["key"],
        "label": stored["label"],
        "type": stored["type"],
        "required": stored.get("required", True),
        "help": stored.get("hint", ""),
        "options": stored.get("options", []),
    }


def contact(row: Contact) -> JsonObject:
    """A contact as the API writes it."""
    return {"id": row.id, "name": row.name, "email": row.email, "phone": row.phone, "createdAt": row.created_at}


def twice(found: JsonObject) -> JsonObject:
    """An object, and the same again under `data`, as this API answers about one session."""
    return {**found, "data": found}
