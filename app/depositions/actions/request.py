"""A new request: written down, and booked at once where the organization has Self-Service."""

import secrets
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy import Row, insert

from app.depositions import emails, events
from app.depositions.actions._write import TABLE, T, record
from app.depositions.models import State
from app.depositions.payloads import documents
from app.depositions.queries.search import search_document
from app.depositions.rules import new_request, transitions
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.errors import FieldError, Invalid
from app.kernel.outbox.outbox import Message
from app.kernel.outbox.webhooks import check_target, notification
from app.kernel.text import search

_INSERT = insert(TABLE).returning(*T)


class Client(Protocol):
    """What is known of the organization that asks."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def self_service(self) -> bool: ...


def request(db: Db, organization: Client, asked: new_request.NewRequest, *, by: Actor, now: datetime) -> Row:
    """Writes a request down ("Submit Session Requests"). Raises Invalid for a webhook address we never send to."""
    if asked.postback_url is not None:
        _check_postback(asked.postback_url, db)
    state = transitions.first_state(organization.self_service)
    ready = state == State.READY
    values = {
        **_written(asked),
        "organization_id": organization.id,
        "state": state.value,
        "version": 1,
        "remote_session_id": _uuid4(),
        "slug": new_request.mint_slug(asked.case_name),
        "cancellation_open": False,
        "sequence": 1 if ready else 0,
        "booked_at": now if ready else None,
        "created_at": now,
        "updated_at": now,
    }
    d = db.execute(_INSERT, values).one()
    search.add(db, search_document(d))
    record(db, events.REQUESTED, d, by=by, now=now, data={"state": state.value})
    if ready:
        messages = [*emails.scheduled(db, d, organization.name, now), *webhook(d, db)]
        record(db, events.SCHEDULED, d, by=by, now=now, data={"self_service": True}, messages=messages)
    return d


def webhook(d: Row, db: Db) -> list[Message]:
    """The message to `postback_url`, if one was given."""
    if d.postback_url is None:
        return []
    claims = documents.posted(d, db.config.public_base_url)
    return [notification(d.postback_url, claims, d.organization_id)]


def _check_postback(url: str, db: Db) -> None:
    try:
        check_target(url, db.config)
    except ValueError as error:
        raise Invalid(f"postback_url: {error}", errors=[FieldError("postback_url", "address", str(error))]) from None


def _written(asked: new_request.NewRequest) -> dict[str, Any]:
    """The columns that hold what was asked for."""
    start, hours = asked.start, asked.estimated_duration
    return {
        "title": asked.title,
        "case_name": asked.case_name,
        "file_number": asked.file_number,
        "start_date": start.start_date,
        "start_time": start.start_time,
        "time_zone": start.time_zone,
        "estimated_duration": None if hours is None else orjson.dumps(hours).decode(),
        "zone": start.zone,
        "starts_at": start.starts_at,
        "ends_at": asked.ends_at,
        "ambiguous": start.ambiguous,
        "session_type": asked.session_type,
        "deponent_name": asked.deponent_name,
        "deponent_email": asked.deponent_email,
        "deponent_role": asked.deponent_role,
        "invites": [{"email": invite.email, "access_level": invite.access_level} for invite in asked.invites],
        "details": asked.details,
        "postback_url": asked.postback_url,
    }


def _uuid4() -> UUID:
    return UUID(bytes=secrets.token_bytes(16), version=4)
