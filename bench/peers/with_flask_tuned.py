"""Flask over SQLAlchemy Core with every choice that pays, without leaving either:

statements built once; reads without a transaction; moments and JSON passed on as SQLite keeps them, or left to orjson;
a key remembered for half a minute; totals from counters that triggers keep; rows to the template as they are.
"""

import re
import time
from datetime import datetime
from typing import Any

import orjson
from argon2 import PasswordHasher
from flask import Flask, Response, redirect, render_template, request, session
from sqlalchemy import String, type_coerce

from bench.peers.contract import (
    DECISIONS,
    EMAIL,
    NAME_LENGTH,
    NOTES_LENGTH,
    PAGE,
    SECRET,
    TEMPLATES,
    bearer,
    cursor,
    database_url,
    fingerprint,
    page_of,
)
from bench.peers.core import COUNTS, Conflict, P, Statements
from bench.peers.tables import connected

REMEMBERED = 30.0
"""Seconds that a key is not asked for again."""
COLUMNS = [column.name for column in P.c]
ADDRESS = re.compile(EMAIL)
FIELDS = {"template", "name", "email", "locale", "submission"}


def fault(given: Any) -> str:
    """What is wrong with what was sent; empty when nothing is."""
    if not isinstance(given, dict) or not given.keys() <= FIELDS:
        return "an object of the known fields"
    if given.get("template") not in TEMPLATES or not isinstance(given.get("submission"), dict):
        return "template and submission"
    name, email = given.get("name"), given.get("email")
    if not isinstance(name, str) or not 0 < len(name) <= NAME_LENGTH:
        return "name"
    return "" if isinstance(email, str) and ADDRESS.match(email) else "email"


def answer(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, content_type="application/json")


def create_app() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.secret_key = SECRET
    url = database_url()
    as_kept = ("created_at", "updated_at", "submission") if url.startswith("sqlite") else ()
    statements = Statements(url, [type_coerce(P.c[name], String).label(name) for name in as_kept])
    statements.count_by_triggers()
    app.extensions["engines"] = [statements.reader, statements.writer]
    known: dict[str, tuple[int, float]] = {}

    def shown(row: Any) -> dict[str, Any]:
        found = dict(zip(COLUMNS, row, strict=True))
        if as_kept:
            found["submission"] = orjson.Fragment(found["submission"])
            for name in ("created_at", "updated_at"):
                found[name] = f"{found[name].replace(' ', 'T')}Z"
        return found

    def whose() -> int | None:
        secret = bearer(request.environ.get("HTTP_AUTHORIZATION"))
        organization, until = known.get(secret, (None, 0.0))
        if until < time.monotonic():
            organization = statements.organization_of(secret)
            if organization is not None:
                known[secret] = organization, time.monotonic() + REMEMBERED
        return organization

    @app.get("/api/v1/sessions")
    def listed() -> Response:
        if (organization := whose()) is None:
            return answer({}, 401)
        asked = request.args
        limit = int(asked.get("limit", PAGE))
        if "page" in asked:
            page = int(asked["page"])
            found, total = statements.page(organization, asked.get("status", "waiting"), page, limit)
            return answer({"data": [shown(row) for row in found], "page": page, "total": total})
        found = statements.list_of(organization, limit, asked.get("cursor"))
        following = None
        if len(found) > limit:
            last = found[limit - 1]
            moment = last.created_at
            following = cursor(datetime.fromisoformat(moment) if as_kept else moment, last.id)
        return answer({"data": [shown(row) for row in found[:limit]], "next_cursor": following})

    @app.get("/api/v1/sessions/<uid>")
    def one(uid: str) -> Response:
        if (organization := whose()) is None:
            return answer({}, 401)
        found = statements.get(organization, uid)
        return answer(shown(found)) if found else answer({}, 404)

    @app.post("/api/v1/sessions")
    def create() -> Response:
        if (organization := whose()) is None:
            return answer({}, 401)
        raw = request.get_data()
        given = orjson.loads(raw)
        if wrong := fault(given):
            return answer({"error": wrong}, 422)
        key = request.environ.get("HTTP_IDEMPOTENCY_KEY")
        values = {"locale": "en", **given}
        return answer(shown(statements.add(organization, key, fingerprint(raw), values)), 201)

    @app.patch("/api/v1/sessions/<uid>")
    def review(uid: str) -> Response:
        if (organization := whose()) is None:
            return answer({}, 401)
        given = orjson.loads(request.get_data())
        status, notes = given.get("status"), given.get("notes")
        if status not in DECISIONS or not isinstance(notes, str | None) or len(notes or "") > NOTES_LENGTH:
            return answer({}, 422)
        found = statements.decide(organization, uid, status, notes)
        return answer(shown(found)) if found else answer({}, 404)

    @app.errorhandler(Conflict)
    def conflict(_error: Conflict) -> Response:
        return answer({"error": "conflict"}, 409)

    @app.errorhandler(orjson.JSONDecodeError)
    def refuse(_error: orjson.JSONDecodeError) -> Response:
        return answer({"error": "no JSON"}, 400)

    @app.get("/queue")
    def queue() -> Any:
        id = session.get("person")
        with statements.reading() as db:
            person = db.execute(statements.person, {"id": id}).first() if id else None
        if person is None:
            return redirect("/sign-in", 303)
        status, page = request.args.get("status", "waiting"), request.args.get("page", 1, type=int)
        found, counts = statements.queue_page(status, page)
        return render_template("queue.html", rows=found, person=person, **page_of(counts, status, page))

    @app.post("/sign-in")
    def sign_in() -> Any:
        with statements.reading() as db:
            person = db.execute(statements.by_email, {"email": request.form["email"]}).one()
        PasswordHasher().verify(person.password_hash, request.form["password"])
        session["person"] = person.id
        return redirect("/queue", 303)

    @app.get("/health/live")
    def live() -> Response:
        return answer({"ok": True})

    return app


ADD = "INSERT INTO prescreen_counts VALUES (NEW.organization_id, NEW.status, 1) ON CONFLICT (organization_id, status) "
MORE = "DO UPDATE SET n = prescreen_counts.n + 1"
LESS = "UPDATE prescreen_counts SET n = n - 1 WHERE organization_id = OLD.organization_id AND status = OLD.status"
FILL = "INSERT INTO prescreen_counts SELECT organization_id, status, count(*) FROM prescreens GROUP BY 1, 2"
SQLITE = (
    f"CREATE TRIGGER count_new AFTER INSERT ON prescreens BEGIN {ADD}{MORE}; END",
    f"CREATE TRIGGER count_changed AFTER UPDATE OF status ON prescreens BEGIN {LESS}; {ADD}{MORE}; END",
)
POSTGRESQL = (
    f"CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'UPDATE' THEN {LESS}; "
    f"END IF; {ADD}{MORE}; RETURN NULL; END $$",
    "CREATE TRIGGER count_rows AFTER INSERT OR UPDATE OF status ON prescreens "
    "FOR EACH ROW EXECUTE FUNCTION count_rows()",
)


def prepare() -> None:
    """The counters and their triggers."""
    engine = connected(database_url())
    with engine.begin() as db:
        COUNTS.create(db)
        for statement in (FILL, *(SQLITE if engine.dialect.name == "sqlite" else POSTGRESQL)):
            db.exec_driver_sql(statement)
    engine.dispose()


if __name__ == "__main__":
    prepare()
