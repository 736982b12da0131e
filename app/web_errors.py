"""Refusals and exceptions become answers: problem documents under the API's paths, a notice beside the control for
htmx, and pages otherwise. No answer names a stack, a path, a library, SQL, or what belongs to another user.
"""

import contextlib

import structlog
from flask import Flask, Response, current_app, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.kernel.api import problems
from app.kernel.api.routing import is_api
from app.kernel.db.transaction import SAFE
from app.kernel.errors import Denied, NotFound, Refusal, Unavailable
from app.kernel.web import htmx, visitors

log = structlog.get_logger("desk")

SENTENCES = {
    400: "The request could not be understood. Nothing was done.",
    404: "There is nothing at this address.",
    405: "This address does not take that method. Nothing was done.",
    408: "Your request did not arrive in time. Nothing was done. Try again, on a better connection if you can.",
    413: "This is larger than we take. Nothing was saved.",
    414: "This address is too long.",
    415: "This type of content is not taken here. Nothing was done.",
    503: "Too much arrives at once. Nothing was done. Try again in a few seconds.",
    500: (
        "Something went wrong on our side. Nothing was saved. Try again; if it happens again, tell us the number below."
    ),
}
CODES = {
    405: "method_not_allowed",
    408: "request_timeout",
    413: "body_too_large",
    415: "unsupported_media_type",
    503: "unavailable",
    500: "internal_error",
}

SECRET_FIELDS = ("csrf", "password", "token", "code", "secret", "version", "next")
"""Fields of a refused form that are never shown again."""


def install(app: Flask) -> None:
    """Registers the error handlers."""
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _database_error)
    app.register_error_handler(Exception, _crash)


def refuse(refusal: Refusal) -> Response:
    """The answer for a refusal: a problem document, a fragment or a page, as the caller can read it."""
    if is_api(request.path):
        product = g.get("product")
        return problems.answer(refusal, product.extend_problem if product else None)
    shown = {"typed": _typed(), "again": _again(), "back": _page_above(), "request_id": g.get("request_id")}
    if visitors.on_visitor_page():
        response = visitors.refused_page(refusal, **shown)
    elif htmx.is_htmx():
        response = Response(render_template("_refused.html", refusal=refusal), refusal.status)
        htmx.retarget(response, "#refusal")
    else:
        shown["refusal"] = refusal
        page = render_template("refused.html", **shown) if refusal.status < 500 else _bare_page(shown)
        response = Response(page, refusal.status)
    response.headers.update(refusal.headers)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("HX-Request")
    return response


def _page_above() -> str:
    """The address of the page that a form belongs to: the nearest one above the form's own address."""
    path, routes = request.path, current_app.create_url_adapter(request)
    while path and routes is not None:
        path = path.rpartition("/")[0]
        with contextlib.suppress(HTTPException):
            routes.match(path or "/", method="GET")
            return request.script_root + (path or "/")
    return request.script_root + "/"


def _bare_page(shown: dict[str, object]) -> str:
    """The page for our own faults. It reads neither the user nor the navigation, because that may be what failed."""
    template = current_app.jinja_env.get_template("refused.html")
    return template.render(
        **shown, me=None, desks=(), request=request, get_flashed_messages=lambda **_: (), title="Not our best moment"
    )


def _typed() -> list[tuple[str, str]]:
    """The text that was typed into a refused form, so that the page can show it; never secrets."""
    if request.method in SAFE:
        return []
    try:
        fields = request.form.items(multi=True)
        return [(k, v) for k, v in fields if v.strip() and not any(word in k.lower() for word in SECRET_FIELDS)]
    except HTTPException:
        return []


def _again() -> list[tuple[str, str]]:
    """The fields of a refused form that a page may offer to send once more: never its token, nor secrets."""
    if request.method in SAFE or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return []
    try:
        return [(name, value) for name, value in request.form.items(multi=True) if not _never_again(name)]
    except HTTPException:
        return []


def _never_again(name: str) -> bool:
    return name == "csrf_token" or any(word in name.lower() for word in ("password", "secret", "code"))


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect Werkzeug raised
    if status == 404:
        return refuse(NotFound(SENTENCES[404]))
    if status == 405 and request.method in ("GET", "HEAD") and not is_api(request.path):
        # A form's own address, opened again from the history or by a restored tab.
        query = request.query_string.decode("ascii", "replace")
        return htmx.see_other(f"{_page_above()}?{query}" if query else _page_above())
    refusal = Refusal(
        SENTENCES.get(status, SENTENCES[400] if status < 500 else SENTENCES[500]),
        code=CODES.get(status, "bad_request" if status < 500 else "internal_error"),
        status=status,
    )
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            refusal.headers[name] = value
    return refuse(refusal)


def _csrf_error(_error: CSRFError) -> Response:
    return refuse(
        Denied(
            "This page was open for too long, or you signed in again elsewhere. Nothing was done. "
            "What you typed is still here: look it over, then send it again.",
            code="csrf",
        )
    )


def _database_error(error: Exception) -> Response:
    log.error("database unavailable", kind=type(error).__name__, cause=str(getattr(error, "orig", ""))[:200])
    return refuse(
        Unavailable(
            "Our database does not answer right now. Nothing was saved. Try again in a few seconds.",
            headers={"Retry-After": "5"},
        )
    )


def _crash(error: Exception) -> Response:
    log.error("crash", exc_info=error)
    return refuse(Refusal(SENTENCES[500], code="internal_error", status=500))
