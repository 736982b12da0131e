"""Routing of the JSON APIs: authentication, limits, idempotency and validation before a desk's handler.

The order of refusals is the same in all three APIs: 401, 429, 403, 404, then 413, 415 or 400 for a body that cannot be
read, then the idempotent replay, then validation, and last, in the transaction, the refusals of the rules.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from inspect import cleandoc
from typing import Any, cast
from uuid import UUID
from wsgiref.types import WSGIEnvironment

from flask import Blueprint, Flask, Request, Response, current_app, g, request
from pydantic import BaseModel
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.exceptions import HTTPException

from app.config import Config
from app.kernel import clock
from app.kernel.addresses import is_api
from app.kernel.api import problems
from app.kernel.api.callers import Authenticator, Caller, Organization
from app.kernel.api.rate_limits import Decision, Limiter, by_network, refuse
from app.kernel.api.request_body import LARGEST_BODY, query_of, raw_body, with_signed
from app.kernel.api.validation import ignored_members, parse_object, read
from app.kernel.changes.events import Actor
from app.kernel.crypto import sha256
from app.kernel.current import notes, the_request
from app.kernel.db import idempotency, transaction
from app.kernel.db.engine import Db
from app.kernel.errors import Denied, NotFound, Refusal
from app.kernel.json_types import JsonObject, to_json

blueprint = Blueprint("api", __name__)


def largest_body(app: Flask, path: str) -> int:
    """How large the body of a request to this path may be."""
    if is_api(path):
        return LARGEST_BODY
    try:
        endpoint, _ = app.url_map.bind("").match(path, "POST")
    except HTTPException:
        endpoint = ""
    elsewhere: int = app.config["MAX_CONTENT_LENGTH"]
    return getattr(app.view_functions.get(endpoint), "largest_body", elsewhere)


@dataclass(slots=True)
class Call:
    """One call of the API, as a handler receives it.

    `query`, `body` and `found` are of the types that the route declares; a handler reads them as such (`Any`).
    """

    by: Actor
    caller: Caller | None
    now: datetime
    config: Config
    args: dict[str, str]
    query: Any = None
    body: Any = None
    found: Any = None

    @property
    def organization(self) -> Organization:
        """The organization that calls. Only for operations that are authenticated."""
        assert self.caller is not None
        return self.caller.organization

    @property
    def db(self) -> Db:
        """The reading session for safe methods, else the transaction of this request."""
        return transaction.db()

    @property
    def reading(self) -> Db:
        """The reading session of this request."""
        return transaction.reading()


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's response when a plain object is not enough.

    A replay under the same Idempotency-Key has the body `later` from `secret_until` on.
    """

    body: object
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_until: datetime | None = None
    later: object = None


Signed = Callable[[Call, str], JsonObject]
"""Reads the parameters in a signed payload. Raises Invalid."""

View = Callable[..., Response]

IGNORED = "Ignored-Members"
"""The header that names the members of a body which the API does not know."""

Handler = Callable[[Call], object]
"""Handles a call. It returns an object for the JSON body, an Answer, or a Flask response."""


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
    find: Callable[[Call], object] | None
    allowed: Callable[[Call], None] | None
    authenticated: bool
    limit: int | None
    idempotent: bool
    refusals: tuple[int, ...]
    otherwise: str
    signed: Signed | None
    printed: Mapping[int, type[BaseModel]]
    headers: Mapping[str, str]
    handler: Handler


class Product:
    """One documented API: its authenticator, its form of refusals, and its operations."""

    def __init__(
        self,
        name: str,
        title: str,
        description: str,
        authenticator: Authenticator,
        *,
        invalid_status: int = 422,
        malformed_status: int = 400,
        extend_problem: problems.Extend | None = None,
        problem: type[BaseModel] | None = None,
        names_ignored: bool = False,
    ) -> None:
        """With `names_ignored` every answer names the members of the body that it does not know."""
        self.name, self.title, self.description, self.authenticator = name, title, description, authenticator
        self.invalid_status, self.malformed_status = invalid_status, malformed_status
        self.extend_problem, self.problem = extend_problem, problem
        self.names_ignored = names_ignored
        self.routes: list[Route] = []
        self.views: dict[tuple[str, str], View] = {}

    def route(
        self,
        method: str,
        *paths: str,
        answer: tuple[int, type[BaseModel] | None],
        summary: str,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        scope: str | None = None,
        find: Callable[[Call], object] | None = None,
        allowed: Callable[[Call], None] | None = None,
        authenticated: bool = True,
        limit: int | None = None,
        idempotent: bool = True,
        refusals: tuple[int, ...] = (),
        otherwise: str = "",
        signed: Signed | None = None,
        printed: Mapping[int, type[BaseModel]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Callable[[Handler], Handler]:
        """Registers `handler(call)` under one or several paths.

        `find` looks up the object of the path on a reading session and raises NotFound; `allowed` raises Denied.
        `authenticated=False` opens the operation to every caller, throttled to `limit` a minute and address.
        `refusals` names further statuses for the OpenAPI document. `otherwise` is the API whose address this is too: it
        answers the credentials that have not the form of this one. With `signed` parameters may also stand in a signed
        payload, and win over those beside it (kernel/api/request_body.py). `printed` are refusals whose body the API's
        document prints, in place of a problem document; `headers` are those that callers may send.
        """

        def register(handler: Handler) -> Handler:
            route = Route(
                method=method,
                paths=paths,
                name=handler.__name__,
                summary=summary,
                description=cleandoc(handler.__doc__ or ""),
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
                otherwise=otherwise,
                signed=signed,
                printed=printed or {},
                headers=headers or {},
                handler=handler,
            )
            self.routes.append(route)
            view = _view(self, route)
            for number, path in enumerate(paths):
                endpoint = f"{self.name}_{handler.__name__}" + (f"_{number + 1}" if number else "")
                blueprint.add_url_rule(path, endpoint, view, methods=[method])
                self.views[method, path] = view
                if otherwise:
                    SHARED[method, path] = self
            return handler

        return register


SHARED: dict[tuple[str, str], Product] = {}
"""Operations at an address that another API has too, each with the API that is asked first."""


def _view(product: Product, route: Route) -> View:
    """The Flask view of one operation."""
    unsafe = route.method not in transaction.SAFE

    def view(**args: str) -> Response:
        request = the_request()
        if (other := _view_of_another_api(product, route, request)) is not None:
            return other(**args)
        notes().product = product
        call = _authenticate(product, route, request, args)
        if route.scope is not None and (call.caller is None or route.scope not in call.caller.credential.scopes):
            raise Denied(
                f"This key lacks the scope {route.scope}. Nothing was done.",
                extra={"field_errors": {"required_scope": [route.scope]}},
            )
        if route.allowed is not None:
            route.allowed(call)
        if route.find is not None:
            call.found = route.find(call)
        if not unsafe:
            _read(product, route, call, request.args, {})
            return _respond(route, route.handler(call))
        data = parse_object(raw := raw_body(product.malformed_status), product.malformed_status)
        if product.names_ignored:
            g.ignored_members = ignored_members(route.body, data)
        key = idempotency.read_key(request.headers.get("Idempotency-Key")) if route.idempotent else None
        if key is None:
            return _respond(route, _handle(product, route, call, data))
        return _handle_once(product, route, call, data, raw, key)

    view.__name__ = route.name
    view.api_route = route  # type: ignore[attr-defined]  # read by the guard and by tests
    return view


def _view_of_another_api(product: Product, route: Route, request: Request) -> View | None:
    """The operation that answers this credential, when it is that of another API at the same address.

    Raises Unauthorized where the other API has none: as it answers a wrong credential.
    """
    rule = request.url_rule
    at = (route.method, rule.rule if rule else "")
    first = SHARED.get(at)
    if first is None:
        return None
    if first.authenticator.recognizes(request.headers.get("Authorization")):
        return None if first is product else first.views[at]
    if first is not product:
        return None
    other = next(each for each in current_app.extensions["products"] if each.name == route.otherwise)
    if at not in other.views:
        g.product = other
        other.authenticator.authenticate(None, transaction.reading(), clock.now())
    return cast(View, other.views[at])


def api_of(methods: Iterable[str]) -> Product | None:
    """The API in whose form a request is refused that none takes: the one that takes these methods at its address; of
    several, or where none does, the one whose credential came, if any did."""
    request, at = the_request(), set()
    for method in methods:
        routes = current_app.create_url_adapter(request)
        assert routes is not None
        at.add((method, routes.match(method=method, return_rule=True)[0].rule))
    products: list[Product] = current_app.extensions["products"]
    found = [each for each in products if at & each.views.keys()] or products
    if len(found) > 1:
        authorization = request.headers.get("Authorization")
        found = [each for each in found if each.authenticator.recognizes(authorization)]
    return found[0] if found else None


def _authenticate(product: Product, route: Route, request: Request, args: dict[str, str]) -> Call:
    """Authenticates the call and counts it. Raises Unauthorized, RateLimited."""
    now, noted, extensions = clock.now(), notes(), current_app.extensions
    limiter: Limiter = extensions["limiter"]
    address = request.remote_addr
    if not route.authenticated:
        if route.limit is not None:
            _count(limiter.hit(by_network(f"{product.name}.{route.name}", address), route.limit))
        visitor = Actor("visitor", None, "Somebody", None, "api", noted.get("request_id"), address)
        return Call(visitor, None, now, extensions["config"], args)
    caller = product.authenticator.authenticate(request.headers.get("Authorization"), transaction.reading(), now)
    _count(limiter.hit_all(product.authenticator.limits(caller)))
    organization, credential = caller.organization, caller.credential
    noted.organization_id = organization.id
    by = Actor("key", str(credential.id), organization.name, organization.id, "api", noted.get("request_id"), address)
    return Call(by, caller, now, extensions["config"], args)


def _count(decision: Decision) -> None:
    g.rate = decision
    refuse(decision)


def _handle(product: Product, route: Route, call: Call, data: JsonObject) -> object:
    _read(product, route, call, request.args, data)
    return route.handler(call)


def _read(product: Product, route: Route, call: Call, args: MultiDict[str, str], data: JsonObject) -> None:
    """Reads the query and the body. Raises Invalid."""
    query = query_of(args, route.query.model_fields if route.query else (), product.invalid_status)
    if (signed := route.signed) is not None:
        query, data = with_signed(query, data, lambda payload: signed(call, payload))
    if route.query is not None:
        call.query = read(route.query, query, product.invalid_status)
    if route.body is not None:
        call.body = read(route.body, data, product.invalid_status)


def _handle_once(product: Product, route: Route, call: Call, data: JsonObject, raw: bytes, key: str) -> Response:
    """Handles a call with an Idempotency-Key once; repeated calls get the same response."""
    db = call.db
    client = f"key:{call.caller.credential.id}" if call.caller else f"address:{request.remote_addr}"
    key_id = idempotency.row_id(client, f"{product.name}.{route.name}", call.args, key)
    fingerprint = sha256(request.query_string.decode("latin-1") + "\n" + raw.decode("latin-1"))
    stored = idempotency.begin(db, key_id, fingerprint, call.now)
    if stored is not None:
        return _replay(stored)
    try:
        answer = _answer(_handle(product, route, call, data))
    except Refusal as refusal:
        if refusal.status not in (402, 409, 422, 423) or refusal.errors:
            raise
        # Everything written before the refusal is rolled back, the key too: it is claimed again to store the response.
        # Not with a savepoint, which every call that succeeds would pay for.
        db.rollback()
        stored = idempotency.begin(db, key_id, fingerprint, call.now)
        if stored is not None:
            return _replay(stored)
        response = problems.answer(refusal, product.extend_problem)
        idempotency.finish(db, key_id, status=refusal.status, body=response.get_data())
        transaction.commit_despite_refusal()
        return response
    response = _respond(route, answer)
    idempotency.finish(
        db,
        key_id,
        status=response.status_code,
        body=response.get_data(),
        secret_until=answer.secret_until,
        later=None if answer.later is None else to_json(answer.later),
    )
    return response


def _replay(stored: idempotency.Stored) -> Response:
    kind = "application/json" if stored.status < 400 else problems.CONTENT_TYPE
    headers = {"Idempotent-Replayed": "true", "Cache-Control": "no-store"}
    return Response(stored.body, stored.status, content_type=kind, headers=headers)


class _Answered(Response):
    """A response whose headers are sent as they are: nothing in them is rewritten for a request."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        return self.headers


def _answer(result: object) -> Answer:
    return result if isinstance(result, Answer) else Answer(result)


def _respond(route: Route, result: object) -> Response:
    if isinstance(result, Response):
        return result
    answer = _answer(result)
    return _Answered(
        to_json(answer.body),
        answer.status or route.status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **answer.headers},
    )


def install(app: Flask) -> None:
    """Adds the rate-limit headers to every response of an authenticated API, refusals included, and the names of
    members that were ignored."""
    app.register_blueprint(blueprint)
    for rule in app.url_map.iter_rules():
        route = getattr(app.view_functions[rule.endpoint], "api_route", None)
        if route is not None and not route.authenticated and rule.methods:
            # Programs ask for the head of a link before anybody opens it, and a link may be good for one call.
            rule.methods.discard("HEAD")

    @app.after_request
    def add_headers(response: Response) -> Response:
        noted = notes()
        if ignored := noted.get("ignored_members"):
            response.headers[IGNORED] = ignored
        decision: Decision | None = noted.get("rate")
        # A refusal has these headers already.
        if decision is not None and decision.allowed:
            response.headers.extend(decision.headers)
        return response


def as_uuid(text: str) -> UUID:
    """The UUID in a path. Raises NotFound when it is malformed: no row has such an id."""
    try:
        found = UUID(text)
    except ValueError:
        raise NotFound() from None
    if text.lower() not in (str(found), found.hex):
        raise NotFound()
    return found
