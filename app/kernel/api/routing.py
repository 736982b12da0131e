"""The JSON API: what happens to a call between the wire and a room's handler.

The order of refusals is the same at all three doors: 401, 429, 403, 404, then 413/415/400 for what cannot be read,
then the idempotent replay, then validation, and last, inside the transaction, what the rules say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

import orjson
from flask import Blueprint, Flask, Response, current_app, g, request
from pydantic import BaseModel
from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge

from app.config import Config
from app.kernel import clock
from app.kernel.api import problems
from app.kernel.api.rate_limits import Decision, Limiter, refuse
from app.kernel.api.validation import parse_object, read
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.db import idempotency, transaction
from app.kernel.db.engine import Db
from app.kernel.errors import Denied, NotFound, Refusal, TooLarge, UnsupportedMedia

LARGEST_BODY = 256 * 1024
LARGEST_INTEGER = 2**63 - 1

blueprint = Blueprint("api", __name__)


def is_api(path: str) -> bool:
    """Whether answers at this path are JSON, also where nothing exists."""
    return path.startswith(("/api/", "/v1/")) or path in ("/api", "/v1")


class Authenticator(Protocol):
    """Who may come in with which credential; app/accounts/api_auth.py has the three."""

    scheme_name: str
    scheme: dict[str, Any]

    def authenticate(self, authorization: str | None, db: Db, now: datetime) -> Any: ...

    def limits(self, caller: Any) -> list[tuple[str, int]]: ...


@dataclass(slots=True)
class Call:
    """One call of the API, as a handler sees it."""

    by: Actor
    organization: Any
    credential: Any
    now: datetime
    config: Config
    args: dict[str, Any]
    query: Any = None
    body: Any = None
    found: Any = None

    @property
    def db(self) -> Db:
        """Reading for safe methods, this request's transaction otherwise."""
        return transaction.db()

    @property
    def reading(self) -> Db:
        return transaction.reading()


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer when a plain object is not enough.

    `secret_until` and `later`: a replay under the same Idempotency-Key gives `later` from that moment on.
    """

    body: Any
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_until: datetime | None = None
    later: Any = None


@dataclass(frozen=True, slots=True)
class Route:
    """One documented operation."""

    method: str
    paths: tuple[str, ...]
    name: str
    summary: str
    description: str
    status: int
    answer: type[BaseModel] | None
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    scope: str | None
    find: Callable[[Call], Any] | None
    allowed: Callable[[Call], None] | None
    authenticated: bool
    limit: int | None
    idempotent: bool
    refusals: tuple[int, ...]
    handler: Callable[[Call], Any]


class Product:
    """One documented API: its door, its way of saying no, and its operations."""

    def __init__(
        self,
        name: str,
        title: str,
        description: str,
        authenticator: Authenticator,
        *,
        invalid_status: int = 422,
        malformed_status: int = 400,
        add: problems.Add | None = None,
        problem: type[BaseModel] | None = None,
    ) -> None:
        self.name, self.title, self.description, self.authenticator = name, title, description, authenticator
        self.invalid_status, self.malformed_status = invalid_status, malformed_status
        self.add, self.problem = add, problem
        self.routes: list[Route] = []

    def route(
        self,
        method: str,
        *paths: str,
        answer: tuple[int, type[BaseModel] | None],
        summary: str,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        scope: str | None = None,
        find: Callable[[Call], Any] | None = None,
        allowed: Callable[[Call], None] | None = None,
        authenticated: bool = True,
        limit: int | None = None,
        idempotent: bool = True,
        refusals: tuple[int, ...] = (),
    ) -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
        """Registers `handler(call)` under one or several paths.

        `find` looks up the object of the path on a reading session and raises NotFound; `allowed` raises Denied.
        `authenticated=False` opens the operation to every caller, throttled to `limit` a minute and address.
        `refusals` names further statuses for the OpenAPI document.
        """

        def register(handler: Callable[[Call], Any]) -> Callable[[Call], Any]:
            made = Route(
                method=method,
                paths=paths,
                name=handler.__name__,
                summary=summary,
                description=(handler.__doc__ or "").strip(),
                status=answer[0],
                answer=answer[1],
                body=body,
                query=query,
                scope=scope,
                find=find,
                allowed=allowed,
                authenticated=authenticated,
                limit=limit,
                idempotent=idempotent and method in ("POST", "PATCH"),
                refusals=refusals,
                handler=handler,
            )
            self.routes.append(made)
            view = _view(self, made)
            for number, path in enumerate(paths):
                endpoint = f"{self.name}_{handler.__name__}" + (f"_{number + 1}" if number else "")
                blueprint.add_url_rule(path, endpoint, view, methods=[method])
            return handler

        return register


def _view(product: Product, route: Route) -> Callable[..., Response]:
    """The Flask view of one operation."""
    unsafe = route.method not in transaction.SAFE

    def view(**args: Any) -> Response:
        g.product = product
        if request.method == "HEAD" and not route.authenticated:
            raise MethodNotAllowed([route.method, "OPTIONS"])
        call = _authenticate(product, route, args)
        if route.scope is not None and route.scope not in call.credential.scopes:
            raise Denied(
                f"This key lacks the scope {route.scope}. Nothing was done.",
                extra={"field_errors": {"required_scope": [route.scope]}},
            )
        if route.allowed is not None:
            route.allowed(call)
        if route.find is not None:
            call.found = route.find(call)
        if not unsafe:
            if route.query is not None:
                call.query = read(route.query, request.args.to_dict(), product.invalid_status)
            return _respond(route, route.handler(call))
        data = parse_object(raw := _raw_body(), product.malformed_status)
        key = idempotency.read_key(request.headers.get("Idempotency-Key")) if route.idempotent else None
        if key is None:
            return _respond(route, _handle(product, route, call, data))
        return _once(product, route, call, data, raw, key)

    view.__name__ = route.name
    view.api_route = route  # type: ignore[attr-defined]  # the mark tests and the guard read
    return view


def _authenticate(product: Product, route: Route, args: dict[str, Any]) -> Call:
    """Who calls, and how often. Raises Unauthorized, RateLimited."""
    now = clock.now()
    limiter: Limiter = current_app.extensions["limiter"]
    address = request.remote_addr
    if not route.authenticated:
        if route.limit is not None:
            _count(limiter.hit(f"{product.name}.{route.name}:{address}", route.limit))
        visitor = Actor("visitor", None, "Somebody", None, "api", g.get("request_id"), address)
        return Call(visitor, None, None, now, current_app.extensions["config"], args)
    caller = product.authenticator.authenticate(request.headers.get("Authorization"), transaction.reading(), now)
    _count(limiter.hit_all(product.authenticator.limits(caller)))
    organization, credential = caller.organization, caller.credential
    g.organization_id = organization.id
    by = Actor("key", str(credential.id), organization.name, organization.id, "api", g.get("request_id"), address)
    return Call(by, organization, credential, now, current_app.extensions["config"], args)


def _count(decision: Decision) -> None:
    g.rate = decision
    refuse(decision)


def _raw_body() -> bytes:
    """The body as sent. Raises TooLarge, UnsupportedMedia."""
    request.max_content_length = LARGEST_BODY
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLarge("The body is larger than 256 KiB. Nothing was done.") from None
    if raw and request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise UnsupportedMedia("The body must be sent as application/json. Nothing was done.")
    return raw


def _handle(product: Product, route: Route, call: Call, data: dict[str, Any]) -> Any:
    if route.query is not None:
        call.query = read(route.query, request.args.to_dict(), product.invalid_status)
    if route.body is not None:
        call.body = read(route.body, data, product.invalid_status)
    return route.handler(call)


def _once(product: Product, route: Route, call: Call, data: dict[str, Any], raw: bytes, key: str) -> Response:
    """Handles a call that carries an Idempotency-Key: once, and the same answer ever after."""
    db = call.db
    who = f"key:{call.credential.id}" if call.credential is not None else f"address:{request.remote_addr}"
    wanted = idempotency.row_id(who, f"{product.name}.{route.name}", call.args, key)
    fingerprint = sha256(request.query_string.decode("latin-1") + "\n" + raw.decode("latin-1"))
    stored = idempotency.begin(db, wanted, fingerprint, call.now)
    if stored is not None:
        return _replay(stored)
    try:
        answer = _answer(_handle(product, route, call, data))
    except Refusal as refusal:
        if refusal.status not in (402, 409, 422, 423) or refusal.errors:
            raise
        # What was written before the refusal goes, and the key with it: it is claimed anew to keep the answer. No
        # savepoint, which every call that succeeds would pay for.
        db.rollback()
        stored = idempotency.begin(db, wanted, fingerprint, call.now)
        if stored is not None:
            return _replay(stored)
        response = problems.answer(refusal, product.add)
        idempotency.finish(db, wanted, status=refusal.status, body=response.get_data())
        transaction.commit_despite_refusal()
        return response
    response = _respond(route, answer)
    idempotency.finish(
        db,
        wanted,
        status=response.status_code,
        body=response.get_data(),
        secret_until=answer.secret_until,
        later=None if answer.later is None else orjson.dumps(answer.later),
    )
    return response


def _replay(stored: idempotency.Stored) -> Response:
    kind = "application/json" if stored.status < 400 else problems.CONTENT_TYPE
    headers = {"Idempotent-Replayed": "true", "Cache-Control": "no-store"}
    return Response(stored.body, stored.status, content_type=kind, headers=headers)


def _answer(given: Any) -> Answer:
    return given if isinstance(given, Answer) else Answer(given)


def _respond(route: Route, given: Any) -> Response:
    if isinstance(given, Response):
        return given
    answer = _answer(given)
    return Response(
        orjson.dumps(answer.body),
        answer.status or route.status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **answer.headers},
    )


def install(app: Flask) -> None:
    """Adds the rate-limit headers to every answer behind a door, refusals included."""
    app.register_blueprint(blueprint)

    @app.after_request
    def say_limits(response: Response) -> Response:
        decision: Decision | None = g.get("rate")
        # A refused decision's headers came with its refusal.
        if decision is not None and decision.allowed:
            response.headers.extend(decision.headers)
        return response


def as_uuid(text: str) -> UUID:
    """The UUID in a path. Raises NotFound when it is none: a malformed id is an unknown one."""
    try:
        found = UUID(text)
    except ValueError:
        raise NotFound() from None
    if text.lower() not in (str(found), found.hex):
        raise NotFound()
    return found


@lru_cache(maxsize=4096)
def as_integer(text: str) -> int | None:
    """The positive integer in a path, or None when it is none that a row could have."""
    if not (text.isascii() and text.isdigit()):
        return None
    number = int(text) if len(text) <= 19 else LARGEST_INTEGER + 1
    return number if 0 < number <= LARGEST_INTEGER else None
