"""A new request: stored, and booked at once where the organization has Self-Service."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

import orjson
from sqlalchemy import insert

from app.depositions import emails, events
from app.depositions.actions import overlaps
from app.depositions.actions._write import COLUMNS, record
from app.depositions.models import Deposition, Kind, State
from app.depositions.payloads import documents
from app.depositions.queries import conflicts, people, promises
from app.depositions.queries.search import search_document
from app.depositions.rules import transitions
from app.depositions.rules.conflicts import Requested
from app.depositions.rules.new_request import NewRequest, mint_slug
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.prepared import Prepared
from app.kernel.errors import FieldError, Invalid
from app.kernel.outbox.outbox import Message
from app.kernel.outbox.webhooks import check_target, notification
from app.kernel.text import search, time_zones

_INSERT: Prepared[Deposition] = Prepared(insert(Deposition.__table__).returning(*COLUMNS))


class Client(Protocol):
    """The organization that makes the request."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def self_service(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """How staff came to enter a request for an organization: who asked for it, and how (`phone` or `mail`).

    `seed` are 32 secret random bytes that are the same whenever the form is sent, so that what a confirmation shows has
    the addresses of what is stored.
    """

    asked_by: str
    how: str
    seed: bytes


STORED_LATER = "[given when it is stored]"


def request(
    db: Db, organization: Client, new: NewRequest, *, by: Actor, now: datetime, entry: Entry | None = None
) -> Deposition:
    """Stores a request ("Submit Session Requests"); with `entry` one that staff enter for the organization.

    Raises Invalid for a webhook address that is never called.
    """
    if new.postback_url is not None:
        check_postback(new.postback_url, db)
    state = transitions.first_state(organization.self_service)
    ready = state == State.READY
    values = {
        **_columns_of(new),
        "organization_id": organization.id,
        "state": state.value,
        "version": 1,
        "remote_session_id": UUID(bytes=entry.seed[:16] if entry else secrets.token_bytes(16), version=4),
        "slug": mint_slug(new.case_name, entry.seed[16:26] if entry else None),
        "cancellation_open": False,
        "sequence": 1 if ready else 0,
        "zone_version": time_zones.VERSION,
        "hour_moved": False,
        "promised_by": promises.promised_by(db, organization.id, now),
        "sequence_at": now if ready else None,
        "booked_at": now if ready else None,
        "created_at": now,
        "updated_at": now,
    }
    requested = Requested.of(new, organization.id)
    keys = conflicts.keys_of(db, requested)
    overlaps.take_turns(db, (requested.starts_at, requested.ends_at))
    values["overlapping"] = overlaps.overlaps_others(db, keys)
    [deposition] = _INSERT.all(db, values)
    overlaps.add(db, deposition.id, keys, deposition.overlapping)
    search.add(db, search_document(deposition))
    record(db, events.REQUESTED, deposition, by=by, now=now, data={"state": state.value, **_entered(entry)})
    if ready:
        sent = [_without_id(message) for message in webhook(db, deposition)] if entry else webhook(db, deposition)
        messages = [*emails.scheduled(db, deposition, organization.name, now), *sent]
        others = conflicts.overlaps(db, deposition, besides=deposition.id) if deposition.overlapping else []
        data = {"self_service": True, **({"overlaps": [each.other.id for each in others]} if others else {})}
        record(db, events.SCHEDULED, deposition, by=by, now=now, data=data, messages=messages)
    return deposition


def _entered(entry: Entry | None) -> dict[str, str]:
    return {"asked_by": entry.asked_by, "how": entry.how} if entry else {}


def _without_id(message: Message) -> Message:
    """The webhook of a request that is only shown: its number is not given before it is stored."""
    claims = message.payload["claims"]
    return replace(message, content={"claims": {"requests": [{**claims["requests"][0], "id": STORED_LATER}]}})


def webhook(db: Db, deposition: Deposition) -> list[Message]:
    """The message to `postback_url`, if the request has one."""
    if deposition.postback_url is None:
        return []
    claims = documents.posted(deposition, db.config.public_base_url)
    receipt = people.receipt(deposition, kind=Kind.SYSTEM, canceled=deposition.state == State.CANCELED)
    return [notification(deposition.postback_url, claims, deposition.organization_id, receipt=receipt)]


def check_postback(url: str, db: Db) -> None:
    """Raises Invalid for an address that no webhook is ever sent to."""
    try:
        check_target(url, db.config)
    except ValueError as error:
        raise Invalid(f"postback_url: {error}", errors=[FieldError("postback_url", "address", str(error))]) from None


def _columns_of(new: NewRequest) -> Mapping[str, object]:
    """The columns that hold the request as it was made."""
    start, hours = new.start, new.estimated_duration
    return {
        "title": new.title,
        "case_name": new.case_name,
        "file_number": new.file_number,
        "start_date": start.start_date,
        "start_time": start.start_time,
        "time_zone": start.time_zone,
        "estimated_duration": None if hours is None else orjson.dumps(hours).decode(),
        "zone": start.zone,
        "starts_at": start.starts_at,
        "ends_at": new.ends_at,
        "ambiguous": start.ambiguous,
        "session_type": new.session_type,
        "deponent_name": new.deponent_name,
        "deponent_email": new.deponent_email,
        "deponent_role": new.deponent_role,
        "invites": [{"email": invite.email, "access_level": invite.access_level} for invite in new.invites],
        "details": new.details,
        "postback_url": new.postback_url,
    }
