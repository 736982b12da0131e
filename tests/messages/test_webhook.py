"""Webhooks to a real receiver that behaves as receivers do."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_network
from typing import Any

import jwt
import pytest

from app.config import Config
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import http_client, webhooks
from tests.messages.receivers import HttpReceiver
from tests.messages.sending import HANDLERS, row_of, send

KEY = "dk_" + "k" * 40
CLAIMS = {"requests": [{"id": 11767, "session_state": "scheduled", "notice": None, "title": "Ünï"}]}
LOOPBACK = (ip_network("127.0.0.0/8"),)


def signed_with(monkeypatch: pytest.MonkeyPatch, signing_key: webhooks.SigningKey) -> None:
    monkeypatch.setitem(HANDLERS, "webhook", partial(webhooks.deliver, signing_key=signing_key))


@pytest.fixture
def bad() -> Iterator[HttpReceiver]:
    running = HttpReceiver()
    yield running
    running.stop()


@pytest.fixture
def sender(worker_databases: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An app that may send to this machine. The database itself does not matter here."""
    signed_with(monkeypatch, lambda db, organization_id: KEY)
    database = Database(Config.for_tests(database_url=worker_databases.sqlite(), webhook_allowed_networks=LOOPBACK))
    yield database
    database.dispose()


def hook(url: str) -> Any:
    return webhooks.notification(url, CLAIMS, 1)


def test_it_arrives_signed_and_says_exactly_the_claims(sender: Database, bad: HttpReceiver) -> None:
    row = send(sender, hook(bad.url("/hooks/200?a=b")))
    assert row.state == "sent"
    ((path, headers, body),) = bad.requests
    assert path == "/hooks/200?a=b"
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"127.0.0.1:{bad.port}"
    posted = json.loads(body)
    assert list(posted) == ["jwt_payload"]
    assert jwt.get_unverified_header(posted["jwt_payload"]) == {"alg": "HS256", "typ": "JWT"}
    assert jwt.decode(posted["jwt_payload"], KEY, algorithms=["HS256"]) == CLAIMS


def test_the_headers_are_those_of_standard_webhooks(sender: Database, bad: HttpReceiver) -> None:
    row = send(sender, hook(bad.url("/200")))
    ((_path, headers, body),) = bad.requests
    assert headers["webhook-id"] == str(row.id)
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY.encode(), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize(
    ("path", "state", "reason"),
    [
        ("/204", "sent", None),
        ("/500", "queued", "The receiver answered 500."),
        ("/404", "queued", "The receiver answered 404."),
        ("/410", "dead", "The receiver answered 410 Gone: it wants no more of these."),
        ("/302", "queued", "The receiver answered with a redirect (302), which is never followed."),
        ("/garbage", "queued", "The receiver closed the connection or sent something that is no HTTP answer."),
        ("/cut", "queued", "The receiver closed the connection or sent something that is no HTTP answer."),
        ("/huge", "sent", None),
        ("/someday", "sent", None),
    ],
)
def test_what_each_answer_means(sender: Database, bad: HttpReceiver, path: str, state: str, reason: str | None) -> None:
    row = send(sender, hook(bad.url(path)))
    assert (row.state, row.last_error) == (state, reason)
    assert len(bad.requests) == 1


def test_retry_after_only_lengthens_the_wait(sender: Database, bad: HttpReceiver) -> None:
    row = send(sender, hook(bad.url("/later")))
    assert 770 <= (row.due_at - now()).total_seconds() <= 777


@pytest.mark.parametrize("path", ["/hang", "/drip"])
def test_a_receiver_has_so_many_seconds_in_all(
    sender: Database, bad: HttpReceiver, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client.post, "__kwdefaults__", {"seconds": 0.6})
    # Both receivers go on until the test is over, so that only the deadline can end this.
    row = send(sender, hook(bad.url(path)))
    assert (row.state, row.last_error) == ("queued", "The receiver did not answer within 0.6 seconds.")


def test_nobody_listens(sender: Database, bad: HttpReceiver) -> None:
    bad.stop()
    assert send(sender, hook(bad.url("/200"))).last_error == "The receiver refused the connection."


def test_no_proxy_of_the_environment_sees_it(
    sender: Database, bad: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(sender, hook(bad.url("/200"))).state == "sent"


def test_the_answer_of_a_receiver_is_not_kept(sender: Database, bad: HttpReceiver) -> None:
    row = send(sender, hook(bad.url("/garbage")))
    assert "this is not HTTP" not in str(row_of(sender, row.id))


def test_without_the_operators_leave_nothing_goes_inside(worker_databases: Any, bad: HttpReceiver) -> None:
    strict = Database(Config.for_tests(database_url=worker_databases.sqlite()))
    for host in ("127.0.0.1", "localhost"):
        row = send(strict, hook(bad.url("/200", host)))
        assert row.state == "dead"
    assert bad.requests == []
    strict.dispose()


def test_an_organization_without_key_waits_for_one(
    sender: Database, bad: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_db: Any, _organization_id: int) -> str:
        raise LookupError("Why there is none.")

    signed_with(monkeypatch, none)
    row = send(sender, hook(bad.url("/200")))
    assert (row.state, bad.requests) == ("queued", [])
    assert row.last_error == "Why there is none."


def test_a_name_nobody_knows_is_tried_again(sender: Database) -> None:
    row = send(sender, hook("https://no-such-name.invalid/"))
    assert (row.state, row.last_error) == ("queued", "The name no-such-name.invalid could not be resolved.")
