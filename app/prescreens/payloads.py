"""A prescreen as the API writes it: the `session` object of the API document, in camelCase, members in its order."""

from collections.abc import Sequence
from datetime import datetime

from app.kernel.clock import iso
from app.kernel.json_types import JsonObject
from app.prescreens.queries.api import SessionRow
from app.prescreens.rules.review import status_of


def session(prescreen: SessionRow, now: datetime) -> JsonObject:
    """The session object."""
    contact_id = prescreen.contact_id
    return {
        "id": str(prescreen.id),
        "contactId": None if contact_id is None else str(contact_id),
        "workflowTemplateId": str(prescreen.workflow_template_id),
        "submission": prescreen.submission,
        "status": status_of(prescreen, now),
        "reviewStatus": prescreen.review_status,
        "reviewNotes": prescreen.review_notes,
        "reviewedAt": iso(prescreen.reviewed_at),
        "createdAt": iso(prescreen.created_at),
        "updatedAt": iso(prescreen.updated_at),
        "expiresAt": iso(prescreen.expires_at),
    }


def one(prescreen: SessionRow, now: datetime) -> JsonObject:
    """The session object, and the same again under `data`: the two published descriptions of this API differ."""
    found = session(prescreen, now)
    return {**found, "data": found}


def page(prescreens: Sequence[SessionRow], now: datetime, *, number: int, limit: int, total: int) -> JsonObject:
    """A page of the list. `totalPages` is 0 when nothing matches."""
    return {
        "data": [session(prescreen, now) for prescreen in prescreens],
        "pagination": {"page": number, "limit": limit, "total": total, "totalPages": -(-total // limit)},
    }
