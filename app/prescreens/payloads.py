"""A prescreen as integrators see it: the `session` object of the document, camelCase, key by key as printed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.kernel.clock import iso
from app.prescreens.rules.review import status_of


def session(prescreen: Any, now: datetime) -> dict[str, Any]:
    """The session object. `prescreen` is a row or an object with the columns of `Prescreen`."""
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


def one(prescreen: Any, now: datetime) -> dict[str, Any]:
    """The object itself, and the same again under `data`: the two published descriptions of this API differ."""
    found = session(prescreen, now)
    return {**found, "data": found}


def page(prescreens: Sequence[Any], now: datetime, *, number: int, limit: int, total: int) -> dict[str, Any]:
    """A page of the list. `totalPages` is 0 when nothing matches."""
    return {
        "data": [session(prescreen, now) for prescreen in prescreens],
        "pagination": {"page": number, "limit": limit, "total": total, "totalPages": -(-total // limit)},
    }
