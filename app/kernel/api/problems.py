"""Problem documents (RFC 9457), the refusals of all three APIs."""

from collections.abc import Callable
from http import HTTPStatus

import orjson
from flask import Response, g

from app.kernel.errors import Refusal
from app.kernel.json_types import JsonObject

CONTENT_TYPE = "application/problem+json"
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


def answer(refusal: Refusal, extend: Extend | None = None) -> Response:
    """The response of a refusal."""
    return Response(
        orjson.dumps(document(refusal, extend)),
        refusal.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **refusal.headers},
    )
