"""FastAPI as its tutorial teaches it: plain functions, a session as a dependency, pydantic in and out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from argon2 import PasswordHasher
from fastapi import Depends, FastAPI, Form, Header, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.middleware.sessions import SessionMiddleware

from bench.peers import orm
from bench.peers.contract import PAGE, SECRET, bearer, database_url, fingerprint, page_of
from bench.peers.payloads import Decision, Listed, New, Shown
from bench.peers.tables import Person, Sessions

templates = Jinja2Templates(Path(__file__).with_name("templates"))
sessions = Sessions(database_url())


def reading() -> Iterator[Session]:
    with sessions.reading() as session:
        yield session


def writing() -> Iterator[Session]:
    with sessions.writing() as session:
        yield session


Reading = Annotated[Session, Depends(reading)]
Writing = Annotated[Session, Depends(writing)]


def whose(session: Reading, authorization: Annotated[str, Header()] = "") -> int:
    found = orm.organization_of(session, bearer(authorization))
    if found is None:
        raise HTTPException(401)
    return found


Whose = Annotated[int, Depends(whose)]


def create_app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key=SECRET)

    @app.get("/api/v1/sessions", response_model=Listed, response_model_exclude_unset=True)
    def listed(
        session: Reading,
        organization: Whose,
        status: str = "waiting",
        limit: int = PAGE,
        page: int | None = None,
        cursor: str | None = None,
    ) -> Any:
        if page:
            found, total = orm.numbered(session, organization, status, page, limit)
            return {"data": found, "page": page, "total": total}
        found, following = orm.newest(session, organization, limit, cursor)
        return {"data": found, "next_cursor": following}

    @app.get("/api/v1/sessions/{uid}", response_model=Shown)
    def one(uid: str, session: Reading, organization: Whose) -> Any:
        found = orm.one(session, organization, uid)
        if found is None:
            raise HTTPException(404)
        return found

    @app.post("/api/v1/sessions", response_model=Shown, status_code=201)
    def create(
        given: New,
        session: Writing,
        organization: Whose,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Any:
        try:
            mark = fingerprint(given.model_dump_json())
            return orm.create(session, organization, idempotency_key, mark, given.model_dump())
        except orm.Conflict:
            raise HTTPException(409) from None

    @app.patch("/api/v1/sessions/{uid}", response_model=Shown)
    def review(uid: str, given: Decision, session: Writing, organization: Whose) -> Any:
        try:
            found = orm.review(session, organization, uid, given.status, given.notes)
        except orm.Conflict:
            raise HTTPException(409) from None
        if found is None:
            raise HTTPException(404)
        return found

    @app.get("/queue")
    def queue(request: Request, session: Reading, status: str = "waiting", page: int = 1) -> Response:
        person = orm.person(session, request.session.get("person"))
        if person is None:
            return RedirectResponse("/sign-in", 303)
        found, counts = orm.queue(session, status, page)
        return templates.TemplateResponse(
            request, "queue.html", {"rows": found, "person": person, **page_of(counts, status, page)}
        )

    @app.post("/sign-in")
    def sign_in(
        request: Request, session: Reading, email: Annotated[str, Form()], password: Annotated[str, Form()]
    ) -> Response:
        person = session.scalars(select(Person).filter_by(email=email)).one()
        PasswordHasher().verify(person.password_hash, password)
        request.session["person"] = person.id
        return RedirectResponse("/queue", 303)

    @app.get("/health/live")
    def live() -> dict[str, bool]:
        return {"ok": True}

    return app
