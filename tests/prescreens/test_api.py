"""The door, the order of refusals, and everything a client may send that it should not."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.prescreens.factories import prescreen, stored, template

NOBODY = "6b0e2f4c-0d1a-4a51-9d2c-2f6f4f0c9a11"
"""An id that nothing has; the same in every process, so that parallel runs name the same tests."""

HUGE = "9" * 400
APPROVE = {"reviewStatus": "approved"}


@pytest.fixture
def headers(cast: Cast) -> dict[str, str]:
    return cast.headers("prescreens")


def problem(answer: Any, status: int, code: str | None = None) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.content_type.startswith("application/problem+json")
    assert {"type", "title", "status", "detail", "code", "request_id"} <= answer.json.keys()
    if code:
        assert answer.json["code"] == code
    return answer.json


@pytest.mark.parametrize("path", ["/api/v1/sessions", f"/api/v1/sessions/{NOBODY}"])
def test_only_a_prescreens_key_authenticates(client: FlaskClient, cast: Cast, path: str) -> None:
    wrong = [{}, {"Authorization": "Bearer ra_0000000000000000000000000000"}]
    wrong.append(cast.headers("inspections"))
    if path != "/api/v1/sessions":  # a bearer of three parts is asked for the sessions of depositions there
        wrong.append(cast.headers("depositions"))
    for headers in wrong:
        problem(client.get(path, headers=headers), 401, "unauthorized")


def test_another_organizations_session_is_not_there(
    client: FlaskClient, database: Database, cast: Cast, headers: dict[str, str]
) -> None:
    theirs = prescreen(database, cast.harbor.id)
    row = stored(database, theirs)
    bodies = []
    for id in (theirs, uuid4()):
        answers = [
            client.get(f"/api/v1/sessions/{id}", headers=headers),
            client.patch(f"/api/v1/sessions/{id}/review", headers=headers, json=APPROVE),
        ]
        bodies.append([{**problem(answer, 404), "request_id": ""} for answer in answers])
    assert bodies[0] == bodies[1]
    for filters in (f"contactId={row.contact_id}", f"workflowTemplateId={row.workflow_template_id}"):
        answer = client.get(f"/api/v1/sessions?{filters}", headers=headers)
        assert answer.json is not None
        assert answer.json["pagination"]["total"] == 0
    assert stored(database, theirs) == row


@pytest.mark.parametrize("id", ["1", "x" * 5000, "0" * 32 + "0", NOBODY + "0", "%00", "{}", "null"])
def test_a_malformed_id_is_an_unknown_one(client: FlaskClient, headers: dict[str, str], id: str) -> None:
    problem(client.get(f"/api/v1/sessions/{id}", headers=headers), 404)
    problem(client.patch(f"/api/v1/sessions/{id}/review", headers=headers, json=APPROVE), 404)


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=",
        "page=1.5",
        "page=1e3",
        "page=%2B1",
        "page=1_0",
        "page=٣",
        f"page={HUGE}",
        "limit=0",
        "limit=-5",
        "limit=many",
        "limit=",
        "limit=true",
        "status=done",
        "status=",
        "status=Completed",
        "status=%00",
        "reviewStatus=pending",
        "reviewStatus=",
        "contactId=1",
        "contactId=",
        f"contactId={{{NOBODY}}}",
        f"contactId=urn:uuid:{NOBODY}",
        "workflowTemplateId=two-bedroom",
    ],
)
def test_a_bad_filter_is_never_silently_dropped(client: FlaskClient, headers: dict[str, str], query: str) -> None:
    found = problem(client.get(f"/api/v1/sessions?{query}", headers=headers), 422)
    assert found["errors"][0]["field"] == query.partition("=")[0]


def test_pages(client: FlaskClient, database: Database, cast: Cast, headers: dict[str, str]) -> None:
    for n in range(5):
        prescreen(database, cast.marston.id, "draft", at=now() - timedelta(hours=n))

    def get(query: str) -> Any:
        answer = client.get(f"/api/v1/sessions?{query}", headers=headers)
        assert answer.status_code == 200
        return answer.json

    first, last = get("limit=2"), get("limit=2&page=3")
    assert first["pagination"] == {"page": 1, "limit": 2, "total": 5, "totalPages": 3}
    assert [len(first["data"]), len(last["data"])] == [2, 1]
    assert first["data"][0]["createdAt"] > first["data"][1]["createdAt"] > last["data"][0]["createdAt"]
    for past in ("page=4&limit=2", "page=900000000000000"):
        beyond = get(past)
        assert beyond["data"] == []
        assert beyond["pagination"]["total"] == 5
    assert get(f"limit={HUGE}")["pagination"]["limit"] == 100
    assert get("limit=101&surprise=1")["pagination"] == {"page": 1, "limit": 100, "total": 5, "totalPages": 1}
    assert get("status=expired")["pagination"] == {"page": 1, "limit": 20, "total": 0, "totalPages": 0}


@pytest.mark.parametrize(("organization", "most"), [("pine", 50), ("marston", 100), ("quill", 200)])
def test_the_plan_caps_the_page(client: FlaskClient, cast: Cast, organization: str, most: int) -> None:
    answer = client.get("/api/v1/sessions?limit=5000", headers=cast.headers("prescreens", organization))
    assert answer.json is not None
    assert answer.json["pagination"]["limit"] == most


@pytest.mark.parametrize(("organization", "a_minute"), [("pine", 30), ("marston", 120), ("quill", 600)])
def test_the_plan_sets_the_rate(client: FlaskClient, cast: Cast, organization: str, a_minute: int) -> None:
    answer = client.get("/api/v1/sessions", headers=cast.headers("prescreens", organization))
    assert answer.headers["X-RateLimit-Limit"] == str(a_minute)


BAD_BODIES: list[bytes] = [
    b"{",
    b"[]",
    b'"approved"',
    b"null",
    b'{"reviewStatus": NaN}',
    b'{"reviewStatus": "approved", "reviewNotes": "\\ud800"}',
    b'{"reviewStatus": "approved\xff"}',
    b"[" * 20000,
    b"{}",
    b"",
    b'{"reviewStatus": null}',
    b'{"reviewStatus": "pending_review"}',
    b'{"reviewStatus": "Approved"}',
    b'{"reviewStatus": "approved "}',
    b'{"reviewStatus": true}',
    b'{"reviewStatus": ["approved"]}',
    b'{"reviewStatus": {"": ""}}',
    b'{"reviewStatus": 9223372036854775808}',
    b'{"reviewStatus": "approved", "reviewNotes": 5}',
    b'{"reviewStatus": "approved", "reviewNotes": ["x"]}',
    b'{"reviewStatus": "approved", "reviewNotes": "\\u0000"}',
    json.dumps({"reviewStatus": "approved", "reviewNotes": "x" * 2001}).encode(),
    json.dumps({"reviewStatus": "approved", "reviewNotes": "😀" * 2001}).encode(),
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_body_is_422_and_changes_nothing(
    client: FlaskClient, database: Database, cast: Cast, headers: dict[str, str], body: bytes
) -> None:
    id = prescreen(database, cast.marston.id)
    before = stored(database, id)
    answer = client.patch(f"/api/v1/sessions/{id}/review", headers=headers, data=body, content_type="application/json")
    problem(answer, 422)
    assert stored(database, id) == before


@pytest.mark.parametrize(
    "notes",
    [
        "x" * 2000,
        "😀" * 2000,
        "",
        "שלום <script>alert(1)</script>\u202e",
        "line\r\nline\ttab\x07",
        "%s {{ 7*7 }} ' \" \\",
    ],
)
def test_accepted_notes_round_trip_exactly(
    client: FlaskClient, database: Database, cast: Cast, headers: dict[str, str], notes: str
) -> None:
    id = prescreen(database, cast.marston.id)
    body = {**APPROVE, "reviewNotes": notes, "status": "draft", "unknown": {"deep": [1]}}
    answer = client.patch(f"/api/v1/sessions/{id}/review", headers=headers, json=body)
    assert answer.status_code == 200
    assert client.get(f"/api/v1/sessions/{id}", headers=headers).json["reviewNotes"] == notes  # type: ignore[index]
    assert stored(database, id).status == "completed"


def test_wrong_type_and_size(client: FlaskClient, database: Database, cast: Cast, headers: dict[str, str]) -> None:
    path = f"/api/v1/sessions/{prescreen(database, cast.marston.id)}/review"
    problem(client.patch(path, headers=headers, data=b"{}", content_type="text/plain"), 415)
    large = b'{"reviewNotes": "' + b"x" * 300_000 + b'"}'
    problem(client.patch(path, headers=headers, data=large, content_type="application/json"), 413)


def test_the_order_of_refusals(client: FlaskClient, database: Database, cast: Cast, headers: dict[str, str]) -> None:
    home = cast.marston.id
    reviewed, waiting = prescreen(database, home, "approved"), prescreen(database, home)
    draft, over = prescreen(database, home, "draft"), prescreen(database, home, at=now() - timedelta(days=31))

    def review(id: Any, body: Any = APPROVE, **more: Any) -> Any:
        return client.patch(f"/api/v1/sessions/{id}/review", headers=more.get("headers", headers), json=body)

    starter = cast.headers("prescreens", "pine")
    problem(review(uuid4(), {}, headers=starter), 403, "plan.read_only")
    problem(review(uuid4(), {}), 404)
    problem(review(reviewed, {}), 422)
    problem(review(reviewed), 409, "session.already_reviewed")
    problem(review(draft), 422, "session.not_completed")
    problem(review(over), 422, "session.expired")
    assert review(waiting).status_code == 200


def test_a_starter_plan_reads(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.pine.id)
    assert client.get(f"/api/v1/sessions/{id}", headers=cast.headers("prescreens", "pine")).status_code == 200


def test_a_repeat_with_the_same_key_is_the_same_answer(
    client: FlaskClient, database: Database, cast: Cast, headers: dict[str, str]
) -> None:
    id = prescreen(database, cast.marston.id)
    once = {**headers, "Idempotency-Key": "review-1"}
    first = client.patch(f"/api/v1/sessions/{id}/review", headers=once, json=APPROVE)
    again = client.patch(f"/api/v1/sessions/{id}/review", headers=once, json=APPROVE)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.data == again.data
    assert again.headers["Idempotent-Replayed"] == "true"
    other = client.patch(f"/api/v1/sessions/{id}/review", headers=once, json={"reviewStatus": "denied"})
    problem(other, 409, "idempotency.key_mismatch")


def test_hostile_answers_come_out_as_they_are(
    client: FlaskClient, database: Database, cast: Cast, headers: dict[str, str]
) -> None:
    evil = "</script><script>alert(1)</script>"
    with database.write() as db:
        keys = {"__proto__": "text", "constructor": "text", evil: "text"}
        questions = [{"key": key, "label": key, "type": kind, "required": False} for key, kind in keys.items()]
        questions.append({"key": "fullName", "label": "Name", "type": "name"})
        hostile = template(db, cast.marston.id, "hostile", questions=questions)
    given = dict.fromkeys(keys, evil) | {"fullName": evil}
    nothing = dict.fromkeys(("moveInDate", "budget", "hasPets", "pets", "email", "phone"))
    id = prescreen(database, cast.marston.id, template_id=hostile, given={**nothing, **given})
    answer = client.get(f"/api/v1/sessions/{id}", headers=headers)
    assert answer.json is not None
    assert answer.json["submission"] == given
    assert answer.content_type == "application/json"


def test_both_databases_hand_numbers_back_as_numbers(
    client: FlaskClient, database: Database, cast: Cast, headers: dict[str, str]
) -> None:
    id = prescreen(database, cast.marston.id, given={"budget": "2500.50"})
    raw = client.get(f"/api/v1/sessions/{id}", headers=headers).text
    assert '"budget":2500.5' in raw
    assert '"hasPets":true' in raw
