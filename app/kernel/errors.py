"""Refusals: exceptions with the sentence for which an action is not possible.

The same sentence is the guard, the `detail` of the API, the reason of the disabled button and the documentation.
`web_errors.py` turns it into a problem document, a page or a fragment; no other module catches it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FieldError:
    """A fault of one field. `field` is a dotted path into the input; the value itself is never repeated."""

    field: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an item since its page was shown: "Ana Ruiz scheduled it"."""

    sentence: str
    at: datetime


class Refusal(Exception):
    """An action was refused; `detail` is the reason.

    `code` is stable and machine-readable (dotted), `extra` are further members of the response body, `headers` further
    headers. `status` replaces that of the class where an API document requires another.
    """

    status = 400
    code = "bad_request"
    title = "Bad request"

    changes: Sequence[Change] = ()
    """Changes by other users since the version that the user saw; shown with the sentence."""
    current: int | str | None = None
    """The current version for the form, when the action is still possible after those changes."""
    form_stands = False
    """Whether its form is on the page as before, so that what was typed can go back into it."""

    def __init__(
        self,
        detail: str,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
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


class Outdated(Conflict):
    """What was sent was made from an older state, and is possible in the present one too: look again, send again."""

    form_stands = True


class Gone(Refusal):
    status, code, title = 410, "gone", "Gone"


class TooLarge(Refusal):
    status, code, title = 413, "body_too_large", "Too large"


class UnsupportedMedia(Refusal):
    status, code, title = 415, "unsupported_media_type", "Unsupported media type"


class Invalid(Refusal):
    status, code, title = 422, "invalid", "Invalid input"
    form_stands = True


class Locked(Refusal):
    status, code, title = 423, "locked", "Locked"


class RateLimited(Refusal):
    status, code, title = 429, "rate_limited", "Too many requests"


class Unavailable(Refusal):
    status, code, title = 503, "unavailable", "Not available right now"
