"""A refused change leaves the database as it was: every unsafe route, refused in many ways, byte for byte."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Table
from werkzeug.routing import Rule

import app.models  # noqa: F401  # fills the metadata
from app.kernel.db.engine import Base, Database
from app.kernel.db.transaction import SAFE
from tests.cast import Cast
from tests.depositions import factories as depositions
from tests.inspections.conftest import SESSIONS, printed
from tests.pages import csrf
from tests.prescreens.factories import prescreen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BESIDE = {"idempotency_keys", "used_challenges"}
"""Tables in which refusals are stored, so that they are given again."""
TIMES = {"last_seen_at", "last_used_at"}
"""Columns that a request writes beside itself, refused or not."""

WHO = {"depositions": "ines", "prescreens": "lena", "inspections": "otto"}
GARBAGE = {
    "version": "999999",
    "seen_version": "999999",
    "preview": "none",
    "email": "not an address",
    "name": "",
    "password": "x",
    "role": "emperor",
    "ids": "nothing",
    "verb": "explode",
    "t": "tok_none",
    "code": "not digits",
    "starts_at": "never",
    "undo_seconds": "many",
}
BODIES = [b"{", b"{}", b'{"nonsense": true}', b'{"locale": 7, "status": "exploded"}']


def dump(database: Database) -> dict[str, list[str]]:
    """Every row of every table, as the database writes it. Asked in one statement: this is done after every route."""
    found: dict[str, list[str]] = {}
    with database.read() as db:
        for table, row in db.connection().exec_driver_sql(_everything(database.sqlite)):
            found.setdefault(table, []).append(row)
    return {table: sorted(rows) for table, rows in found.items()}


@cache
def _everything(sqlite: bool) -> str:
    return " UNION ALL ".join(_rows(table, sqlite) for table in Base.metadata.sorted_tables if table.name not in BESIDE)


def _rows(table: Table, sqlite: bool) -> str:
    columns = [f'"{column.name}"' for column in table.columns if column.name not in TIMES]
    row = " || ' ' || ".join(f"quote({name})" for name in columns) if sqlite else f"ROW({', '.join(columns)})::text"
    return f"""SELECT '{table.name}', {row} FROM "{table.name}\""""


@pytest.fixture
def places(database: Database, cast: Cast, client: FlaskClient) -> dict[str, dict[str, str]]:
    """Ids for the paths, by the first part of an endpoint's name."""
    headers = cast.headers("inspections")
    session = client.post(SESSIONS, json=printed("create"), headers=headers).json
    assert session is not None
    invite = client.post(f"{SESSIONS}/{session['id']}/participants", json=printed("mint"), headers=headers).json
    assert invite is not None
    deposition = depositions.in_state(database, cast, "scheduled")
    chat = prescreen(database, cast.marston.id, given={"email": "p@example.com"})
    inspection = {"id": session["id"], "invite_id": invite["id"], "session_id": session["id"]}
    return {
        "depositions": {"id": str(deposition.id)},
        "prescreens": {"id": str(chat)},
        "inspections": inspection,
        "inspections_public": inspection,
        "depositions_api": {"session": str(deposition.id)},
        "inspections_api": {**inspection, "participant_id": invite["id"]},
        "prescreens_api": {"id": str(chat)},
    }


def unsafe(app: Flask) -> Iterator[tuple[str, Rule]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - SAFE):
            yield method, rule


def path_of(rule: Rule, known: dict[str, str]) -> str:
    """The rule with ids in the place of its arguments."""

    def fill(found: re.Match[str]) -> str:
        kind, _, name = found[1].rpartition(":")
        return known.get(name) or {"int": "1", "uuid": "6f1c1f6e-0000-4000-8000-000000000000"}.get(kind, "marston")

    return re.sub(r"<([^>]+)>", fill, rule.rule)


def attempts(client: FlaskClient, auditor: FlaskClient, method: str, path: str, key: dict[str, str]) -> Iterator[Any]:
    """Responses to requests that should be refused, each in its way."""
    if path.startswith("/api"):
        yield client.open(path, method=method, json={})
        for number, body in enumerate(BODIES):
            headers = {**key, "Idempotency-Key": f"{path}{number}"[-200:]} if number else key
            yield client.open(path, method=method, data=body, content_type="application/json", headers=headers)
        return
    visitor = client.application.test_client()
    for who in (client, visitor):
        yield who.open(path, method=method, data=GARBAGE)
    for who in (client, auditor):
        form = {"csrf_token": csrf(who)}
        yield who.open(path, method=method, data={**GARBAGE, **form})
        yield who.open(path, method=method, data=form, headers={"HX-Request": "true"})


def test_no_refusal_changes_a_row(
    app: Flask, database: Database, cast: Cast, places: dict[str, dict[str, str]]
) -> None:
    auditor = cast.sign_in(app.test_client(), "ada")
    clients = {called: cast.sign_in(app.test_client(), called) for called in ("ines", "lena", "otto", "hugo")}
    keys = {product: cast.headers(product) for product in ("depositions", "prescreens", "inspections")}
    refused: dict[str, int] = {}
    before = dump(database)
    for method, rule in unsafe(app):
        place, _, name = rule.endpoint.partition(".")
        product = name.partition("_")[0]
        known = places.get(f"{product}_api" if place == "api" else place, {})
        key = keys[product] if place == "api" else {}
        client = clients[WHO.get(place, "hugo")]
        # One comparison a route, unless something was not refused after all.
        for answer in attempts(client, auditor, method, path_of(rule, known), key):
            if answer.status_code < 400:
                before = dump(database)
            else:
                refused[rule.endpoint] = refused.get(rule.endpoint, 0) + 1
                assert answer.status_code < 500, f"{method} {rule.rule}: {answer.status_code}"
        after = dump(database)
        changed = {table for table in after.keys() | before.keys() if after.get(table) != before.get(table)}
        assert not changed, f"{method} {rule.rule} was refused and changed {sorted(changed)}."
        if rule.endpoint == "accounts.sign_out":
            for who, called in ((client, "hugo"), (auditor, "ada")):
                cast.sign_in(who, called)
            before = dump(database)
    missing = {rule.endpoint for _, rule in unsafe(app)} - refused.keys()
    assert missing == set()
