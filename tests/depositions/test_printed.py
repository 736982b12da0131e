"""Every request the document prints works as printed but for host and credential, and is answered as printed."""

import itertools
import json
import re
import shlex
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from app.kernel.clock import now
from tests.depositions import factories

PRINTED = Path(__file__).parent / "printed"


def read(name: str) -> Any:
    return json.loads((PRINTED / name).read_text("utf-8"))


def from_curl(name: str) -> tuple[str, str, dict[str, str], str]:
    """Method, path, headers and body of a printed curl command."""
    words = shlex.split((PRINTED / name).read_text("utf-8").replace("\\\n", " "))
    method, headers, body = "GET", {}, ""
    for flag, value in itertools.pairwise(words):
        if flag == "-X":
            method = value
        elif flag == "-H":
            key, _, text = value.partition(": ")
            headers[key] = text
        elif flag == "-d":
            body = value
    url = next(word for word in words if word.startswith("https://prevail.ai"))
    return method, path_of(url), headers, body


def from_http(name: str) -> tuple[str, str, dict[str, str], str]:
    """The same of a printed HTTP request."""
    head, _, body = (PRINTED / name).read_text("utf-8").partition("\n\n")
    first, *lines = head.strip().splitlines()
    method, url = first.split(" ")
    return method, path_of(url), dict(line.split(": ", 1) for line in lines), body


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def requests(name: str) -> list[Any]:
    return [pytest.param(from_curl(f"{name}.curl"), id="curl"), pytest.param(from_http(f"{name}.http"), id="http")]


def send(client: Any, cast: Any, printed: tuple[str, str, dict[str, str], str], **swap: str) -> Any:
    method, path, headers, body = printed
    for old, new in swap.items():
        path = path.replace(old, new)
    headers = {**headers, "Authorization": f"Bearer {cast.bearer('marston')}"}
    return client.open(path, method=method, headers=headers, data=body or None)


def same_shape(answer: Any, printed: Any) -> None:
    """At least the printed keys, at the printed place, with values of the printed kind."""
    if isinstance(printed, dict):
        assert list(answer)[: len(printed)] == list(printed)
        for key, value in printed.items():
            same_shape(answer[key], value)
    elif isinstance(printed, list):
        assert len(answer) == len(printed)
        for one, other in zip(answer, printed, strict=True):
            same_shape(one, other)
    elif printed is not None:
        assert type(answer) is type(printed)


@pytest.mark.parametrize("printed", requests("create"))
def test_create(client, cast, printed):
    answer = send(client, cast, printed)
    assert answer.status_code == 201
    expected = read("create-answer.json")
    expected["requests"][0]["id"] = answer.json["requests"][0]["id"]
    assert json.dumps(answer.json) == json.dumps(expected)


@pytest.mark.parametrize("path", ["/api/v1/session_requests", "/api/v1/sessions"])
def test_both_addresses_create(client, cast, path):
    method, _, headers, body = from_http("create.http")
    assert send(client, cast, (method, path, headers, body)).status_code == 201


def test_webhook_once_scheduled(client, cast, database, outbox):
    made = send(client, cast, from_curl("create.curl")).json["requests"][0]["id"]
    scheduled = factories.schedule(database, cast, made, reason="As printed.")
    (row,) = outbox.rows("webhook")
    assert row.payload["url"] == "https://www.urltosendsessioninfo.com"
    expected = read("webhook-claims.json")
    address = row.payload["claims"]["requests"][0]["session_url"]
    assert re.fullmatch(r"http://localhost:8000/sessions/567-case-id-name-[0-9a-f]{20}/join", address)
    expected["requests"][0] |= {
        "id": made,
        "session_url": address,
        "remote_session_id": str(scheduled.remote_session_id),
    }
    assert json.dumps(row.payload["claims"]) == json.dumps(expected)


@pytest.mark.config(webhook_allowed_networks=(ip_network("127.0.0.0/8"),))
def test_webhook_body_is_a_jwt_of_the_api_key_and_is_no_credential(client, cast, database, receiver, outbox):
    made = factories.request(database, cast, postback_url=receiver.url)
    key = cast.key("depositions", "marston")
    factories.schedule(database, cast, made.id)
    outbox.deliver_all()
    (got,) = receiver.wait_for(1)
    body = json.loads(got.body)
    assert list(body) == list(read("webhook-body.json"))
    claims = jwt.decode(body["jwt_payload"], key, algorithms=["HS256"])
    assert list(claims) == ["requests"]
    assert claims["requests"][0]["session_state"] == "scheduled"
    replayed = {"Authorization": f"Bearer {body['jwt_payload']}"}
    assert client.get("/api/v1/session_requests", headers=replayed).status_code == 401


@pytest.mark.parametrize("printed", requests("list"))
def test_list(client, cast, database, printed):
    """The two rows of the printed answer, requested as the document would have it, listed as it prints them."""
    expected = read("list-answer.json")
    for row in expected["requests"]:
        body = {
            "invites": [invite["email"] for invite in row["session_request"]["invites"][:-1]],
            "deponent": row["session_request"]["deponent"],
            "remote_session": row["remote_session"],
            "session_details": row["session_details"],
        }
        made = client.post(
            "/api/v1/session_requests", json={"session_request": body}, headers=cast.headers("depositions")
        )
        assert made.status_code == 201
        row["id"] = made.json["requests"][0]["id"]
    scheduled = factories.schedule(database, cast, expected["requests"][1]["id"], reason="As printed.")
    expected["requests"][1] |= {
        "session_url": f"http://localhost:8000/sessions/{scheduled.slug}/join",
        "remote_session_id": str(scheduled.remote_session_id),
    }
    answer = send(client, cast, printed)
    assert answer.status_code == 200
    assert json.dumps(answer.json) == json.dumps(expected)


@pytest.mark.parametrize("printed", requests("cancel"))
@pytest.mark.parametrize("by", ["id", "remote_session_id", "slug"])
def test_cancel(client, cast, database, printed, by):
    made = factories.request(database, cast)
    answer = send(client, cast, printed, example_remote_session_id=str(getattr(made, by)))
    assert answer.status_code == 200
    assert answer.json == read("cancel-answer.json")
    listed = client.get("/api/v1/session_requests", headers=cast.headers("depositions")).json["requests"]
    assert [row["session_state"] for row in listed] == ["canceled"]


def test_session_states_as_the_table_says(client, cast, database):
    """The document's table: initial without link and id, all others with both."""
    ids = {state: factories.in_state(database, cast, state).id for state in ("initial", "scheduled", "active")}
    listed = client.get("/api/v1/session_requests", headers=cast.headers("depositions")).json["requests"]
    for row in listed:
        assert ids[row["session_state"]] == row["id"]
        assert (row["session_url"] is None) == (row["session_state"] == "initial")
        assert (row["remote_session_id"] is None) == (row["session_state"] == "initial")


def test_self_service_is_ready_at_once(client, cast, outbox):
    _, path, headers, body = from_curl("create.curl")
    headers = {**headers, "Authorization": f"Bearer {cast.bearer('quill')}"}
    (made,) = client.post(path, headers=headers, data=body).json["requests"]
    assert made["session_state"] == "ready"
    assert made["session_url"].startswith("http://localhost:8000/sessions/567-case-id-name-")
    assert made["remote_session_id"]
    (webhook,) = outbox.rows("webhook")
    (claimed,) = webhook.payload["claims"]["requests"]
    same_shape(claimed, read("webhook-claims.json")["requests"][0])
    assert claimed["session_state"] == "ready"
    recipients = {message["to"] for message in outbox.emails()}
    assert recipients == {"malachite@example.com", "quartz@example.com", "obsidian@example.com"}


def test_an_ended_session_reads_active_and_gains_its_end(client, cast, database):
    factories.in_state(database, cast, "ended", starts_at=now())
    (row,) = client.get("/api/v1/session_requests", headers=cast.headers("depositions")).json["requests"]
    assert row["session_state"] == "active"
    assert row["ended_at"][:10] == f"{now():%Y-%m-%d}"
