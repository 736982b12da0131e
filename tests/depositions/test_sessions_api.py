"""`/api/v1/sessions` with a depositions bearer, one request, and signed parameters."""

import jwt
import pytest

from app.kernel.clock import now
from tests.depositions import factories

SESSIONS = "/api/v1/sessions"
REQUESTS = "/api/v1/session_requests"


@pytest.fixture
def sign(cast):
    def payload(organization="marston", key="", **claims):
        return jwt.encode(claims, key or cast.key("depositions", organization), algorithm="HS256")

    return payload


def test_the_list_of_sessions_has_what_is_booked_and_not_canceled(client, cast, database):
    made = {
        state: factories.in_state(database, cast, state, starts_at=now() if state == "ended" else None).id
        for state in ("initial", "scheduled", "active", "ended", "canceled")
    }
    headers = cast.headers("depositions")
    answer = client.get(SESSIONS, headers=headers)
    assert [row["id"] for row in answer.json["requests"]] == [made["scheduled"], made["active"], made["ended"]]
    assert answer.json["pagy"] == {"page": 1, "items": 3, "count": 3, "pages": 1}
    everything = client.get(REQUESTS, headers=headers).json["requests"]
    assert answer.json["requests"] == [row for row in everything if row["id"] in (2, 3, 4)]
    second = client.get(f"{SESSIONS}?items=2&page=2&start_time=0", headers=headers).json
    assert (second["pagy"]["count"], [row["id"] for row in second["requests"]]) == (3, [made["ended"]])
    assert client.get(SESSIONS, headers=cast.headers("depositions", "harbor")).json["requests"] == []
    assert client.get(f"{SESSIONS}?start_time=soon", headers=headers).status_code == 422


def test_self_service_sessions_are_ready(client, cast, database):
    made = factories.in_state(database, cast, "ready")
    (row,) = client.get(SESSIONS, headers=cast.headers("depositions", "quill")).json["requests"]
    assert (row["id"], row["session_state"]) == (made.id, "ready")


def test_the_form_of_the_credential_decides_whose_address_it_is(client, cast):
    shown = client.get(SESSIONS, headers=cast.headers("prescreens")).json
    assert {"data", "pagination"} <= shown.keys()
    refused = [
        client.get(SESSIONS, headers={"Authorization": value} if value else {})
        for value in ("", "Bearer nonsense", f"Bearer {cast.key('inspections')}", "Basic a.b.c")
    ]
    for answer in refused:
        assert answer.status_code == 401
        assert "messages" not in answer.json
    assert client.get(SESSIONS, headers={"Authorization": "Bearer a.b.c"}).json["messages"]


@pytest.mark.parametrize("by", ["id", "remote_session_id", "slug"])
def test_one_request_is_shown_as_in_the_list(client, cast, database, by):
    made = factories.in_state(database, cast, "scheduled")
    headers = cast.headers("depositions")
    answer = client.get(f"{REQUESTS}/{getattr(made, by)}", headers=headers)
    assert answer.status_code == 200
    assert answer.json == {"requests": client.get(REQUESTS, headers=headers).json["requests"]}
    foreign = client.get(f"{REQUESTS}/{getattr(made, by)}", headers=cast.headers("depositions", "harbor"))
    unknown = client.get(f"{REQUESTS}/4711", headers=headers)
    assert foreign.status_code == unknown.status_code == 404
    assert {**foreign.json, "request_id": ""} == {**unknown.json, "request_id": ""}


def test_cancel_by_patch_is_the_cancel_by_post(client, cast, database, outbox):
    made = factories.request(database, cast)
    url, headers = f"{SESSIONS}/{made.remote_session_id}/cancel", cast.headers("depositions")
    assert client.patch(url).status_code == 401
    assert client.patch(url, headers=cast.headers("prescreens")).status_code == 401
    assert client.patch(url, headers=cast.headers("depositions", "harbor")).status_code == 404
    assert client.patch(f"{url}?cancel_without_email=perhaps", headers=headers).status_code == 422
    answer = client.patch(f"{url}?cancel_without_email=true", headers=headers)
    assert (answer.status_code, answer.json) == (200, {"messages": "Session successfully canceled."})
    assert outbox.emails() == []
    assert client.patch(url, headers=headers).json["code"] == "session_request.already_canceled"


def test_signed_parameters_win(client, cast, database, outbox, sign):
    made, headers = factories.request(database, cast), cast.headers("depositions")
    url = f"{SESSIONS}/{made.remote_session_id}/cancel"
    payload = sign(cancel_without_email=True, slug="marston")
    body = {"cancel_without_email": False, "jwt_payload": payload}
    assert client.patch(f"{url}?cancel_without_email=false", json=body, headers=headers).status_code == 200
    assert outbox.emails() == []
    later = factories.in_state(database, cast, "scheduled")
    after = int(later.starts_at.timestamp())
    plain = client.get(f"{SESSIONS}?start_time={after - 1}", headers=headers)
    signed = client.get(f"{SESSIONS}?start_time=0&jwt_payload={sign(start_time=after)}", headers=headers)
    assert (plain.json["pagy"]["count"], signed.json["pagy"]["count"]) == (1, 0)
    as_float = client.get(f"{SESSIONS}?start_time=0&jwt_payload={sign(start_time=float(after))}", headers=headers)
    assert as_float.json["pagy"]["count"] == 0


def test_a_payload_that_cannot_be_read_is_refused(client, cast, database, sign):
    headers = cast.headers("depositions")
    deep = {"a": 1}
    for _ in range(200):
        deep = {"a": deep}
    for payload in (
        "nonsense",
        "a.b.c",
        "",
        "\u00e9.\u00e9.\u00e9",
        sign(key="another key that is thirty-two bytes long", start_time=1),
        sign("harbor", slug="harbor", start_time=1),
        sign(slug="harbor"),
        sign(exp=1),
        sign(exp="soon"),
        sign(nbf=now().timestamp() + 3600),
        sign(start_time="soon"),
        sign(**deep),
    ):
        answer = client.get(SESSIONS, query_string={"jwt_payload": payload}, headers=headers)
        assert answer.status_code == 422, payload
        assert answer.json["errors"][0]["field"] in ("jwt_payload", "start_time")
    assert client.get(SESSIONS, query_string={"jwt_payload": sign(surprise=1)}, headers=headers).status_code == 200
    url = f"{SESSIONS}/{factories.request(database, cast).id}/cancel"
    for wrong in (5, ["x"], {"a": 1}, "x" * 100_001):
        answer = client.patch(url, json={"jwt_payload": wrong}, headers=headers)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "jwt_payload")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Pacific Time", "Pacific Time (US & Canada)"),
        ("Pacific Time (US and Canada)", "Pacific Time (US & Canada)"),
        ("PDT", "Pacific Time (US & Canada)"),
        ("america/los_angeles", "America/Los_Angeles"),
        ("Estern Time (US & Canada)", "Eastern Time (US & Canada)"),
        ("Mars", ""),
    ],
)
def test_near_misses_of_zone_names_get_a_suggestion(client, cast, written, meant):
    body = {"title": "t", "case": "c", "start_date": "2027-01-04", "start_time": "09:00 AM", "time_zone": written}
    answer = client.post(
        SESSIONS, json={"session_request": {"remote_session": body}}, headers=cast.headers("depositions")
    )
    (error,) = answer.json["errors"]
    assert (answer.status_code, error["field"]) == (422, "remote_session.time_zone")
    assert error["detail"].partition("Did you mean ")[2].rstrip("?") == meant
    assert "Mars" not in answer.get_data(as_text=True)
