"""Flask with SQLAlchemy's ORM, pydantic for what is sent and `jsonify` for what is answered."""

from typing import Any

from argon2 import PasswordHasher
from flask import Flask, Response, abort, g, jsonify, redirect, render_template, request, session
from pydantic import ValidationError
from sqlalchemy import select

from bench.peers import orm
from bench.peers.contract import PAGE, SECRET, bearer, database_url, fingerprint, page_of
from bench.peers.payloads import Decision, New
from bench.peers.tables import Person, Prescreen, Sessions

COLUMNS = [column.name for column in Prescreen.__table__.c]


def shown(row: Prescreen) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in COLUMNS}
    return {**found, "created_at": row.created_at.isoformat(), "updated_at": row.updated_at.isoformat()}


def create_app() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.secret_key = SECRET
    sessions = Sessions(database_url())

    app.extensions["engines"] = [sessions.engine]

    @app.before_request
    def authenticate() -> None:
        if request.path.startswith("/api/"):
            with sessions.reading() as db:
                g.organization = orm.organization_of(db, bearer(request.headers.get("Authorization")))
            if g.organization is None:
                abort(401)

    @app.get("/api/v1/sessions")
    def listed() -> Response:
        limit = request.args.get("limit", PAGE, type=int)
        page = request.args.get("page", type=int)
        with sessions.reading() as db:
            if page:
                status = request.args.get("status", "waiting")
                found, total = orm.numbered(db, g.organization, status, page, limit)
                return jsonify(data=[shown(row) for row in found], page=page, total=total)
            found, following = orm.newest(db, g.organization, limit, request.args.get("cursor"))
            return jsonify(data=[shown(row) for row in found], next_cursor=following)

    @app.get("/api/v1/sessions/<uid>")
    def one(uid: str) -> Response:
        with sessions.reading() as db:
            found = orm.one(db, g.organization, uid)
        return jsonify(shown(found)) if found else abort(404)

    @app.post("/api/v1/sessions")
    def create() -> tuple[Response, int]:
        given = New.model_validate(request.get_json())
        key, mark = request.headers.get("Idempotency-Key"), fingerprint(given.model_dump_json())
        with sessions.writing() as db:
            return jsonify(shown(orm.create(db, g.organization, key, mark, given.model_dump()))), 201

    @app.patch("/api/v1/sessions/<uid>")
    def review(uid: str) -> Response:
        given = Decision.model_validate(request.get_json())
        with sessions.writing() as db:
            found = orm.review(db, g.organization, uid, given.status, given.notes)
        return jsonify(shown(found)) if found else abort(404)

    @app.errorhandler(ValidationError)
    def refuse(error: ValidationError) -> tuple[Response, int]:
        return jsonify(errors=error.errors(include_url=False, include_input=False)), 422

    @app.errorhandler(orm.Conflict)
    def conflict(_error: orm.Conflict) -> tuple[Response, int]:
        return jsonify(error="conflict"), 409

    @app.get("/queue")
    def queue() -> Any:
        status, page = request.args.get("status", "waiting"), request.args.get("page", 1, type=int)
        with sessions.reading() as db:
            person = orm.person(db, session.get("person"))
            if person is None:
                return redirect("/sign-in", 303)
            found, counts = orm.queue(db, status, page)
            return render_template("queue.html", rows=found, person=person, **page_of(counts, status, page))

    @app.post("/sign-in")
    def sign_in() -> Any:
        with sessions.reading() as db:
            person = db.scalars(select(Person).filter_by(email=request.form["email"])).one()
        PasswordHasher().verify(person.password_hash, request.form["password"])
        session["person"] = person.id
        return redirect("/queue", 303)

    @app.get("/health/live")
    def live() -> Response:
        return jsonify(ok=True)

    return app
