"""Problem documents (RFC 9457), the refusals of all three APIs."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import uuid4

import orjson
from flask import Response, g

from app.kernel.errors import Refusal
from app.kernel.json_types import JsonObject

CONTENT_TYPE = "application/problem+json"
CODES = {
    405: "method_not_allowed",
    408: "request_timeout",
    413: "body_too_large",
    415: "unsupported_media_type",
    503: "unavailable",
    500: "internal_error",
}
"""Codes of what is refused by its status alone."""

Extend = Callable[[JsonObject, Refusal], None]
"""Adds members that the clients of one API know besides the common ones."""


def document(refusal: Refusal, extend: Extend | None = None) -> JsonObject:
    """The problem document of a refusal."""
    try:
        title = HTTPStatus(refusal.status).phrase
    except ValueError:
        title = refusal.title
    body: JsonObject = {
        "type": "about:blank",
        "title": title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "request_id": g.get("request_id", ""),
    }
    if refusal.errors:
        body["errors"] = [
            {"field": error.field, "code": error.code, "detail": error.detail} for error in refusal.errors
        ]
    if extend is not None:
        extend(body, refusal)
    body.update(refusal.extra)
    return body


def bare(status: int, detail: str, request_id: str = "") -> bytes:
    """A problem document of whoever answers without the app. A request without an id gets one."""
    return orjson.dumps(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": CODES.get(status, Refusal.code),
            "request_id": request_id or uuid4().hex,
        }
    )


def answer(refusal: Refusal, extend: Extend | None = None) -> Response:
    """The response of a refusal."""
    return Response(
        orjson.dumps(document(refusal, extend)),
        refusal.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **refusal.headers},
    )
