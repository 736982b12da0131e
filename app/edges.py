"""The edges of the house: how a request comes in and how an answer, or a refusal, leaves.

A refusal leaves as a problem document under the API's paths, as a notice next to the control for htmx, and as a page
otherwise. Nothing that leaves names a stack, a path, a library, SQL, or what somebody else owns.
"""

import contextlib
import ipaddress
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, Response, current_app, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from app.config import Config
from app.kernel.api import problems
from app.kernel.db.transaction import SAFE
from app.kernel.errors import Denied, NotFound, Refusal, Unavailable
from app.kernel.web import htmx

log = structlog.get_logger("desk")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"

SENTENCES = {
    400: "The request could not be understood. Nothing was done.",
    404: "There is nothing at this address.",
    405: "This address does not take that method. Nothing was done.",
    413: "This is larger than we take. Nothing was saved.",
    414: "This address is too long.",
    415: "This type of content is not taken here. Nothing was done.",
    500: (
        "Something went wrong on our side. Nothing was saved. Try again; if it happens again, tell us the number below."
    ),
}
CODES = {405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type", 500: "internal_error"}

# Fields of a refused form that are never shown again.
UNSPOKEN = ("csrf", "password", "token", "code", "secret", "version", "next")


def is_api(path: str) -> bool:
    """Whether answers at this path are JSON, also for what does not exist there."""
    return path.startswith(("/api/", "/v1/")) or path in ("/api", "/v1")


def install(app: Flask, config: Config) -> None:
    """Puts the edges on: request ids, headers, refusals, the access log."""
    app.before_request(_arrive)
    app.before_request(_same_site)
    app.after_request(_options)
    app.after_request(_depart)
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _database_error)
    app.register_error_handler(Exception, _crash)
    app.wsgi_app = Proxied(Sealed(app.wsgi_app), config)  # type: ignore[method-assign]  # the documented way to wrap


def _arrive() -> None:
    g.request_id = uuid4().hex
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _same_site() -> None:
    """Refuses unsafe page requests that another site caused, besides the CSRF token."""
    if request.method in SAFE or is_api(request.path):
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign = site is not None and site not in ("same-origin", "none")
    elsewhere = origin not in (None, "null") and origin.rstrip("/") != request.host_url.rstrip("/")
    if foreign or elsewhere:
        raise Denied("This was sent from another site. Nothing was done. Open the page here and try again.")


def _options(response: Response) -> Response:
    """OPTIONS under the API is 204 and Allow, nothing else: no CORS, keys do not belong in browsers."""
    if request.method == "OPTIONS" and is_api(request.path) and response.status_code == 200:
        response.status_code = 204
        response.set_data(b"")
        response.headers.pop("Content-Type", None)
    return response


def _depart(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
        _log_access(response)
    return response


def _log_access(response: Response) -> None:
    """One line a request. The rule, not the path: paths and queries can carry tokens."""
    rule, now = request.url_rule, time.perf_counter()
    log.info(
        "request",
        method=request.method,
        route=rule.rule if rule else None,
        status=response.status_code,
        ms=round((now - g.get("started", now)) * 1000, 1),
        organization=g.get("organization_id"),
        person=g.get("person_id"),
        address=request.remote_addr,
    )


def refuse(refusal: Refusal) -> Response:
    """The answer for a refusal, in the form whoever asked can read."""
    if is_api(request.path):
        product = g.get("product")
        return problems.answer(refusal, product.add if product else None)
    if htmx.is_htmx():
        response = Response(render_template("_refused.html", refusal=refusal), refusal.status)
        htmx.retarget(response, "#refusal")
    else:
        shown = {"refusal": refusal, "typed": _typed(), "again": _again(), "request_id": g.get("request_id")}
        shown["back"] = request.script_root + _page_above()
        page = render_template("refused.html", **shown) if refusal.status < 500 else _bare_page(shown)
        response = Response(page, refusal.status)
    response.headers.update(refusal.headers)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("HX-Request")
    return response


def _page_above() -> str:
    """The path of the page that a refused form belongs to: the nearest one above its own address."""
    path, routes = request.path, current_app.create_url_adapter(request)
    while path and routes is not None:
        path = path.rpartition("/")[0]
        with contextlib.suppress(HTTPException):
            routes.match(path or "/", method="GET")
            return path or "/"
    return "/"


def _bare_page(shown: dict[str, Any]) -> str:
    """The page for our own faults: asks nobody who is signed in and what waits, because that may be what failed."""
    template = current_app.jinja_env.get_template("refused.html")
    return template.render(
        **shown, me=None, desks=(), request=request, get_flashed_messages=lambda **_: (), title="Not our best moment"
    )


def _typed() -> list[tuple[str, str]]:
    """What was typed into a refused form, so that the page can hand it back; never secrets."""
    if request.method in SAFE:
        return []
    try:
        fields = request.form.items(multi=True)
        return [(k, v) for k, v in fields if v.strip() and not any(word in k.lower() for word in UNSPOKEN)]
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


class Sealed:
    """Puts the security headers on every answer that does not bring its own; beneath Flask, where that costs least."""

    FIXED = tuple((name.lower(), (name, value)) for name, value in HEADERS.items())
    STRICT = ("strict-transport-security", ("Strict-Transport-Security", STRICT_TRANSPORT))

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self.inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        wanted = (*self.FIXED, self.STRICT) if environ["wsgi.url_scheme"] == "https" else self.FIXED

        def sealed(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            brought = {name.lower() for name, _ in headers}
            return start_response(status, headers + [one for name, one in wanted if name not in brought], *error)

        return self.inner(environ, sealed)


class Proxied:
    """Believes X-Forwarded-For and X-Forwarded-Proto only from TRUSTED_PROXIES."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], config: Config) -> None:
        self.inner, self.trusted = inner, config.trusted_proxies

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self.trusted and self._is_proxy(environ.get("REMOTE_ADDR", "")):
            hops = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
            while hops and self._is_proxy(hops[-1]):
                hops.pop()
            if hops and _address(hops[-1]) is not None:
                environ["REMOTE_ADDR"] = hops[-1]
            if environ.get("HTTP_X_FORWARDED_PROTO") in ("http", "https"):
                environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        return self.inner(environ, start_response)

    def _is_proxy(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(
            address.version == network.version and address in network for network in self.trusted
        )


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
