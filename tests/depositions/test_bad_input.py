"""What clients may get wrong: always a refusal that names the field, never a 500, the same on both databases."""

import copy
import json

import pytest

from tests.depositions.test_printed import from_http

GOOD = json.loads(from_http("create.http")[3])["session_request"]
MISSING = object()
NASTY = ["\x00", "a\x00b", 5, 2**63, 1e308, True, ["text"], {"text": 1}]
TEXTS = {
    "remote_session.title": 500,
    "remote_session.case": 500,
    "remote_session.file_number": 100,
    "deponent.name": 200,
    "session_details.preferred_manager": 200,
    "session_details.video_provider": 100,
    "session_details.interpreter": 200,
    "session_details.language": 100,
    "session_details.languages": 200,
    "session_details.additional_details": 5000,
    "session_details.session_type": 100,
    "session_type": 100,
}


@pytest.fixture
def create(client, cast):
    headers = {**cast.headers("depositions"), "Content-Type": "application/json"}

    def post(body):
        raw = body if isinstance(body, bytes | str) else json.dumps({"session_request": body})
        return client.post("/api/v1/session_requests", data=raw, headers=headers)

    return post


def changed(path, value):
    body = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    place = body
    for parent in parents:
        place = place.setdefault(parent, {})
    if value is MISSING:
        place.pop(last, None)
    else:
        place[last] = value
    return body


def refused(answer, field, status=422):
    assert answer.status_code == status, answer.json
    assert answer.content_type == "application/problem+json"
    problem = answer.json
    assert {"type", "title", "status", "detail", "code", "request_id", "messages"} <= set(problem)
    assert problem["messages"] == problem["detail"]
    assert field in [error["field"] for error in problem["errors"]]
    return problem


@pytest.mark.parametrize("field", ["title", "case", "start_date", "start_time", "time_zone"])
@pytest.mark.parametrize("value", [MISSING, None, ""])
def test_required(create, field, value):
    refused(create(changed(f"remote_session.{field}", value)), f"remote_session.{field}")


@pytest.mark.parametrize("field", ["remote_session", "deponent", "session_details"])
def test_objects_must_be_objects(create, field):
    for bad in ("text", 5, [GOOD[field]]):
        refused(create(changed(field, bad)), field)


def test_all_at_once(create):
    body = changed("remote_session.title", MISSING)
    body["remote_session"]["start_date"] = "28.01.2025"
    body["remote_session"]["time_zone"] = "Mars"
    body["deponent"]["role"] = "judge"
    fields = [error["field"] for error in refused(create(body), "deponent.role")["errors"]]
    assert sorted(fields) == [
        "deponent.role",
        "remote_session.start_date",
        "remote_session.time_zone",
        "remote_session.title",
    ]


@pytest.mark.parametrize("path", TEXTS)
def test_texts(create, path):
    for bad in NASTY:
        problem = refused(create(changed(path, bad)), path)
        assert "\\u0000" not in json.dumps(problem)
    refused(create(changed(path, "x" * (TEXTS[path] + 1))), path)
    for good in ("x" * TEXTS[path], "مرحبا", "🦉 \u202eabc", "a\tb\nc", "'; DROP TABLE x; --", "<script>"):
        assert create(changed(path, good)).status_code == 201


def test_accepted_text_comes_back_exactly(create):
    text = " 🦉 é é ﷽ \u202e<b>&amp;\n\t\u0007"
    body = changed("remote_session.title", text)
    body["session_details"]["additional_details"] = text
    (row,) = create(body).json["requests"]
    assert row["remote_session"]["title"] == text
    assert row["session_details"]["additional_details"] == text


@pytest.mark.parametrize("bad", [0, -1, 24.01, 1e9, "1.25", True, [1], 2**70, 1e-400])
def test_bad_durations(create, bad):
    refused(create(changed("remote_session.estimated_duration", bad)), "remote_session.estimated_duration")


@pytest.mark.parametrize("good", ["1.25", "2", "24", "0.5", "2.0", "null"])
def test_durations_come_back_as_sent(create, good):
    raw = json.dumps({"session_request": changed("remote_session.estimated_duration", 777)}).replace("777", good)
    answer = create(raw)
    assert answer.status_code == 201
    assert f'"estimated_duration":{good}}}' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "bad",
    [
        "nobody", "a@", "@b", "a@b@c.com", "a b@c.com", "a@b.com\n", "", "x" * 250 + "@e.com",
        # No domain has these names, whose signs are all allowed.
        "a@-e.com", "a@e-.com", "a@mail.-e.com", "a@-.net", "a@ab--c.org", "a@ab--.com",
    ],
)  # fmt: skip
def test_bad_addresses(create, bad):
    refused(create(changed("invites", ["fine@example.com", bad])), "invites.1.email")
    if bad:
        refused(create(changed("deponent.email", bad)), "deponent.email")


@pytest.mark.parametrize("nothing", ["\u200b", "\u3164", "\u2800", "\u0301", " \u00ad\u202e "])
def test_text_that_nobody_can_see_is_not_given(create, nothing):
    refused(create(changed("remote_session.title", nothing)), "remote_session.title")
    refused(create(changed("remote_session.case", nothing)), "remote_session.case")
    answer = create(changed("deponent.name", nothing))
    assert answer.json["requests"][0]["session_request"]["deponent"]["name"] is None


def test_names_do_not_turn_around_and_keep_their_joiners(create):
    answer = create(changed("deponent.name", "\u202eنيرفا\u202c علی\u200cرضا"))
    assert answer.json["requests"][0]["session_request"]["deponent"]["name"] == "نيرفا علی\u200cرضا"


def test_addresses_are_taken_without_invisible_marks(create):
    body = changed("invites", ["\u200bfine@example.com\ufeff", "\u202afine@example.com\u202c"])
    body["deponent"]["email"] = "lapis@example.com\u200b"
    sent = create(body).json["requests"][0]["session_request"]
    assert (sent["invites"], sent["deponent"]["email"]) == (["fine@example.com"], "lapis@example.com")


@pytest.mark.parametrize(
    "bad", ["quartz@example.com", {}, 5, [5], [["a@example.com"]], [None], [{"access_level": "host"}], ["a@b.co"] * 101]
)
def test_bad_invites(create, bad):
    assert create(changed("invites", bad)).status_code == 422


@pytest.mark.parametrize("bad", [5, None, True, ["a@example.com"]])
def test_an_invite_of_another_type_is_told_both_forms(create, bad):
    problem = refused(create(changed("invites", ["fine@example.com", bad])), "invites.1")
    assert problem["errors"][0]["detail"] == "This must be an e-mail address, or an object with one."
    assert problem["errors"][0]["code"] == "type"


def test_invites_as_objects_are_folded_and_shown_as_addresses(create, database):
    given = ["Quartz@example.com", {"email": "amber@example.com", "access_level": "host"}, "quartz@EXAMPLE.com"]
    (row,) = create(changed("invites", given)).json["requests"]
    assert row["session_request"]["invites"] == ["Quartz@example.com", "amber@example.com"]
    refused(create(changed("invites", [{"email": "a@example.com", "access_level": "boss"}])), "invites.0.access_level")


@pytest.mark.parametrize(
    "bad",
    ["2025-02-30", "2025-13-01", "28-01-2025", "2025-01-28T00:00", "1500-01-01", "9999-12-31", "0000-00-00", "today"],
)
def test_bad_dates(create, bad):
    refused(create(changed("remote_session.start_date", bad)), "remote_session.start_date")


@pytest.mark.parametrize("good", ["1900-01-01", "1969-12-31", "2038-02-01", "2040-07-16", "2199-12-31"])
def test_dates_of_every_year_that_is_taken(create, good):
    assert create(changed("remote_session.start_date", good)).status_code == 201


def test_wall_time_that_does_not_exist(create):
    body = changed("remote_session.start_date", "2025-03-09")
    body["remote_session"]["start_time"] = "02:30 AM"
    problem = refused(create(body), "remote_session.start_time")
    assert "01:59 AM" in problem["detail"]
    assert "03:00 AM" in problem["detail"]


def test_wall_time_that_comes_twice_is_taken(create, database):
    body = changed("remote_session.start_date", "2025-11-02")
    assert create(body).status_code == 201


@pytest.mark.parametrize("zone", ["(GMT-08:00) Pacific Time (US & Canada)", "America/Los_Angeles", "UTC", "Osaka"])
def test_zones_are_echoed_as_sent(create, zone):
    (row,) = create(changed("remote_session.time_zone", zone)).json["requests"]
    assert row["remote_session"]["time_zone"] == zone


@pytest.mark.parametrize(
    "bad",
    ["ftp://example.com", "http://", "https://user:pw@example.com", "https://127.0.0.1", "https://example.com:22x",
     "javascript:alert(1)", "https://[::1]/", "https://2130706433/", "not a url"],
)  # fmt: skip
def test_webhook_addresses_we_never_send_to(create, bad):
    refused(create(changed("postback_url", bad)), "postback_url")


def test_null_means_omitted_and_unknown_members_are_dropped(create):
    body = {**GOOD, "deponent": None, "invites": None, "postback_url": None, "password": "x", "session_details": None}
    body["remote_session"] = {**GOOD["remote_session"], "surprise": {"deep": [1]}, "estimated_duration": None}
    (row,) = create(body).json["requests"]
    assert row["session_request"] == {"session_type": "remote_deposition", "deponent": None, "invites": []}
    assert row["session_details"] == {"language": "en-US"}
    assert row["remote_session"]["estimated_duration"] is None
    assert "surprise" not in json.dumps(row)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b'{"session_request": NaN}', 400),
        (b"\xff\xfe", 400),
        (b'{"session_request": "\\ud800"}', 400),
        (b"[" * 100_000, 400),
        (b'{"session_request": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001, 400),
        (b"{}", 422),
        (b"", 422),
        (b'{"session_request": null}', 422),
        (b'{"session_request": []}', 422),
        (b'{"x": "' + b"y" * 300_000 + b'"}', 413),
    ],
)
def test_bodies(create, raw, status):
    assert create(raw).status_code == status


def test_wrong_media_type(client, cast):
    headers = {**cast.headers("depositions"), "Content-Type": "text/plain"}
    assert client.post("/api/v1/sessions", data="{}", headers=headers).status_code == 415


def test_nothing_is_written_when_refused(create, client, cast):
    create(changed("deponent.role", "judge"))
    answer = client.get("/api/v1/session_requests", headers=cast.headers("depositions")).json
    assert answer["pagy"]["count"] == 0


@pytest.mark.parametrize(
    ("query", "body", "emails"),
    [
        ("", None, 3),
        ("?cancel_without_email=true", None, 0),
        ("?cancel_without_email=1", None, 0),
        ("?cancel_without_email=false", None, 3),
        ("", {"cancel_without_email": True}, 0),
        ("", {"cancel_without_email": 0}, 3),
        ("", {"cancel_without_email": "true"}, 0),
        ("", {"cancel_without_email": 1.0}, 0),
        ("?cancel_without_email=false", {"cancel_without_email": True}, 3),
    ],
)
def test_cancel_without_email(client, cast, create, outbox, query, body, emails):
    made = create(GOOD).json["requests"][0]["id"]
    url = f"/api/v1/session_requests/{made}/cancel{query}"
    answer = (
        client.post(url, headers=cast.headers("depositions"), json=body)
        if body is not None
        else client.post(url, headers={**cast.headers("depositions"), "Content-Type": "application/json"})
    )
    assert answer.status_code == 200
    assert len(outbox.emails()) == emails


@pytest.mark.parametrize("bad", ["yes", "", "2", "TRUEE", "null"])
def test_cancel_without_email_must_be_plain(client, cast, create, bad):
    made = create(GOOD).json["requests"][0]["id"]
    url = f"/api/v1/session_requests/{made}/cancel"
    headers = cast.headers("depositions")
    refused(client.post(f"{url}?cancel_without_email={bad}", headers=headers), "cancel_without_email")
    refused(client.post(url, json={"cancel_without_email": bad}, headers=headers), "cancel_without_email")
    refused(client.post(url, json={"cancel_without_email": [True]}, headers=headers), "cancel_without_email")


@pytest.mark.parametrize(
    "wanted", ["0", "-1", "4711", "9" * 30, "9223372036854775808", "x", "%00", "a%2Fb", "é", "' OR 1=1", "１"]
)
@pytest.mark.parametrize("verb", ["cancel", "cancellation_request"])
def test_unknown_ids(client, cast, wanted, verb):
    answer = client.post(f"/api/v1/session_requests/{wanted}/{verb}", headers=cast.headers("depositions"))
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_another_organizations_answers_like_an_unknown_one(client, cast, create):
    row = create(GOOD).json["requests"][0]
    for verb in ("cancel", "cancellation_request"):
        foreign, unknown = (
            client.post(f"/api/v1/session_requests/{id}/{verb}", headers=cast.headers("depositions", "harbor")).json
            for id in (row["id"], 4711)
        )
        foreign.pop("request_id")
        unknown.pop("request_id")
        assert foreign == unknown


def test_order_of_refusals(client, cast, create):
    made = create(GOOD).json["requests"][0]["id"]
    url = f"/api/v1/session_requests/{made}/cancel?cancel_without_email=perhaps"
    assert client.post(url).status_code == 401
    assert client.post(url, headers=cast.headers("prescreens")).status_code == 401
    headers = cast.headers("depositions", "harbor")
    assert client.post(url, headers=headers, data=b"{").status_code == 404
    mine = cast.headers("depositions")
    assert client.post(url, headers=mine, data=b"{").status_code == 415
    assert client.post(url, headers={**mine, "Content-Type": "application/json"}, data=b"{").status_code == 400
    assert client.post(url, headers=mine).status_code == 422


def test_idempotency(client, cast, create, outbox):
    headers = {**cast.headers("depositions", "quill"), "Idempotency-Key": "order-1"}
    first, again = (client.post("/api/v1/sessions", json={"session_request": GOOD}, headers=headers) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.data == again.data
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(outbox.rows("webhook")) == 1
    other = client.post("/api/v1/sessions", json={"session_request": {**GOOD, "invites": []}}, headers=headers)
    assert other.status_code == 409
