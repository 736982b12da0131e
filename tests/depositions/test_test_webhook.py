"""Test webhook: an example that says it is one goes through the outbox to a receiver; its page shows the answer."""

from ipaddress import ip_network

import jwt
import pytest

from app.depositions.payloads.documents import IS_A_TEST
from app.kernel.outbox.webhooks import LONGEST_EXCERPT, printable
from tests.outgoing import Reply

URL = "/depositions/organizations/marston/test_webhook"
LOCAL = pytest.mark.config(webhook_allowed_networks=(ip_network("127.0.0.0/8"),))


@pytest.fixture(autouse=True)
def without_tokens(app):
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def key(cast):
    return cast.key("depositions", "marston")


@LOCAL
def test_it_arrives_marked_and_its_page_shows_what_came_of_it(ines, key, receiver, outbox):
    receiver.replies = [Reply(200, {"Content-Type": "text/plain"}, body=b"<b>got \x1b[31mit</b>\xff")]
    answer = ines.post(URL, data={"url": f"{receiver.url}?token=hush"})
    assert answer.status_code == 303
    outbox.deliver_all()
    (got,) = receiver.wait_for(1)
    (claims,) = jwt.decode(got.json["jwt_payload"], key, algorithms=["HS256"])["requests"]
    assert (claims["id"], claims["notice"]) == (0, IS_A_TEST)
    assert claims["remote_session"]["title"].startswith("TEST: ")
    page = ines.get(answer.location).get_data(as_text=True)
    assert "&lt;b&gt;got  [31mit&lt;/b&gt;�" in page
    assert " ms" in page
    assert IS_A_TEST in page
    assert "curl -X POST" in page
    assert "SIGNED_WITH_YOUR_KEY" in page
    assert "hush" not in page
    assert "/…" in page
    assert key not in page
    assert got.json["jwt_payload"] not in page
    listed = ines.get("/depositions/organizations/marston").get_data(as_text=True)
    assert "Test webhooks" in listed
    assert "Send a test" in listed


@LOCAL
def test_a_receiver_that_refuses_is_given_up_soon(ines, key, receiver, outbox, clock):
    receiver.replies = [Reply(500, body=b"no such table: hooks")]
    place = ines.post(URL, data={"url": receiver.url}).location
    outbox.deliver_all()
    clock.move(minutes=2)
    outbox.deliver_all()
    page = ines.get(place).get_data(as_text=True)
    assert "The receiver answered 500." in page
    assert "no such table: hooks" in page
    assert [row.state for row in outbox.rows("webhook")] in (["dead"], ["dropped"])


@pytest.mark.parametrize(
    "bad", ["", "nowhere", "https://10.0.0.1/", "https://127.0.0.1/", "https://u:p@example.com/", "ftp://example.com",
            "https://example.com:22/", "https://example.com/" + "x" * 2048, "https://ex\u0430mple.com/", "a\x00b"]
)  # fmt: skip
def test_addresses_that_are_never_called(ines, key, outbox, bad):
    answer = ines.post(URL, data={"url": bad}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert 'data-field="url"' in answer.get_data(as_text=True)
    assert outbox.rows() == []


def test_without_a_key_nothing_is_sent(ines, outbox):
    answer = ines.post(URL, data={"url": "https://hooks.example.com/x"})
    assert answer.status_code == 409
    assert "no active depositions key" in answer.get_data(as_text=True)
    assert outbox.rows() == []


def test_who_may_not(client, cast, key, outbox):
    for called, status in (("ada", 403), ("aude", 403), ("abel", 404), ("lena", 403)):
        cast.sign_in(client, called)
        assert client.post(URL, data={"url": "https://hooks.example.com/x"}).status_code == status
    assert outbox.rows() == []


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", ""),
        (b"ok\r\n", "ok"),
        (b"one\r\ntwo\n", "one\ntwo"),
        (b"x" * LONGEST_EXCERPT, "x" * LONGEST_EXCERPT),
        (b"a\x00b\x1b\x7f", "a b"),
        ("\u202eevil".encode(), "evil"),
        (b"x" * 5000, "x" * LONGEST_EXCERPT + "…"),
        (b"\xff\xfe", "��"),
    ],
)
def test_what_a_receiver_says_is_made_printable(body, shown):
    assert printable(body) == shown
