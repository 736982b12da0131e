"""Refusals: what a rule says when it does not let something happen.

A refusal is a sentence first. The same sentence is the guard, the API's `detail`, the disabled button's reason and
the documentation. `web_errors.py` turns it into a problem document, a page or a fragment; nobody else catches it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `field` is a dotted path into the input; the value itself is never repeated."""

    field: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody did to a thing since its page was shown: "Ana Ruiz scheduled it"."""

    sentence: str
    at: datetime


class Refusal(Exception):
    """Something was not done, and why.

    `code` is stable and machine-readable (dotted), `extra` are further members of the answer's body, `headers`
    further headers. `status` overrides the class's, where a document asks for another.
    """

    status = 400
    code = "bad_request"
    title = "Bad request"

    changes: Sequence[Change] = ()
    """What others did since the version that the person saw; said beside the sentence."""
    current: int | str | None = None
    """The version now, as the form carries it, when the same could still be done on top of what the others did."""

    def __init__(
        self,
        detail: str,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.errors = tuple(errors)
        self.status = status or self.status
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


class BadRequest(Refusal):
    pass


class Unauthorized(Refusal):
    status, code, title = 401, "unauthorized", "Not signed in"


class PaymentRequired(Refusal):
    status, code, title = 402, "payment_required", "Payment required"


class Denied(Refusal):
    status, code, title = 403, "permission_denied", "Not allowed"


class NotFound(Refusal):
    status, code, title = 404, "not_found", "Not found"

    def __init__(self, detail: str = "There is nothing at this address.", code: str | None = None) -> None:
        super().__init__(detail, code)


class Conflict(Refusal):
    status, code, title = 409, "conflict", "Conflict"


class Gone(Refusal):
    status, code, title = 410, "gone", "Gone"


class TooLarge(Refusal):
    status, code, title = 413, "body_too_large", "Too large"


class UnsupportedMedia(Refusal):
    status, code, title = 415, "unsupported_media_type", "Unsupported media type"


class Invalid(Refusal):
    status, code, title = 422, "invalid", "Invalid input"


class Locked(Refusal):
    status, code, title = 423, "locked", "Locked"


class RateLimited(Refusal):
    status, code, title = 429, "rate_limited", "Too many requests"


class Unavailable(Refusal):
    status, code, title = 503, "unavailable", "Not available right now"
