"""What clients may send to the depositions API (the document's "Example Request", "Query Parameters")."""

import re
from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic.functional_validators import BeforeValidator

from app.depositions.models import Access, Role
from app.depositions.rules import new_request
from app.kernel.api.validation import Body, InvalidValue, Query, Text
from app.kernel.errors import FieldError, Invalid
from app.kernel.text import normalization

_EPOCH = re.compile(r"-?[0-9]{1,14}")
_LABEL = r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SIMPLE_ADDRESS = re.compile(rf"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@{_LABEL}(?:\.{_LABEL})*\.(?:com|org|net)")
"""Addresses of which it is known without the library, which takes ten times as long, that it takes them."""
MILLISECONDS = 10**12
"""Epochs from here on (13 digits) are milliseconds."""


def _filled(text: str) -> str:
    if normalization.is_blank(text):
        raise InvalidValue("This must not be empty.", "required")
    return text


def _address(text: str) -> str:
    text = text if text.isascii() else normalization.email(text)
    if not (len(text) <= 100 and _SIMPLE_ADDRESS.fullmatch(text)):
        try:
            validate_email(text, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise InvalidValue("This must be an e-mail address.", "email") from None
    return text


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and normalization.is_blank(value) else value


def _readable(read: Callable[[str], object], detail: str, code: str) -> AfterValidator:
    """A validator that keeps the text as sent when `read` understands it."""

    def check(text: str) -> str:
        if read(text) is None:
            raise InvalidValue(detail, code)
        return text

    return AfterValidator(check)


def _zone(text: str) -> str:
    if new_request.zone_of(text) is None:
        raise InvalidValue(new_request.bad_zone(text), "time_zone")
    return text


def _hours(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValue("This must be a number of hours, for example 1.25.", "type")
    if not 0 < value <= new_request.LONGEST_HOURS:
        raise InvalidValue(f"This must be more than 0 and at most {new_request.LONGEST_HOURS} hours.", "range")
    return value


def _invite(value: object) -> object:
    if not isinstance(value, str | dict | InviteBody):
        raise InvalidValue("This must be an e-mail address, or an object with one.", "type")
    return {"email": value} if isinstance(value, str) else value


def _flag(value: object) -> bool:
    """`true`, `false`, `1`, `0`, as JSON or as text."""
    if isinstance(value, str) and value.lower() in ("true", "1", "false", "0"):
        return value.lower() in ("true", "1")
    if isinstance(value, bool) or (isinstance(value, int | float) and value in (0, 1)):
        return bool(value)
    raise InvalidValue("This must be true, false, 1 or 0.", "type")


def _epoch(value: object) -> int:
    if not isinstance(value, str) or not _EPOCH.fullmatch(value):
        raise InvalidValue("This must be a time in epoch seconds, for example 1705732260.", "epoch")
    return int(value)


def _whole(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < 1:
        raise InvalidValue("This must be a whole number from 1 on.", "range")
    return int(value)


Address = Annotated[Text(254), AfterValidator(_address), WithJsonSchema({"type": "string", "format": "email"})]
Optional = BeforeValidator(_blank_is_none)
Hours = Annotated[
    int | float,
    BeforeValidator(_hours),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": new_request.LONGEST_HOURS}),
]
Flag = Annotated[
    bool,
    BeforeValidator(_flag),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": [0, 1, "true", "false", "1", "0"]}]}),
]
Epoch = Annotated[int, BeforeValidator(_epoch), WithJsonSchema({"type": "string", "pattern": "^-?[0-9]{1,14}$"})]
Whole = Annotated[
    int, BeforeValidator(_whole), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 999_999_999})
]


class InviteBody(Body):
    """An invitee. The document also allows the bare address."""

    email: Address
    access_level: Literal["participant", "host"] = "participant"


Invited = Annotated[
    InviteBody,
    BeforeValidator(_invite),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "email"},
                {
                    "type": "object",
                    "properties": {
                        "email": {"type": "string", "format": "email"},
                        "access_level": {"enum": [level.value for level in Access]},
                    },
                    "required": ["email"],
                },
            ]
        }
    ),
]


class DeponentBody(Body):
    """The person who answers questions."""

    name: Annotated[Annotated[Text(200), AfterValidator(normalization.without_overrides)] | None, Optional] = None
    email: Annotated[Address | None, Optional] = None
    role: Annotated[Literal["deponent", "witness"] | None, Optional] = None


StartDate = Annotated[
    Text(10),
    _readable(new_request.day_of, new_request.BAD_DATE, "date"),
    WithJsonSchema({"type": "string", "format": "date"}),
]
StartTime = Annotated[
    Text(8),
    _readable(new_request.clock_of, new_request.BAD_TIME, "time"),
    WithJsonSchema({"type": "string", "pattern": "^(0[1-9]|1[0-2]):[0-5][0-9] (AM|PM)$"}),
]


class RemoteSessionBody(Body):
    """What the session is about, and when it begins."""

    title: Annotated[Text(500), AfterValidator(_filled)]
    case: Annotated[Text(500), AfterValidator(_filled)]
    file_number: Annotated[Text(100) | None, Optional] = None
    start_date: StartDate
    start_time: StartTime
    time_zone: Annotated[Text(80), AfterValidator(_zone)]
    estimated_duration: Hours | None = None


class DetailsBody(Body):
    """What the organization wishes. Blank members are left out of the answers."""

    language: Text(100) | None = None
    languages: Text(200) | None = None
    interpreter: Text(200) | None = None
    additional_details: Text(5000) | None = None
    preferred_manager: Text(200) | None = None
    video_provider: Text(100) | None = None
    session_type: Text(100) | None = None


class SessionRequestBody(Body):
    """One request."""

    session_type: Annotated[Text(100) | None, Optional] = None
    invites: Annotated[list[Invited], Field(max_length=new_request.MOST_INVITES)] = []
    deponent: DeponentBody | None = None
    remote_session: RemoteSessionBody
    session_details: DetailsBody | None = None
    postback_url: Annotated[Text(2048) | None, Optional] = None


class CreateBody(Body):
    """The body of the document's create call."""

    WRAPPER: ClassVar[str] = "session_request"

    session_request: SessionRequestBody


SignedPayload = Annotated[
    Text(100_000) | None,
    Field(
        description="Parameters as a JSON Web Token, HS256, signed with a key of yours. They win over those beside it."
    ),
]


class CancelBody(Body):
    """The document sends an empty body; the flag may stand here as well as in the query."""

    cancel_without_email: Flag | None = None


class CancelQuery(Query):
    cancel_without_email: Flag | None = None


class ChangedMomentBody(Body):
    """What of a session changes: its title, its length, and its date, time and time zone together."""

    title: Annotated[Annotated[Text(500), AfterValidator(_filled)] | None, Field()] = None
    start_date: StartDate | None = None
    start_time: StartTime | None = None
    time_zone: Annotated[Text(80), AfterValidator(_zone)] | None = None
    estimated_duration: Hours | None = None


class ChangedSessionBody(Body):
    """What changes; a member that is not given stays as it is."""

    remote_session: ChangedMomentBody | None = None
    invites: Annotated[list[Invited], Field(max_length=new_request.MOST_INVITES)] | None = None


class ChangeBody(Body):
    """A change of a session, in the shape of the create call. `invites` is the whole new list."""

    WRAPPER: ClassVar[str] = "session_request"

    session_request: ChangedSessionBody = ChangedSessionBody()
    jwt_payload: SignedPayload = None


class ChangeQuery(Query):
    jwt_payload: SignedPayload = None


class SignedCancelBody(CancelBody):
    """The same; its parameters may be signed."""

    jwt_payload: SignedPayload = None


class SignedCancelQuery(CancelQuery):
    jwt_payload: SignedPayload = None


class ListQuery(Query):
    """Filters in epoch seconds (13 digits: milliseconds) and pages from 1 on."""

    start_time: Epoch | None = None
    end_time: Epoch | None = None
    page: Whole = 1
    items: Whole = 100


class SignedListQuery(ListQuery):
    jwt_payload: SignedPayload = None


def new_request_of(body: CreateBody) -> new_request.NewRequest:
    """The new request that a validated body describes. Raises Invalid for a wall time that does not exist."""
    sent = body.session_request
    when, deponent = sent.remote_session, sent.deponent or DeponentBody()
    details = (sent.session_details or DetailsBody()).model_dump()
    blank = normalization.is_blank(details["session_type"] or "")
    return new_request.NewRequest(
        title=when.title,
        case_name=when.case,
        file_number=when.file_number,
        start=new_request.parse_start(when.start_date, when.start_time, when.time_zone),
        estimated_duration=when.estimated_duration,
        session_type=sent.session_type or (new_request.DEFAULT_TYPE if blank else details["session_type"]),
        deponent_name=deponent.name,
        deponent_email=deponent.email,
        deponent_role=Role(deponent.role).value if deponent.role else None,
        invites=_folded(sent.invites),
        details=new_request.tidy_details(details),
        postback_url=sent.postback_url,
    )


def _folded(sent: list[InviteBody]) -> tuple[new_request.Invite, ...]:
    return new_request.fold_invites([new_request.Invite(each.email, each.access_level) for each in sent])


def change_of(body: ChangeBody) -> new_request.SessionChange:
    """The change that a validated body asks for.

    Raises Invalid for a body that changes nothing, a moment in parts, or a wall time that does not exist.
    """
    sent = body.session_request
    when = sent.remote_session or ChangedMomentBody()
    moment = {name: getattr(when, name) for name in ("start_date", "start_time", "time_zone")}
    given = [name for name, value in moment.items() if value is not None]
    if not given and when.title is None and when.estimated_duration is None and sent.invites is None:
        detail = "Name what changes: the title, the moment, the length or the invites."
        raise Invalid(f"{detail} Nothing was changed.", errors=[FieldError("session_request", "required", detail)])
    if 0 < len(given) < len(moment):
        detail = "Give date, time and time zone together."
        missing = [FieldError(f"remote_session.{name}", "required", detail) for name in moment if name not in given]
        raise Invalid(f"{detail} Nothing was changed.", errors=missing)
    return new_request.SessionChange(
        title=when.title,
        invites=None if sent.invites is None else _folded(sent.invites),
        start=new_request.parse_start(**moment) if given else None,
        estimated_duration=when.estimated_duration,
    )
