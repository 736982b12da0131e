"""The WSGI function."""

import gc
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from bench.floor import api, auth, pages

LINES = {200: "200 OK", 201: "201 Created", 401: "401 Unauthorized", 404: "404 Not Found", 409: "409 Conflict"}
JSON, HTML = "application/json", "text/html; charset=utf-8"


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path.startswith("/api/"):
        (status, body), kind = _api(environ, path), JSON
    elif path == "/health/live":
        status, body, kind = 200, b"{}", JSON
    else:
        (status, body), kind = pages.answer(environ, path), HTML
    line = LINES.get(status, f"{status} No")
    start_response(line, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def _api(environ: dict[str, Any], path: str) -> api.Answer:
    method = environ["REQUEST_METHOD"]
    if method == "POST":
        who = auth.by_bearer(environ)
        return (401, b"{}") if who is None else api.create(environ, *who, _body(environ))
    product = "inspections" if path.startswith("/api/v1/public/") else "prescreens"
    who = auth.by_key(environ, product)
    if who is None:
        return 401, b"{}"
    key, organization, name = who
    if method == "PATCH":
        id = path.removeprefix("/api/v1/sessions/").removesuffix("/review")
        return api.review(key, organization, name, id, _body(environ), environ.get("REMOTE_ADDR", ""))
    if path in ("/api/v1/sessions", "/api/v1/public/sessions"):
        limit = int(parse_qs(environ.get("QUERY_STRING", "")).get("limit", ["25"])[0])
        return (api.inspections if product == "inspections" else api.prescreens)(organization, limit)
    return api.prescreen(organization, path.removeprefix("/api/v1/sessions/"))


def _body(environ: dict[str, Any]) -> bytes:
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


gc.collect()
gc.freeze()
