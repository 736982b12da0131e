"""The pages of messages: who sees which, what they show, and what they never show."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.access import Scope
from app.desks import SUBJECTS
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import claims, delivery_status, dropping, outbox
from app.kernel.outbox.claims import Outcome
from app.kernel.outbox.outbox import Message, OutboxRow
from app.messages import queries
from tests.cast import Cast
from tests.clocks import Clock
from tests.messages.sending import row_of

LINK = "https://desk.example.com/join/very-secret-link"

TOKEN = re.compile(r'name="csrf_token" value="[^"]+"')


def put(
    database: Database, cast: Cast, state: str = "sent", subject: str = "deposition", slug: str = "marston", **more: Any
) -> UUID:
    """One message of an organization that stands so."""
    message = Message(
        more.pop("channel", "webhook"),
        {"url": LINK, "claims": {}},
        destination="hooks.example.com",
        summary=more.pop("summary", "Webhook to hooks.example.com"),
        **more,
    )
    with database.write() as db:
        (id,) = outbox.enqueue(
            db,
            [message],
            event_id=None,
            organization_id=cast.organization(slug).id,
            subject_type=subject,
            subject_id="7",
            now=now(),
        )
        if state != "queued":
            (row,) = claims.claim(db, now(), limit=1)
            ending = {"failing": "queued"}.get(state, state)
            words = "" if state == "sent" else "The receiver answered 500."
            claims.finish(db, row, Outcome(ending, words, 200 if state == "sent" else 500), now(), now())
    return id


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def press(client: FlaskClient, id: UUID) -> Any:
    return client.post(f"/messages/{id}/send_again")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


@pytest.mark.parametrize(
    ("state", "word"), [("sent", "Sent"), ("dead", "Failed"), ("failing", "Failing"), ("queued", "Waiting")]
)
def test_each_standing_has_its_list(database: Database, cast: Cast, client: FlaskClient, state: str, word: str) -> None:
    id = put(database, cast, state)
    shown = page(cast.sign_in(client, "ines"), f"/messages?view={state}")
    assert str(id) in shown
    assert word in shown
    for other in {"sent", "dead", "failing", "queued"} - {state}:
        assert str(id) not in page(client, f"/messages?view={other}")


def test_without_a_wish_what_was_given_up_comes_first(database: Database, cast: Cast, client: FlaskClient) -> None:
    sent, dead = put(database, cast), put(database, cast, "dead")
    shown = page(cast.sign_in(client, "ines"), "/messages")
    assert str(dead) in shown
    assert str(sent) not in shown


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("ines", {"deposition marston", "deposition harbor"}),
        ("lena", {"prescreen marston"}),
        ("otto", {"inspection marston"}),
        ("lars", {"prescreen harbor"}),
        ("adam", {"deposition marston", "prescreen marston", "inspection marston"}),
        ("aude", {"deposition marston", "prescreen marston", "inspection marston"}),
        (
            "hugo",
            {f"{s} {o}" for s in ("deposition", "prescreen", "inspection", "person") for o in ("marston", "harbor")},
        ),
    ],
)
def test_one_sees_the_messages_of_ones_desks_and_organizations(
    database: Database, cast: Cast, client: FlaskClient, who: str, sees: set[str]
) -> None:
    ids = {
        f"{subject} {slug}": put(database, cast, "sent", subject, slug)
        for subject in ("deposition", "prescreen", "inspection", "person")
        for slug in ("marston", "harbor")
    }
    shown = page(cast.sign_in(client, who), "/messages?view=sent")
    assert {name for name, id in ids.items() if str(id) in shown} == sees
    random = page(client, f"/messages/{uuid4()}", 404)
    for name, id in ids.items():
        answer = client.get(f"/messages/{id}")
        assert answer.status_code == (200 if name in sees else 404)
        if name not in sees:
            assert len(answer.text) == len(random)


def test_nobody_without_a_desk(cast: Cast, client: FlaskClient) -> None:
    assert cast.sign_in(client, "nora").get("/messages").status_code == 403


def test_the_detail_tells_every_attempt_and_no_contents(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "failing")
    shown = page(cast.sign_in(client, "ines"), f"/messages/{id}")
    assert "Attempt 1: failed" in shown
    assert re.search(r"The receiver answered 500\. · took \d+ ms", shown)
    assert "Next attempt" in shown
    assert "very-secret-link" not in shown
    assert row_of(database, id).payload not in shown


def test_what_became_of_the_contents(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead", secret=True)
    cast.sign_in(client, "ines")
    assert "encrypted; its links and codes are blanked once it is sent" in page(client, f"/messages/{id}")
    with database.write() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id == id).values(payload=""))
    shown = page(client, f"/messages/{id}")
    assert "<dd>not kept any more</dd>" in shown
    assert "It is sent at once" not in shown, "there is nothing to send"


def test_an_attempt_nobody_reported_is_named(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "queued")
    with database.write() as db:
        claims.claim(db, now() - timedelta(seconds=-1), limit=1, lease=-60)
        (row,) = claims.claim(db, now() + timedelta(seconds=2), limit=1)
        claims.finish(db, row, Outcome("sent", "", 204), now(), now())
    shown = page(cast.sign_in(client, "ines"), f"/messages/{id}")
    assert "Attempt 1: interrupted" in shown
    assert "Attempt 2: accepted" in shown


# Send again


@pytest.mark.parametrize("state", ["dead", "failing", "sent"])
def test_sent_again_under_the_same_id(database: Database, cast: Cast, client: FlaskClient, state: str) -> None:
    id = put(database, cast, state)
    answer = press(cast.sign_in(client, "ines"), id)
    assert (answer.status_code, answer.location) == (303, f"/messages/{id}")
    row = row_of(database, id)
    assert row.state == "queued"
    assert row.due_at <= now()
    with database.read() as db:
        (event,) = timeline(db, "deposition", 7)
    assert (event.kind, event.actor_name) == ("message.resent", "Ines Okafor")
    assert event.data == {"delivery": str(id), "channel": "webhook", "to": "hooks.example.com", "was": state}


@pytest.mark.parametrize(
    ("state", "more", "sentence"),
    [
        ("queued", {}, "It has not been tried yet; it is sent when it is due."),
        (
            "sent",
            {"secret": True},
            "It held a link or a code, which was blanked once it was sent. Create a new one instead.",
        ),
        ("sent", {"channel": "job:x.y"}, "This background work is done; there is nothing to send."),
    ],
)
def test_what_cannot_be_sent_again_says_why(
    database: Database, cast: Cast, client: FlaskClient, state: str, more: dict[str, Any], sentence: str
) -> None:
    id = put(database, cast, state, **more)
    before = row_of(database, id)
    shown = page(cast.sign_in(client, "ines"), f"/messages/{id}")
    assert sentence in shown
    answer = press(client, id)
    assert answer.status_code == 409
    assert sentence.partition(". ")[0] in answer.text
    assert row_of(database, id) == before


@pytest.mark.parametrize("state", ["sent", "dead"])
def test_what_would_come_too_late_is_not_sent_again(
    database: Database, cast: Cast, client: FlaskClient, clock: Clock, state: str
) -> None:
    """A reminder that arrived is still one that arrived, once the session has begun."""
    id = put(database, cast, state, not_after=now() + timedelta(minutes=1))
    clock.move(minutes=2)
    cast.sign_in(client, "ines")
    answer = press(client, id)
    assert (answer.status_code, "It would come too late to be of use." in answer.text) == (409, True)
    assert row_of(database, id).state == state
    assert "It would come too late to be of use." in page(client, f"/messages/{id}")


def test_what_was_taken_back_stays_so(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "queued")
    with database.write() as db:
        dropping.drop(db, "deposition", "7", reason="It was canceled.", now=now())
    assert press(cast.sign_in(client, "ines"), id).status_code == 409
    assert "It was canceled." in page(client, f"/messages/{id}")


@pytest.mark.parametrize("who", ["adam", "aude", "ada", "hugo"])
def test_who_only_looks_sees_the_button_and_the_reason(
    database: Database, cast: Cast, client: FlaskClient, who: str
) -> None:
    id = put(database, cast, "dead")
    shown = page(cast.sign_in(client, who), f"/messages/{id}")
    assert "Only the scheduling team may do this." in shown
    assert press(client, id).status_code == 403
    assert row_of(database, id).state == "dead"


def test_another_organizations_message_does_not_exist(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead", "prescreen", "harbor")
    assert press(cast.sign_in(client, "lena"), id).status_code == 404
    assert row_of(database, id).state == "dead"


def test_pressed_while_it_is_being_sent(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "failing")
    with database.write() as db:
        delivery_status.send_again(db, id, now())
        claims.claim(db, now(), limit=1)
    answer = press(cast.sign_in(client, "ines"), id)
    assert answer.status_code == 409
    assert "It is being sent right now." in answer.text


# Lists


def test_filters_narrow_list_and_counts_alike(database: Database, cast: Cast, client: FlaskClient) -> None:
    hook, mail = put(database, cast), put(database, cast, channel="email", slug="harbor")
    cast.sign_in(client, "ines")
    for query, wanted in (("channel=webhook", hook), ("channel=email", mail), ("organization=marston", hook)):
        shown = page(client, f"/messages?view=sent&{query}")
        assert str(wanted) in shown
        assert str({hook, mail} - {wanted}) not in shown
        assert '<span class="count">1</span>' in shown
    assert "Nothing matches" in page(client, "/messages?view=sent&channel=sms")


def test_a_cursor_that_was_not_given_out_is_refused(cast: Cast, client: FlaskClient) -> None:
    assert cast.sign_in(client, "ines").get("/messages?after=forged").status_code == 400


@pytest.mark.parametrize(
    ("query", "label"), [("view=nothing", "Status"), ("channel=fax", "Kind"), ("organization=nowhere", "Organization")]
)
def test_a_filter_that_cannot_be_read_is_named_and_dropped_and_the_rest_holds(
    cast: Cast, client: FlaskClient, query: str, label: str
) -> None:
    cast.sign_in(client, "ines")
    shown = page(client, f"/messages?{query}&desk=depositions")
    assert f"“{label}” was left out." in shown
    assert 'aria-label="Filters that are set"' in shown
    assert "<bdi>depositions</bdi>" in shown


def test_page_by_page_everything_once(database: Database, cast: Cast, client: FlaskClient) -> None:
    made = {put(database, cast, "queued", due_at=now() + timedelta(days=1)) for _ in range(120)}
    with database.read() as db:
        seen, after = [], None
        scopes = {"depositions": Scope(True, frozenset())}
        while True:
            found = queries.page_of_status(db, scopes, SUBJECTS, "queued", queries.Filters(), after)
            seen += [row.id for row in found.rows]
            after = found.next_cursor
            if after is None:
                break
    assert len(seen) == len(set(seen)) == 120
    assert set(seen) == made
    shown = page(cast.sign_in(client, "ines"), "/messages?view=queued")
    assert shown.count('class="title-cell"') == 50
    assert 'rel="next"' in shown


def test_counts_stop_at_a_thousand(database: Database, cast: Cast, client: FlaskClient, monkeypatch: Any) -> None:
    monkeypatch.setattr(queries, "CAP", 3)
    for _ in range(5):
        put(database, cast)
    shown = page(cast.sign_in(client, "ines"), "/messages?view=sent")
    assert re.search(r'>Sent\s+<span class="count[^"]*">3\+</span>', shown)


def test_the_fragment_is_part_of_the_page(database: Database, cast: Cast, client: FlaskClient) -> None:
    put(database, cast, "failing")
    whole = page(cast.sign_in(client, "ines"), "/messages?view=failing")
    asked = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#queue"}
    part = client.get("/messages?view=failing", headers=asked).text
    assert part.startswith('<div id="queue"')
    # A form token says the second it was made in.
    assert TOKEN.sub("", part.strip()) in TOKEN.sub("", whole)


def test_hostile_words_are_shown_as_words(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "sent", summary="<script>alert(1)</script>")
    cast.sign_in(client, "ines")
    for path in ("/messages?view=sent", f"/messages/{id}"):
        assert "<script>alert(1)" not in page(client, path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/deliveries", "/messages"),
        ("/deliveries?view=dead&desk=depositions", "/messages?view=dead&desk=depositions"),
        ("/deliveries/bulk?view=aside", "/messages/bulk?view=aside"),
    ],
)
def test_old_addresses_lead_to_the_new_ones_with_their_query(client: FlaskClient, old: str, new: str) -> None:
    answer = client.get(old)
    assert (answer.status_code, answer.location) == (308, new)


@pytest.mark.parametrize(("old", "verb", "state"), [("set_aside", "dismiss", "aside"), ("put_back", "restore", "dead")])
def test_a_form_of_a_page_that_was_open_over_the_upgrade_still_works(
    database: Database, cast: Cast, client: FlaskClient, old: str, verb: str, state: str
) -> None:
    id = put(database, cast, "dead")
    cast.sign_in(client, "ines")
    if verb == "restore":
        client.post(f"/messages/{id}/dismiss")
    answer = client.post(f"/deliveries/{id}/{old}")
    assert (answer.status_code, answer.location) == (308, f"/messages/{id}/{verb}")
    assert client.post(f"/deliveries/{id}/{old}", follow_redirects=True).status_code == 200
    assert delivery_status.status_of(row_of(database, id)) == state


def test_tabs_are_found_under_their_old_names(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead")
    cast.sign_in(client, "ines")
    assert str(id) in page(client, "/messages?view=dead")
    client.post("/messages/bulk?view=dead", data={"act": "set_aside", "row": [f"{id}:dead-1-0"]})
    assert str(id) in page(client, "/messages?view=aside")
    assert str(id) in page(client, "/messages?view=dismissed")


def test_messages_that_no_worker_takes_are_said_to_wait(
    database: Database, cast: Cast, client: FlaskClient, clock: Clock
) -> None:
    put(database, cast, "queued")
    cast.sign_in(client, "ines")
    waits = "No worker takes them."
    assert waits not in page(client, "/messages")
    clock.move(minutes=4)
    for path in ("/messages", "/", "/depositions/overview"):
        assert waits in page(client, path)
    with database.write() as db:
        assert len(claims.claim(db, clock.now(), limit=1)) == 1
    assert waits not in page(client, "/messages"), "a worker has it"
