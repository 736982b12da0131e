"""Bodies that cannot be read, at every operation that takes one, on objects that exist: refused in words, never 500."""

from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from app.accounts.models import Organization
from app.kernel.api.validation import DEEPEST, parse_object
from app.kernel.db.engine import Database
from app.kernel.errors import Refusal
from tests.cast import Cast
from tests.depositions import factories as depositions
from tests.prescreens import factories as prescreens


def nested(opening: bytes, closing: bytes, levels: int) -> bytes:
    return b'{"surprise":' + opening * levels + b"1" + closing * levels + b"}"


UNREADABLE = {
    **{f"{levels} objects": nested(b'{"a":', b"}", levels) for levels in (100, 250, 500, 1000, 1023, 1024, 5000)},
    **{f"{levels} lists": nested(b"[", b"]", levels) for levels in (100, 500, 1000, 5000)},
    "lists and objects": nested(b'[{"a":', b"}]", 250),
    "never closed": b'{"a":' * 500,
    "a long number": b'{"a": ' + b"9" * 5000 + b"}",
    "a number without end": b'{"a": 1e999}',
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "a lone surrogate": b'{"a": "\\udc00"}',
    "a lone surrogate as a name": b'{"\\ud800": 1}',
    "a bare NUL": b'{"a": "\x00"}',
    "NUL after it": b"{}\x00",
    "overlong UTF-8": b'{"a": "\xc0\x80"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "two objects": b"{}{}",
}
"""Bodies that are no JSON object in UTF-8, or one that is too deep."""


@pytest.fixture
def operations(app: Flask, cast: Cast, database: Database) -> list[tuple[str, str, str]]:
    """Every operation of the API that takes a body: its API, method and path, with the ids of objects that exist."""
    deposition = depositions.request(database, cast)
    with database.write() as db:
        prescreens.template(db, cast.marston.id)
    prescreen = prescreens.prescreen(database, cast.marston.id)
    client, key = app.test_client(), cast.headers("inspections")
    inspection = client.post("/api/v1/public/sessions", json={}, headers=key).json["id"]
    invite = client.post(f"/api/v1/public/sessions/{inspection}/participants", json={}, headers=key).json["id"]
    ids = {"session": deposition.id, "id": prescreen, "session_id": inspection, "participant_id": invite}

    def found() -> Iterator[tuple[str, str, str]]:
        routes = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            for method in sorted({"POST", "PUT", "PATCH"} & (rule.methods or set())):
                if rule.endpoint.startswith("api."):
                    values = {name: ids[name] for name in rule.arguments}
                    product = rule.endpoint.removeprefix("api.").partition("_")[0]
                    yield product, method, routes.build(rule.endpoint, values, method)

    return list(found())


def test_no_body_breaks_an_operation(
    app: Flask, cast: Cast, database: Database, operations: list[tuple[str, str, str]]
) -> None:
    with database.write() as db:  # what only organizations with Self-Service may do is among them
        db.execute(update(Organization).values({Organization.self_service: True}))
    assert {method for _, method, _ in operations} == {"POST", "PATCH"}
    client, wrong = app.test_client(), []
    for product, method, path in operations:
        expected = 422 if product == "prescreens" else 400
        for called, raw in UNREADABLE.items():
            app.extensions["limiter"].reset()
            headers = {**cast.headers(product), "Content-Type": "application/json"}
            answer = client.open(path, method=method, headers=headers, data=raw)
            if (answer.status_code, answer.get_json()["code"]) != (expected, "malformed_json"):
                wrong.append(f"{method} {path}, {called}: {answer.status_code}")
    assert not wrong


@given(st.integers(1, 2000), st.sampled_from([(b'{"a":', b"}"), (b"[", b"]"), (b'[{"a":', b"}]"), (b"[null,", b"]")]))
def test_nesting_is_read_or_refused(levels: int, brackets: tuple[bytes, bytes]) -> None:
    raw = nested(*brackets, levels)
    depth = 1 + levels * (2 if brackets[0] == b'[{"a":' else 1)
    if depth <= DEEPEST:
        parse_object(raw)
        return
    with pytest.raises(Refusal) as refused:
        parse_object(raw)
    assert (refused.value.status, refused.value.code) == (400, "malformed_json")
