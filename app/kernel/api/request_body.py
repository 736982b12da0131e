"""The body and the query of an API call, and the parameters that a caller may sign instead of writing them plainly."""

from collections.abc import Callable, Container
from typing import TypeVar

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from app.kernel.api.validation import DEEPEST, as_whole, invalid, malformed, without_nulls
from app.kernel.errors import FieldError, TooLarge, UnsupportedMedia
from app.kernel.json_types import JsonObject

LARGEST_BODY = 256 * 1024

View = TypeVar("View", bound=Callable[..., object])


def takes(most: int) -> Callable[[View], View]:
    """Lets a page take bodies up to `most` bytes, for files; other pages take much less."""

    def mark(view: View) -> View:
        view.largest_body = most + FORM  # type: ignore[attr-defined]  # read by largest_body()
        return view

    return mark


FORM = 64 * 1024
"""What a form with files has besides them."""

SIGNED = "jwt_payload"
"""The query argument or member of a body that holds further parameters, signed by the caller."""


def raw_body(malformed_status: int) -> bytes:
    """The body of the request. Raises TooLarge, UnsupportedMedia, and BadRequest where it comes compressed: the APIs'
    documents have this status for a wrong encoding of any kind."""
    request.max_content_length = LARGEST_BODY
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLarge("The body is larger than 256 KiB. Nothing was done.") from None
    if raw and request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise UnsupportedMedia("The body must be sent as application/json. Nothing was done.")
    if raw and request.headers.get("Content-Encoding", "").lower() not in ("", "identity"):
        raise malformed("The body must be sent as it is, without a Content-Encoding.", malformed_status)
    return raw


def query_of(args: MultiDict[str, str], known: Container[str], status: int) -> JsonObject:
    """The query arguments. Raises Invalid for a known one that comes with two values: neither may be dropped."""
    repeated = [name for name, values in args.lists() if name in known and len(set(values)) > 1]
    if repeated:
        raise invalid([FieldError(name, "repeated", "This may be given only once.") for name in repeated], status)
    query: JsonObject = args.to_dict()
    return query


def with_signed(
    query: JsonObject, data: JsonObject, parameters_of: Callable[[str], JsonObject]
) -> tuple[JsonObject, JsonObject]:
    """Query and body with the parameters of their signed payloads, which win over those beside them; those of the query
    over those of the body. Raises Invalid."""
    for payload in (data.get(SIGNED), query.get(SIGNED)):
        if isinstance(payload, str):
            try:
                parameters = without_nulls(parameters_of(payload))
            except ValueError:
                sentence = f"This has more than {DEEPEST} levels of objects and lists."
                raise invalid([FieldError(SIGNED, "malformed", sentence)]) from None
            data, query = _merged(data, parameters), _merged(query, _as_text(parameters))
    return query, data


def _merged(plain: JsonObject, signed: JsonObject) -> JsonObject:
    """Both, object by object; of a member that is in both, the signed one."""
    both = {**plain, **signed}
    for name in plain.keys() & signed.keys():
        if isinstance(plain[name], dict) and isinstance(signed[name], dict):
            both[name] = _merged(plain[name], signed[name])
    return both


def _as_text(parameters: JsonObject) -> JsonObject:
    """The parameters as a query has them: whole numbers as their digits."""
    found = {name: as_whole(value) for name, value in parameters.items()}
    return {name: str(value) if type(value) is int else value for name, value in found.items()}
