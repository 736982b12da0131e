"""Idempotency-Key: once, and the same answer ever after."""

import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from app.accounts.models import ApiKey
from app.depositions.models import Deposition
from app.kernel.clock import now
from app.kernel.db import idempotency
from app.kernel.db.engine import Database
from app.kernel.db.idempotency import IdempotencyKey
from tests.api.calls import WRITES, One, name, request_body
from tests.cast import Cast
from tests.clocks import Clock


def count(database: Database) -> int:
    with database.read() as db:
        return db.execute(select(func.count()).select_from(Deposition)).scalar_one()


@pytest.mark.parametrize("one", WRITES, ids=name)
@pytest.mark.parametrize("key", ["abc", '"abc"', "x" * 255, "!~"])
def test_the_second_call_gets_the_first_answer(client: FlaskClient, cast: Cast, one: One, key: str):
    headers = {**cast.headers(one.product), "Idempotency-Key": key}
    first = client.post(one.path, headers=headers, json=one.body)
    second = client.post(one.path, headers=headers, json=one.body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "X-RateLimit-Remaining" in second.headers


def test_bare_and_quoted_are_one_key(client: FlaskClient, cast: Cast, database: Database):
    for key in ("k", '"k"'):
        headers = {**cast.headers("depositions"), "Idempotency-Key": key}
        client.post("/api/v1/sessions", headers=headers, json=request_body())
    assert count(database) == 1


def test_both_addresses_of_create_are_one_endpoint(client: FlaskClient, cast: Cast, database: Database):
    headers = {**cast.headers("depositions"), "Idempotency-Key": "k"}
    for path in ("/api/v1/sessions", "/api/v1/session_requests"):
        assert client.post(path, headers=headers, json=request_body()).status_code == 201
    assert count(database) == 1


def test_another_body_under_the_same_key_is_a_mismatch(client: FlaskClient, cast: Cast, database: Database):
    headers = {**cast.headers("depositions"), "Idempotency-Key": "k"}
    client.post("/api/v1/sessions", headers=headers, json=request_body())
    other = request_body()
    other["session_request"]["remote_session"]["title"] = "Another"
    response = client.post("/api/v1/sessions", headers=headers, json=other)
    assert (response.status_code, response.get_json()["code"]) == (409, "idempotency.key_mismatch")
    assert count(database) == 1


def test_what_was_answered_and_nobody_can_read_any_more_is_not_done_again(
    client: FlaskClient, cast: Cast, database: Database
):
    """A backup that was restored without the ENCRYPTION_KEYS of its time."""
    headers = {**cast.headers("depositions"), "Idempotency-Key": "k"}
    client.post("/api/v1/sessions", headers=headers, json=request_body())
    with database.write() as db:
        db.execute(update(IdempotencyKey).values(body=Fernet(Fernet.generate_key()).encrypt(b"{}").decode()))
    response = client.post("/api/v1/sessions", headers=headers, json=request_body())
    assert (response.status_code, response.get_json()["code"]) == (409, "idempotency.unreadable")
    assert count(database) == 1


def test_keys_of_two_organizations_are_apart(client: FlaskClient, cast: Cast, database: Database):
    for organization in ("marston", "harbor"):
        headers = {**cast.headers("depositions", organization), "Idempotency-Key": "k"}
        assert client.post("/api/v1/sessions", headers=headers, json=request_body()).status_code == 201
    assert count(database) == 2


@pytest.mark.parametrize("key", ["", " ", '""', "x" * 256, "a b", "é", "a\x7f"])
def test_a_key_that_is_none(client: FlaskClient, cast: Cast, database: Database, key: str):
    headers = {**cast.headers("depositions"), "Idempotency-Key": key.encode().decode("latin-1")}
    response = client.post("/api/v1/sessions", headers=headers, json=request_body())
    assert (response.status_code, response.get_json()["code"]) == (400, "idempotency.key_invalid")
    assert count(database) == 0


def test_invalid_input_is_not_stored_so_the_key_can_be_used_again(client: FlaskClient, cast: Cast, database: Database):
    headers = {**cast.headers("depositions"), "Idempotency-Key": "k"}
    assert client.post("/api/v1/sessions", headers=headers, json={}).status_code == 422
    assert client.post("/api/v1/sessions", headers=headers, json=request_body()).status_code == 201
    assert count(database) == 1


def test_a_refusal_of_the_rules_is_stored(client: FlaskClient, cast: Cast):
    headers = cast.headers("depositions")
    made = client.post("/api/v1/sessions", headers=headers, json=request_body()).get_json()["requests"][0]["id"]
    url = f"/api/v1/session_requests/{made}/cancel"
    assert client.post(url, headers=headers).status_code == 200
    keyed = {**headers, "Idempotency-Key": "again"}
    first, second = client.post(url, headers=keyed), client.post(url, headers=keyed)
    assert (first.status_code, first.get_json()["code"]) == (422, "session_request.already_canceled")
    assert second.data == first.data
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.content_type == "application/problem+json"


def test_a_key_lives_for_a_day(client: FlaskClient, cast: Cast, database: Database, clock: Clock):
    def send() -> None:
        headers = {**cast.headers("depositions"), "Idempotency-Key": "k"}
        assert client.post("/api/v1/sessions", headers=headers, json=request_body()).status_code == 201

    send()
    clock.move(hours=23, minutes=59)
    send()
    assert count(database) == 1
    clock.move(minutes=2)
    send()
    assert count(database) == 2


def test_twenty_at_once_make_one_row(app: Flask, cast: Cast, database: Database):
    headers = {**cast.headers("depositions"), "Idempotency-Key": "k"}
    answers: list[tuple[int, bytes, bool]] = []
    start = threading.Barrier(20)

    def send() -> None:
        start.wait()
        response = app.test_client().post("/api/v1/sessions", headers=headers, json=request_body())
        answers.append((response.status_code, response.data, "Idempotent-Replayed" in response.headers))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 1
    assert {status for status, _, _ in answers} == {201}
    assert len({body for _, body, _ in answers}) == 1
    assert sum(replayed for _, _, replayed in answers) == 19


@pytest.fixture
def impatient(database: Database) -> Iterator[None]:
    """Transactions that give up waiting for a lock at once, instead of after seconds."""
    setting = "PRAGMA busy_timeout = 20" if database.sqlite else "SET lock_timeout = 20"

    def set_up(connection: sqlite3.Connection, *_: Any) -> None:
        connection.execute(setting)

    event.listen(database.writer, "checkout", set_up)
    yield
    event.remove(database.writer, "checkout", set_up)
    database.writer.dispose()


def test_a_key_whose_first_call_still_runs_elsewhere(
    client: FlaskClient, cast: Cast, database: Database, impatient: None
):
    """In another process: within one they wait for each other, as the twenty above."""
    headers = {**cast.headers("depositions"), "Idempotency-Key": "k"}
    other = Database(database.config)
    with other.read() as db:
        credential = db.execute(select(ApiKey.id)).scalar_one()
    wanted = idempotency.row_id(f"key:{credential}", "depositions.create_session_request", {}, "k")
    running = other.open_writer()
    assert idempotency.begin(running, wanted, "a fingerprint", now()) is None
    response = client.post("/api/v1/sessions", headers=headers, json=request_body())
    running.rollback()
    running.close()
    other.dispose()
    assert (response.status_code, response.get_json()["code"]) == (409, "idempotency.in_progress")
    assert int(response.headers["Retry-After"]) >= 1
    again = client.post("/api/v1/sessions", headers=headers, json=request_body())
    assert (again.status_code, "Idempotent-Replayed" in again.headers) == (201, False)
    assert count(database) == 1


def test_no_answer_rests_in_clear(client: FlaskClient, cast: Cast, database: Database):
    headers = {**cast.headers("inspections"), "Idempotency-Key": "k"}
    made = client.post("/api/v1/public/sessions", headers=headers, json={"notes": "Roof"}).get_json()
    invite = client.post(
        f"/api/v1/public/sessions/{made['id']}/participants", headers=headers, json={"recipient_email": "a@example.com"}
    ).get_json()
    with database.read() as db:
        kept = " ".join(str(value) for row in db.execute(select(IdempotencyKey.__table__)) for value in row)
    assert invite["join_url"] not in kept
    assert invite["otp_code"] not in kept
    assert "Roof" not in kept
