"""Who may open what: a line for each page, held against the marks on the views and against real requests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule

from app.accounts.models import SignIn
from app.accounts.public import AGAIN
from app.accounts.roles import Role
from app.kernel.changes.events import Event
from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import OutboxRow
from tests.cast import PEOPLE, ROLES, Cast

TABLE = Path(__file__).with_name("access.txt")
SAMPLES = {"Number": "987654321", "UUIDConverter": "6f1c1f6e-0000-4000-8000-000000000000"}
ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def listed() -> dict[str, str]:
    """endpoint → `public`, `everybody` (who is signed in), or role names."""
    lines = [line.split("#")[0].split(None, 1) for line in TABLE.read_text().splitlines()]
    return {line[0]: " ".join(sorted(line[1].split())) for line in lines if line}


def marked(app: Flask) -> dict[str, str]:
    """The same, as the views say it; an unmarked one is `nobody`."""
    found = {}
    for endpoint, view in app.view_functions.items():
        if hasattr(view, "api_route") or endpoint == "static":
            continue
        allowed = getattr(view, "allowed", None)
        if isinstance(allowed, str):
            found[endpoint] = allowed
        elif allowed is None:
            found[endpoint] = "nobody"
        else:
            found[endpoint] = " ".join(sorted(role.value for role in allowed)) or "everybody"
    return found


@ONE_DATABASE
def test_every_page_says_who_may_open_it_and_is_listed(app: Flask) -> None:
    table, views = listed(), marked(app)
    assert {endpoint for endpoint, who in views.items() if who == "nobody"} == set()
    wrong = [f"{name:<40} {who}" for name, who in sorted(views.items()) if table.get(name) != who]
    assert not wrong, "tests/project/access.txt should say, if that is meant:\n" + "\n".join(wrong)
    assert not table.keys() - views.keys(), "These pages are gone."


@ONE_DATABASE
def test_every_api_operation_authenticates_or_is_known_to_be_open(app: Flask) -> None:
    open_ones = {
        route.name
        for view in app.view_functions.values()
        if (route := getattr(view, "api_route", None)) is not None and not route.authenticated
    }
    assert open_ones == {"join"}, "The join link carries its own credential; nothing else may be open."


def pages(app: Flask) -> Iterator[tuple[str, str, str]]:
    """method, address with made-up arguments, endpoint."""
    views = marked(app)
    for rule in app.url_map.iter_rules():
        if rule.endpoint in views:
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield method, address(app, rule), rule.endpoint


def address(app: Flask, rule: Rule) -> str:
    samples = {name: SAMPLES.get(type(part).__name__, "x") for name, part in rule._converters.items()}
    with app.test_request_context():
        return str(rule.build(samples)[1])  # type: ignore[index]


def may(who: str, called: str) -> bool:
    roles = {role.value for role, _ in PEOPLE[called][1]}
    return who in ("public", "everybody") or bool(roles & set(who.split()))


@ONE_DATABASE
@pytest.mark.parametrize("kind", ROLES)
def test_people_open_what_is_theirs_and_nothing_else(app: Flask, cast: Cast, kind: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    called, wrong = ROLES[kind], []
    client = cast.sign_in(app.test_client(), called)
    for method, url, endpoint in pages(app):
        if endpoint == "accounts.sign_out":
            continue
        answer = client.open(url, method=method)
        shut = answer.status_code == 403 and b"This is for " in answer.data
        signed_out = "/sign-in" in (answer.location or "") or answer.status_code == 401
        if shut == may(listed()[endpoint], called) or signed_out or answer.status_code >= 500:
            wrong.append(f"{method} {url} answers {answer.status_code}")
    assert not wrong


@ONE_DATABASE
def test_people_who_are_not_signed_in_are_sent_to_sign_in(app: Flask, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    wrong = []
    for method, url, endpoint in pages(app):
        if listed()[endpoint] == "public":
            continue
        answer = client.open(url, method=method)
        sent = answer.status_code in (302, 303) and "/sign-in" in (answer.location or "")
        if not (sent if method == "GET" else answer.status_code == 401):
            wrong.append(f"{method} {url} answers {answer.status_code}")
    assert not wrong


@ONE_DATABASE
def test_a_form_without_its_token_is_refused(app: Flask, database: Database, cast: Cast) -> None:
    """Every unsafe page, for somebody who may; the API has no cookies to abuse. Forms of people who sign in are shown
    again, or lead a user who is signed in on; they act as little."""
    wrong = []
    client = cast.sign_in(app.test_client(), "hugo")
    before = rows(database)
    for method, url, endpoint in pages(app):
        if method == "POST" and may(listed()[endpoint], "hugo"):
            answer = client.post(url, data={"name": "x"})
            if answer.status_code not in ((303, 403, 422) if endpoint in AGAIN else (403,)):
                wrong.append(f"POST {url} answers {answer.status_code}")
    assert not wrong
    assert rows(database) == before


def rows(database: Database) -> tuple[int, ...]:
    """How many events, sign-ins and messages there are."""
    with database.read() as db:
        return tuple(db.scalar(select(func.count()).select_from(table)) or 0 for table in (Event, SignIn, OutboxRow))


@ONE_DATABASE
def test_the_api_never_looks_at_cookies(app: Flask, cast: Cast) -> None:
    client = cast.sign_in(app.test_client(), "hugo")
    for rule in app.url_map.iter_rules():
        route = getattr(app.view_functions[rule.endpoint], "api_route", None)
        if route is not None and route.authenticated:
            answer = client.open(address(app, rule), method=route.method)
            assert answer.status_code == 401, rule.rule
            assert "Set-Cookie" not in answer.headers


def test_every_role_is_played_by_somebody() -> None:
    played = {role for called in ROLES.values() for role, _ in PEOPLE[called][1]}
    assert played == set(Role)
