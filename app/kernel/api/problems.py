"""The one problem document (RFC 9457) that all three doors answer with."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response, g

from app.kernel.errors import Refusal

CONTENT_TYPE = "application/problem+json"
Add = Callable[[dict[str, Any], Refusal], None]


def document(refusal: Refusal, add: Add | None = None) -> dict[str, Any]:
    """The members every client may rely on, and what this door's own clients know besides (`add`)."""
    try:
        title = HTTPStatus(refusal.status).phrase
    except ValueError:
        title = refusal.title
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "request_id": g.get("request_id", ""),
    }
    if refusal.errors:
        body["errors"] = [{"field": e.field, "code": e.code, "detail": e.detail} for e in refusal.errors]
    if add is not None:
        add(body, refusal)
    body.update(refusal.extra)
    return body


def answer(refusal: Refusal, add: Add | None = None) -> Response:
    return Response(
        orjson.dumps(document(refusal, add)),
        refusal.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **refusal.headers},
    )
