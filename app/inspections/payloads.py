"""What the API reads and writes.

Names are spelled as printed in the Sessions API document; moments are ISO 8601 with `Z`, whole seconds.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import jwt
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from app.accounts.rules import LOCALES
from app.config import Config
from app.inspections.models import Inspection, Invite
from app.inspections.queries import SessionRow
from app.inspections.rules import (
    FIELD,
    TTL_MINUTES,
    TTL_MINUTES_DEFAULT,
    YEARS,
    hint_email,
    hint_phone,
    status_of,
)
from app.kernel.api.problem_shapes import Problem
from app.kernel.api.validation import Body, InvalidValue, Query, Text, as_whole
from app.kernel.text import normalization

NOTES_LENGTH = 4000
LARGEST_PAGE = 100
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d(:?\d\d)?)")


def parse_instant(text: object) -> datetime:
    """A moment with an offset, e.g. 2026-05-23T10:00:00Z. Raises InvalidValue."""
    if isinstance(text, datetime):
        return text
    if not isinstance(text, str):
        raise InvalidValue("This must be text.", "type")
    if not INSTANT.fullmatch(text):
        raise InvalidValue("This must be an ISO 8601 moment with its offset, such as 2026-05-23T10:00:00Z.", "format")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise InvalidValue("There is no such moment.", "format") from None
    with suppress(OverflowError):
        moment = moment.astimezone(UTC)
    if moment.year not in YEARS:
        raise InvalidValue("This must lie between 1970 and 2199.", "range")
    return moment


def parse_uuid(text: object) -> uuid.UUID:
    """A UUID written with or without hyphens. Raises InvalidValue."""
    if isinstance(text, uuid.UUID):
        return text
    try:
        found = uuid.UUID(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or str(text).lower() not in (str(found), found.hex):
        raise InvalidValue("This must be a UUID.", "format")
    return found


def parse_limit(text: object) -> int:
    """Rows a page: 1 and more, read as 100 from there on. Raises InvalidValue."""
    if isinstance(text, int):
        return text
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and text.strip("0")):
        raise InvalidValue("This must be a whole number of at least 1.", "range")
    return LARGEST_PAGE if len(text.lstrip("0")) > 3 else min(int(text), LARGEST_PAGE)


def check_locale(text: str) -> str:
    """One of the 14 locales. Raises InvalidValue."""
    if text not in LOCALES:
        raise InvalidValue(f"This must be one of {', '.join(LOCALES)}.", "choice")
    return text


def check_email(text: str) -> str:
    """An address, or nothing. Raises InvalidValue."""
    address = normalization.email(text)
    if not address:
        return ""
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        raise InvalidValue("This is not an e-mail address.", "email") from None


def check_phone(text: str) -> str:
    """A telephone number, or nothing. Raises InvalidValue."""
    number = normalization.telephone(text)
    if number is None:
        raise InvalidValue("This is not a telephone number. Write it like +33 6 12 34 56 78.", "phone")
    return number


def check_name(text: str) -> str:
    """A name on one line. Raises InvalidValue."""
    if any(ord(character) < 32 for character in text):
        raise InvalidValue("A name stands on one line.", "character")
    return normalization.name(text)


Moment = Annotated[datetime, BeforeValidator(parse_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Identifier = Annotated[uuid.UUID, BeforeValidator(parse_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]


Limit = Annotated[int, BeforeValidator(parse_limit), WithJsonSchema({"type": "integer", "minimum": 1, "default": 25})]


class NewSession(Body):
    """Body of "Create a session"."""

    notes: Text(NOTES_LENGTH) = Field("", description="Visible to the operator. Shown in invite emails.")
    scheduled_for: Moment | None = Field(None, description="Future date triggers reminders 24 h and 1 h before.")
    locale: Annotated[str, AfterValidator(check_locale)] | None = Field(
        None, description="Defaults to the organization's preference.", json_schema_extra={"enum": list(LOCALES)}
    )
    campaign: Identifier | None = Field(None, description="A campaign of your organization.")
    subjects: list[Literal["camera", "gps", "recording"]] | None = Field(
        None, max_length=3, description="What field users are asked to allow. Left out: camera, gps and recording."
    )


Role = Literal["field", "observer", "auditor"]
"""What an invite lets its recipient do: show and answer, or look on."""


class NewParticipant(Body):
    """Body of "Mint a field-user invite"."""

    recipient_first_name: Annotated[Text(100), AfterValidator(check_name)] = ""
    recipient_last_name: Annotated[Text(100), AfterValidator(check_name)] = ""
    recipient_email: Annotated[Text(320), AfterValidator(check_email)] = Field(
        "", description="The code goes here; so does the link, unless send_email is false."
    )
    recipient_phone: Annotated[Text(40), AfterValidator(check_phone)] = ""
    send_email: bool = Field(True, description="false stops the message with the link; the code is sent regardless.")
    ttl_minutes: Annotated[int, Field(ge=TTL_MINUTES[0], le=TTL_MINUTES[1]), BeforeValidator(as_whole)] = (
        TTL_MINUTES_DEFAULT
    )
    role: Role = FIELD


class ListQuery(Query):
    """Query of "List sessions". A limit above 100 is read as 100."""

    limit: Limit = Field(25, description="Above 100 is read as 100.")
    cursor: str | None = Field(None, description="next_cursor of the page before.")


class Object(BaseModel):
    """Shape of an answer, for the OpenAPI document."""

    model_config = ConfigDict(extra="allow")


class SessionObject(Object):
    """The Session object."""

    id: uuid.UUID
    status: Literal["created", "open", "recording", "closed", "expired"]
    operator_email: str
    scheduled_for: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    notes: str
    locale: str
    consent_state: dict[str, Literal["granted", "denied"]]
    campaign: uuid.UUID | None
    created_at: datetime
    updated_at: datetime


class SessionPage(Object):
    """One page of sessions, newest first."""

    data: list[SessionObject]
    has_more: bool
    next_cursor: str | None


class ParticipantObject(Object):
    """An invite. join_url and otp_code are shown once."""

    id: uuid.UUID
    session: uuid.UUID
    role: Role
    expires_at: datetime
    recipient_first_name: str
    recipient_last_name: str
    recipient_email: str
    recipient_phone: str
    join_url: str | None
    otp_code: str | None
    otp_required: bool
    otp_expires_at: datetime | None
    created_at: datetime


class LiveKit(Object):
    """The video room, when a LiveKit server is configured."""

    url: str
    token: str
    room: str
    identity: str


class Joined(Object):
    """The code passed or was not needed; the field session is live."""

    field_session_token: str
    livekit: LiveKit | None
    session: SessionObject
    participant: dict[str, str]
    expires_at: datetime


class CodeRefused(Object):
    """A code is needed, wrong or too old. Channels and hints come with `otp_required`, the tries with `otp_invalid`."""

    detail: Literal["otp_required", "otp_invalid", "otp_expired"]
    channels: list[Literal["email", "sms"]] | None = None
    channel_hint_email: str | None = None
    channel_hint_phone: str | None = None
    attempts_remaining: int | None = None


class CodeLocked(Object):
    """Five codes were wrong; the invite is dead until it is reissued."""

    detail: Literal["otp_locked"]


class ProblemWithFields(Problem):
    """Why something was not done (RFC 9457). `field_errors` has sentences by field, or the scope that is missing."""

    field_errors: dict[str, list[str]]


def session(inspection: SessionRow, now: datetime) -> dict[str, object]:
    """The Session object."""
    return {
        "id": inspection.id,
        "status": status_of(inspection, now),
        "operator_email": inspection.operator_email,
        "scheduled_for": inspection.scheduled_for,
        "started_at": inspection.started_at,
        "ended_at": inspection.ended_at,
        "notes": inspection.notes,
        "locale": inspection.locale,
        "consent_state": inspection.consent_state,
        "campaign": inspection.campaign_id,
        "created_at": inspection.created_at,
        "updated_at": inspection.updated_at,
    }


def participant(invite: Invite, join_url: str | None, otp_code: str | None) -> dict[str, object]:
    """The answer to minting. Without secrets (a late replay) `join_url` and `otp_code` are null."""
    return {
        "id": invite.id,
        "session": invite.inspection_id,
        "role": invite.role,
        "expires_at": invite.expires_at,
        "recipient_first_name": invite.recipient_first_name,
        "recipient_last_name": invite.recipient_last_name,
        "recipient_email": invite.recipient_email,
        "recipient_phone": invite.recipient_phone,
        "join_url": join_url,
        "otp_code": otp_code,
        "otp_required": invite.otp_required,
        "otp_expires_at": invite.otp_expires_at,
        "created_at": invite.created_at,
    }


def joined(inspection: Inspection, invite: Invite, token: str, config: Config, now: datetime) -> dict[str, object]:
    """The answer to a join that succeeded."""
    return {
        "field_session_token": token,
        "livekit": livekit(inspection.id, invite, config, now),
        "session": session(inspection, now),
        "participant": {
            "id": invite.id,
            "session": inspection.id,
            "role": invite.role,
            "recipient_first_name": invite.recipient_first_name,
            "recipient_last_name": invite.recipient_last_name,
        },
        "expires_at": invite.expires_at,
    }


def otp_required(invite: Invite) -> dict[str, object]:
    """401 before any code was typed: where the code went, masked."""
    hints = {"email": hint_email(invite.recipient_email), "sms": hint_phone(invite.recipient_phone)}
    return {
        "detail": "otp_required",
        "channels": [channel for channel, hint in hints.items() if hint is not None],
        "channel_hint_email": hints["email"],
        "channel_hint_phone": hints["sms"],
    }


def join_url(base: str, inspection_id: uuid.UUID, token: str) -> str:
    """The link in the invitation."""
    return f"{base}/join/{inspection_id}/?t={token}"


def livekit(inspection_id: uuid.UUID, invite: Invite, config: Config, now: datetime) -> dict[str, str] | None:
    """Where and as whom the field user enters the video room; None when no server is configured.

    The token is LiveKit's: HS256, signed with the API secret, the grant under `video`.
    """
    if not (config.livekit_url and config.livekit_api_key and config.livekit_api_secret):
        return None
    # Who looks on sends nothing; the identities of field users stay as they were.
    acts = invite.role == FIELD
    room, identity = f"inspection-{inspection_id}", f"{invite.role}-{invite.id}"
    until = min(invite.expires_at, now + timedelta(hours=6))
    claims: Mapping[str, object] = {
        "iss": config.livekit_api_key,
        "sub": identity,
        "name": invite.recipient_name or "Field user",
        "nbf": int(now.timestamp()),
        "exp": int(until.timestamp()),
        "video": {"room": room, "roomJoin": True, "canPublish": acts, "canSubscribe": True},
    }
    token = jwt.encode(dict(claims), config.livekit_api_secret, algorithm="HS256")
    return {"url": config.livekit_url, "token": token, "room": room, "identity": identity}
