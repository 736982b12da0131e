"""Refusals and exceptions become answers: problem documents under the API's paths, a notice beside the control for
htmx, and pages otherwise. No answer names a stack, a path, a library, SQL, or what belongs to another user.
"""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from flask import Flask, Response, current_app, g, has_request_context, render_template, request, session
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import iter_multi_items
from werkzeug.exceptions import BadHost, HTTPException, MethodNotAllowed
from werkzeug.routing import IntegerConverter, Map, Rule, UnicodeConverter

from app.accounts.guard import signed_out_answer
from app.kernel.addresses import is_api
from app.kernel.api import problems
from app.kernel.api.routing import api_of
from app.kernel.current import the_request
from app.kernel.db import faults
from app.kernel.db.faults import Fault, code_of, fault_of
from app.kernel.db.transaction import SAFE, CommitFailed
from app.kernel.errors import Denied, NotFound, Refusal, Unavailable
from app.kernel.web import htmx, visitors
from app.kernel.web.templates import TemplateEnvironment

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

SECRET_FIELDS = ("csrf", "password", "token", "code", "secret", "version", "next")
"""Fields of a refused form that are never shown again."""

QUERY_CHARACTERS = "!$'()*,/:;?@"
"""Characters that werkzeug leaves as they are in the query of an address."""

OF_THE_PAGE = frozenset(
    ("about", "act", "back", "in_list", "item", "on", "preview", "query", "read", "row", "seen", "shown", "step")
)
"""What a form says of the page it stood on, of the ticked rows and of the pressed button, by the name before a colon.
Nobody typed it."""


def install(app: Flask) -> None:
    """Registers the error handlers. To be called first: the answer of last resort has the headers of all others."""
    app.wsgi_app = LastResort(app.wsgi_app)  # type: ignore[method-assign]  # the documented way to wrap
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(CommitFailed, _commit_failed)
    app.register_error_handler(Exception, _unforeseen)


class Number(IntegerConverter):
    """An id in an address. More digits than any id has do not fit into a database's whole numbers, and those of other
    scripts would give a page a second address: neither is an address of ours."""

    regex = "[0-9]{1,18}"


class Word(UnicodeConverter):
    """A name in an address. PostgreSQL takes no text with a zero in it."""

    def __init__(self, map: Map, minlength: int = 1, maxlength: int | None = None, length: int | None = None) -> None:
        super().__init__(map, minlength, maxlength, length)
        self.regex = self.regex.replace("[^/]", r"[^/\x00]")


class Address(Rule):
    """A rule of the URL map whose builder is compiled when the first address of it is made: compiling both of all of
    them took a twelfth of the start of every process, and most processes need a few."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(rule: Rule, /, **values: object) -> tuple[str, str]:
            if not compiled:
                compiled.append(super(Address, self)._compile_builder(append_unknown))
            return compiled[0](rule, **values)

        return build


class Application(Flask):
    """Flask, whose error handlers also answer what is raised outside of the view, and whose log lines have no paths.

    Flask itself answers 500 to an exception after the view (a commit that fails), logs the path, which may be a secret,
    and hands an exception of the end of a request to the server.
    """

    jinja_environment = TemplateEnvironment
    url_rule_class = Address

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.url_map.converters |= {"int": Number, "default": Word, "string": Word}
        self._fixed: dict[tuple[str, str], str] = {}
        """Addresses of endpoints none of whose rules has arguments, by the root of the site; empty for the others."""

    def url_for(
        self,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,  # of the rules, as in Flask
    ) -> str:
        """Flask's addresses. A page has dozens, and most are of an endpoint that has one: only their query is new."""
        if not (_anchor or _method or _scheme or _external) and has_request_context():
            request = the_request()
            if endpoint.startswith("."):
                endpoint = f"{request.blueprint or ''}{endpoint}"
            key = request.script_root, endpoint
            fixed = self._fixed.get(key)
            if fixed is None:
                varies = any(rule.arguments or rule.host for rule in self.url_map.iter_rules(endpoint))
                fixed = self._fixed[key] = "" if varies else super().url_for(endpoint)
            if fixed:
                query = [pair for pair in iter_multi_items(values) if pair[1] is not None] if values else ()
                return f"{fixed}?{urlencode(query, safe=QUERY_CHARACTERS)}" if query else fixed
        return super().url_for(
            endpoint, _anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external, **values
        )

    def handle_exception(self, e: Exception) -> Response:
        """Answers an exception of a function after the view, or of an error handler."""
        try:
            with contextlib.suppress(RuntimeError):
                session.modified = False  # what the view wrote belongs to what was not saved
            answer = self.make_response(self.handle_user_exception(e))
        except Exception as second:
            log.error("error handler failed", exc_info=second)
            answer = last_resort(request.path, g.get("request_id", ""))
        return self.finalize_request(answer, from_error_handler=True)

    def do_teardown_request(self, *given: BaseException | None) -> None:
        """Ends the request. The response is made already: nothing may take its place."""
        try:
            super().do_teardown_request(*given)
        except Exception as error:
            log.error("end of the request failed", exc_info=error)


class LastResort:
    """Answers what not even Flask has answered: a middleware beneath, or a fault of its own."""

    def __init__(self, inner: WSGIApplication) -> None:
        self.inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self.inner(environ, start_response)
        except Exception as error:
            log.error("crash", exc_info=error)
            return last_resort(environ.get("PATH_INFO", ""))(environ, start_response)


def last_resort(path: str, request_id: str = "") -> Response:
    """An answer that needs nothing: no template, no request."""
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    if is_api(path):
        document = problems.bare(503, SENTENCES[500], request_id)
        return Response(document, 503, headers, content_type=problems.CONTENT_TYPE)
    return Response(f"{SENTENCES[500]}\n", 503, headers, mimetype="text/plain")


def refuse(refusal: Refusal) -> Response:
    """The answer for a refusal: a problem document, a fragment or a page, as the caller can read it."""
    if is_api(request.path):
        product = g.get("product")
        return problems.answer(refusal, product.extend_problem if product else None)
    shown = {"typed": _typed(), "again": _again(), "edit": g.get("edited_form", ""), "request_id": g.get("request_id")}
    shown["back"] = g.get("page_of_form") or _page_above()
    shown["labels"] = g.get("field_labels", {})
    if visitors.on_visitor_page():
        response = visitors.refused_page(refusal, **shown)
    elif htmx.is_htmx():
        response = Response(render_template("_refused.html", refusal=refusal, **shown), refusal.status)
        htmx.retarget(response, "#refusal")
    else:
        shown["refusal"] = refusal
        bare = refusal.status >= 500 or isinstance(request.routing_exception, BadHost)
        page = _bare_page(shown) if bare else render_template("refused.html", **shown)
        response = Response(page, refusal.status)
    response.headers.update(refusal.headers)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("HX-Request")
    return response


def _page_above() -> str:
    """The address of the page that a form belongs to: the nearest one above the form's own address."""
    if isinstance(request.routing_exception, BadHost):
        return "/"
    path, routes = request.path, current_app.create_url_adapter(request)
    while path and routes is not None:
        path = path.rpartition("/")[0]
        with contextlib.suppress(HTTPException):
            routes.match(path or "/", method="GET")
            return request.script_root + (path or "/")
    return request.script_root + "/"


def _bare_page(shown: dict[str, object]) -> str:
    """The page for our own faults, and for a Host that is no name, which leaves no addresses to link to.

    It reads neither the user nor the navigation, because that may be what failed.
    """
    template = current_app.jinja_env.get_template("refused.html")
    return template.render(
        **shown,
        bare=True,
        me=None,
        desks=tuple,
        request=request,
        get_flashed_messages=lambda **_: (),
    )


def _typed() -> list[tuple[str, str]]:
    """The text that was typed into a refused form, so that the page can show it; never secrets."""
    if request.method in SAFE:
        return []
    try:
        fields = request.form.items(multi=True)
        hidden = OF_THE_PAGE | {name for name, label in g.get("field_labels", {}).items() if label is None}
        return [
            (name, value)
            for name, value in fields
            if value.strip() and name.partition(":")[0] not in hidden and not _is_secret(name)
        ]
    except HTTPException:
        return []


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET_FIELDS)


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
    if is_api(request.path) and "product" not in g:
        g.product = api_of((isinstance(error, MethodNotAllowed) and error.valid_methods) or ())
    if status == 404:
        return refuse(NotFound(SENTENCES[404]))
    if status == 405 and request.method in ("GET", "HEAD") and not is_api(request.path):
        # A form's own address, opened again from the history or by a restored tab.
        query = request.query_string.decode("ascii", "replace")
        return htmx.see_other(f"{_page_above()}?{query}" if query else _page_above())
    refusal = Refusal(
        SENTENCES.get(status, SENTENCES[400] if status < 500 else SENTENCES[500]),
        code=problems.CODES.get(status, "bad_request" if status < 500 else "internal_error"),
        status=status,
    )
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            refusal.headers[name] = value
    return refuse(refusal)


def _csrf_error(_error: CSRFError) -> Response:
    if (answer := signed_out_answer()) is not None:
        return answer
    return refuse(
        Denied(
            "This page was open for too long, or you signed in again elsewhere. Nothing was done. "
            "What you typed is still here: look it over, then send it again.",
            code="csrf",
        )
    )


def _commit_failed(failure: CommitFailed) -> Response:
    cause = failure.__cause__ or failure
    fault = fault_of(cause) or faults.AWAY
    if fault is faults.AWAY and getattr(cause, "connection_invalidated", False):
        fault = faults.UNCERTAIN
    log.error("commit failed", fault=fault.name, code=code_of(cause), exc_info=cause)
    return _unavailable(fault)


def _unforeseen(error: Exception) -> Response:
    """The answer to a fault of the database or the disk, which passes, or of the program."""
    fault = fault_of(error)
    if fault is None:
        log.error("crash", exc_info=error)
        return refuse(Refusal(SENTENCES[500], code="internal_error", status=500))
    log.error("database unavailable", fault=fault.name, code=code_of(error), exc_info=error)
    return _unavailable(fault)


def _unavailable(fault: Fault) -> Response:
    return refuse(Unavailable(fault.sentence, headers={"Retry-After": str(fault.retry_after)}))
