"""The header `Ignored-Members` names what a body holds and the API does not know."""

import pytest

from app.depositions.payloads.incoming import CreateBody
from app.kernel.api.validation import MOST_IGNORED, ignored_members
from tests.api.calls import request_body

URL = "/api/v1/session_requests"


def test_members_are_named_at_their_place(client, cast):
    body = request_body()
    body["session_request"]["remote_session"]["titel"] = "Typo"
    body["session_request"]["invites"] = ["a@example.com", {"email": "b@example.com", "name": "B"}]
    body["session_request"]["deponent"]["phone"] = None
    body["extra"] = {"deep": 1}
    answer = client.post(URL, json=body, headers=cast.headers("depositions"))
    assert answer.status_code == 201
    named = answer.headers["Ignored-Members"].split(", ")
    assert sorted(named) == ["extra", "invites.1.name", "remote_session.titel"]
    assert "Ignored-Members" not in client.post(URL, json=request_body(), headers=cast.headers("depositions")).headers


def test_a_refusal_and_a_replay_name_them_too(client, cast):
    body = request_body()
    body["session_request"]["remote_session"]["titel"] = body["session_request"]["remote_session"].pop("title")
    headers = {**cast.headers("depositions"), "Idempotency-Key": "once"}
    answer = client.post(URL, json=body, headers=headers)
    assert (answer.status_code, answer.headers["Ignored-Members"]) == (422, "remote_session.titel")
    body["session_request"]["remote_session"]["title"] = "Right"
    for _ in range(2):
        answer = client.post(URL, json=body, headers=headers)
        assert (answer.status_code, answer.headers["Ignored-Members"]) == (201, "remote_session.titel")


def test_an_operation_without_a_body_knows_no_member(client, cast):
    answer = client.post(f"{URL}/4711/cancel", json={"silent": True}, headers=cast.headers("depositions"))
    assert (answer.status_code, answer.headers.get("Ignored-Members")) == (404, None)
    made = client.post(URL, json=request_body(), headers=cast.headers("depositions")).json["requests"][0]["id"]
    answer = client.post(f"{URL}/{made}/cancel", json={"silent": True}, headers=cast.headers("depositions"))
    assert (answer.status_code, answer.headers["Ignored-Members"]) == (200, "silent")


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1", "é", "\U0001f989", "x" * 5000, "", "\x00", "a, b"])
def test_hostile_names_stay_one_line_of_ascii(client, cast, name):
    body = {**request_body(), name: 1}
    answer = client.post(URL, json=body, headers=cast.headers("depositions"))
    line = answer.headers.get("Ignored-Members", "")
    assert answer.status_code == 201
    assert line.isascii()
    assert len(line) <= 200
    assert not set(line) & {"\r", "\n", " ", ","}
    assert "Set-Cookie" not in answer.headers


def test_many_are_cut():
    found = ignored_members(CreateBody, {f"m{n}": n for n in range(1000)})
    assert len(found.split(", ")) == MOST_IGNORED


def test_other_apis_answer_as_before(client, cast):
    answer = client.post("/api/v1/public/sessions", json={"unknown": 1}, headers=cast.headers("inspections"))
    assert (answer.status_code, answer.headers.get("Ignored-Members")) == (201, None)
