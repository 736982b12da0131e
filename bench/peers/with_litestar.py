"""Litestar with msgspec over SQLAlchemy Core. Functions run on the event loop: a thread costs more than a query."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from argon2 import PasswordHasher
from litestar import Litestar, Request, get, patch, post
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException, NotAuthorizedException, NotFoundException
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.params import Body
from litestar.response import Redirect, Template
from litestar.template.config import TemplateConfig

from bench.peers.contract import EMAIL, NAME_LENGTH, NOTES_LENGTH, PAGE, SECRET, bearer, cursor, fingerprint, page_of
from bench.peers.contract import database_url as url
from bench.peers.core import Conflict, Statements

statements = Statements(url())


class Shown(msgspec.Struct):
    id: int
    uid: str
    organization_id: int
    status: str
    template: str
    name: str
    email: str
    locale: str
    submission: dict[str, Any]
    reviewer_id: int | None
    notes: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class Listed(msgspec.Struct, omit_defaults=True):
    data: list[Shown]
    next_cursor: str | None = None
    page: int | None = None
    total: int | None = None


class New(msgspec.Struct, forbid_unknown_fields=True):
    template: Literal["flat-1", "flat-2"]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH)]
    email: Annotated[str, msgspec.Meta(pattern=EMAIL, max_length=254)]
    submission: dict[str, Any]
    locale: Annotated[str, msgspec.Meta(max_length=10)] = "en"


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    status: Literal["approved", "denied"]
    notes: Annotated[str, msgspec.Meta(max_length=NOTES_LENGTH)] | None = None


def whose(request: Request[Any, Any, Any]) -> int:
    found = statements.organization_of(bearer(request.headers.get("authorization")))
    if found is None:
        raise NotAuthorizedException
    return found


@get("/api/v1/sessions", sync_to_thread=False)
def listed(
    whose: int, status: str = "waiting", limit: int = PAGE, page: int | None = None, given: str | None = None
) -> Listed:
    if page:
        found, total = statements.page(whose, status, page, limit)
        return Listed([Shown(*row) for row in found], page=page, total=total)
    found = statements.list_of(whose, limit, given)
    last = found[limit - 1] if len(found) > limit else None
    return Listed([Shown(*row) for row in found[:limit]], last and cursor(last.created_at, last.id))


@get("/api/v1/sessions/{uid:str}", sync_to_thread=False)
def one(uid: str, whose: int) -> Shown:
    found = statements.get(whose, uid)
    if found is None:
        raise NotFoundException
    return Shown(*found)


@post("/api/v1/sessions", sync_to_thread=False)
def create(request: Request[Any, Any, Any], data: New, whose: int) -> Shown:
    try:
        mark = fingerprint(msgspec.json.encode(data))
        key = request.headers.get("idempotency-key")
        return Shown(*statements.add(whose, key, mark, msgspec.structs.asdict(data)))
    except Conflict:
        raise ClientException(status_code=409) from None


@patch("/api/v1/sessions/{uid:str}", sync_to_thread=False)
def review(uid: str, data: Decision, whose: int) -> Shown:
    try:
        found = statements.decide(whose, uid, data.status, data.notes)
    except Conflict:
        raise ClientException(status_code=409) from None
    if found is None:
        raise NotFoundException
    return Shown(*found)


@get("/queue", sync_to_thread=False)
def queue(request: Request[Any, Any, Any], status: str = "waiting", page: int = 1) -> Template | Redirect:
    id = request.session.get("person")
    with statements.reading() as db:
        person = db.execute(statements.person, {"id": id}).first() if id else None
    if person is None:
        return Redirect("/sign-in", status_code=303)
    found, counts = statements.queue_page(status, page)
    return Template("queue.html", context={"rows": found, "person": person, **page_of(counts, status, page)})


@post("/sign-in", sync_to_thread=False)
def sign_in(
    request: Request[Any, Any, Any], data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Redirect:
    with statements.reading() as db:
        person = db.execute(statements.by_email, {"email": data["email"]}).one()
    PasswordHasher().verify(person.password_hash, data["password"])
    request.set_session({"person": person.id})
    return Redirect("/queue", status_code=303)


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, bool]:
    return {"ok": True}


def create_app() -> Litestar:
    # A session that the API does not ask for would still be decrypted there.
    cookies = CookieBackendConfig(secret=SECRET.encode(), exclude="^/api/")
    return Litestar(
        [listed, one, create, review, queue, sign_in, live],
        dependencies={"whose": Provide(whose, sync_to_thread=False)},
        middleware=[cookies.middleware],
        template_config=TemplateConfig(directory=Path(__file__).with_name("templates"), engine=JinjaTemplateEngine),
        openapi_config=None,
    )
