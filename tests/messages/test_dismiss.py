"""Dismissing a failed message, restoring it, and acting on several messages at once."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.scope import Scope
from app.dashboard import delivery_problems
from app.desks import SUBJECTS
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict
from app.kernel.outbox import claims, delivery_status
from app.kernel.outbox.outbox import OutboxRow
from app.messages import actions
from tests.cast import Cast
from tests.messages.sending import row_of
from tests.messages.test_pages import page, put


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def mark(database: Database, id: UUID) -> str:
    return delivery_status.state_token(row_of(database, id))


def press(client: FlaskClient, verb: str, id: UUID, **form: str) -> Any:
    return client.post(f"/messages/{id}/{verb}", data=form)


def tick(client: FlaskClient, act: str, rows: list[str], view: str = "dead") -> str:
    answer = client.post(f"/messages/bulk?view={view}", data={"act": act, "row": rows}, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


# Dismiss


def test_a_dismissed_message_leaves_its_tab_and_stays(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead")
    cast.sign_in(client, "ines")
    assert "Dismiss" in page(client, f"/messages/{id}")
    assert press(client, "dismiss", id, seen=mark(database, id)).status_code == 303
    row = row_of(database, id)
    assert (row.state, row.dismissed_by, delivery_status.status_of(row)) == ("dead", "Ines Okafor", "aside")
    assert str(id) not in page(client, "/messages?view=failed")
    assert str(id) in page(client, "/messages?view=dismissed")
    shown = page(client, f"/messages/{id}")
    assert "Dismissed by Ines Okafor" in shown
    assert "The receiver answered 500." in shown
    with database.read() as db:
        (event,) = timeline(db, "deposition", 7)
    assert (event.kind, event.actor_name, event.data["was"]) == ("message.dismissed", "Ines Okafor", "dead")


@pytest.mark.parametrize("state", ["sent", "failing", "queued"])
def test_only_failed_messages_can_be_dismissed(database: Database, cast: Cast, client: FlaskClient, state: str) -> None:
    id = put(database, cast, state)
    before = row_of(database, id)
    answer = press(cast.sign_in(client, "ines"), "dismiss", id)
    assert answer.status_code == 409
    assert "It did not fail" in answer.text
    assert row_of(database, id) == before


def test_the_second_to_dismiss_it_hears_who_was_first(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead")
    press(cast.sign_in(client, "ines"), "dismiss", id)
    answer = press(client, "dismiss", id)
    assert answer.status_code == 409
    assert "You have dismissed it already." in answer.text
    with database.write() as db, pytest.raises(Conflict, match="Ines Okafor has dismissed it already"):
        actions.dismiss(db, id, by=cast.actor("hugo"), now=now())


def test_dismissing_is_decided_by_the_database(database: Database, cast: Cast) -> None:
    id = put(database, cast, "dead")
    seen = mark(database, id)
    with database.write() as db:
        assert not delivery_status.dismiss(db, id, "Ines", now(), "dead-9-0")
        assert not delivery_status.dismiss(db, id, "Ines", now(), "no mark at all")
        assert delivery_status.dismiss(db, id, "Ines", now(), seen)
        assert not delivery_status.dismiss(db, id, "Ana", now(), seen)
        assert delivery_status.restore(db, id)
        assert not delivery_status.restore(db, id)


def test_the_red_counts_forget_it(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead")
    cast.sign_in(client, "ines")
    scopes = {"depositions": Scope(True, frozenset())}
    with database.read() as db:
        assert delivery_problems.delivery_problems(db, scopes, SUBJECTS) == {
            "depositions": delivery_problems.DeliveryProblems(1, 0)
        }
    assert "view=failed" in page(client, "/depositions")
    assert "Some messages failed." in page(client, "/")
    press(client, "dismiss", id)
    with database.read() as db:
        assert delivery_problems.delivery_problems(db, scopes, SUBJECTS) == {
            "depositions": delivery_problems.DeliveryProblems(0, 0)
        }
    assert "view=failed" not in page(client, "/depositions")
    assert "not told" not in page(client, "/")


def test_a_message_sent_again_is_not_dismissed_any_more(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead")
    press(cast.sign_in(client, "ines"), "dismiss", id)
    assert press(client, "send_again", id).status_code == 303
    row = row_of(database, id)
    assert (row.state, row.dismissed_at, row.dismissed_by) == ("queued", None, None)


# Put back


def test_a_restored_message_counts_again(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead")
    press(cast.sign_in(client, "ines"), "dismiss", id)
    assert press(client, "restore", id, seen=mark(database, id)).status_code == 303
    row = row_of(database, id)
    assert (row.state, row.dismissed_at, row.dismissed_by) == ("dead", None, None)
    assert str(id) in page(client, "/messages?view=failed")
    assert press(client, "restore", id).status_code == 409
    with database.read() as db:
        kinds = [event.kind for event in timeline(db, "deposition", 7)]
    assert sorted(kinds) == ["message.dismissed", "message.restored"]


# Who may


@pytest.mark.parametrize("verb", ["dismiss", "restore"])
@pytest.mark.parametrize(("who", "status"), [("adam", 403), ("aude", 403), ("lena", 404), ("otto", 404)])
def test_who_only_looks_and_who_is_elsewhere(
    database: Database, cast: Cast, client: FlaskClient, who: str, status: int, verb: str
) -> None:
    id = put(database, cast, "dead")
    before = row_of(database, id)
    assert press(cast.sign_in(client, who), verb, id).status_code == status
    assert row_of(database, id) == before


def test_another_organizations_messages_are_not_ticked_along(
    database: Database, cast: Cast, client: FlaskClient
) -> None:
    mine = put(database, cast, "dead", "prescreen", "marston")
    theirs = put(database, cast, "dead", "prescreen", "harbor")
    rows = [f"{id}:{mark(database, id)}" for id in (mine, theirs)]
    shown_text = tick(cast.sign_in(client, "lena"), "dismiss", rows)
    assert "1 dismissed. 1 was left alone: it is not here any more." in shown_text
    assert row_of(database, theirs).dismissed_at is None


# Several at once


@pytest.mark.parametrize(
    ("act", "before", "after", "words"),
    [
        ("send_again", "dead", "failing", "2 queued again."),
        ("dismiss", "dead", "aside", "2 dismissed."),
        ("restore", "aside", "dead", "2 restored."),
    ],
)
def test_several_ticked(
    database: Database, cast: Cast, client: FlaskClient, act: str, before: str, after: str, words: str
) -> None:
    ids = [put(database, cast, "dead") for _ in range(2)]
    if before == "aside":
        with database.write() as db:
            assert all(delivery_status.dismiss(db, id, "Ana Ruiz", now()) for id in ids)
    rows = [f"{id}:{mark(database, id)}" for id in ids]
    assert words in tick(cast.sign_in(client, "ines"), act, rows, before)
    assert {delivery_status.status_of(row_of(database, id)) for id in ids} == {after}
    with database.read() as db:
        assert len(timeline(db, "deposition", 7)) == 2


def test_what_moved_on_is_left_alone_and_named(database: Database, cast: Cast, client: FlaskClient) -> None:
    still, sent = put(database, cast, "dead"), put(database, cast, "dead", summary="Webhook to elsewhere")
    rows = [f"{id}:{mark(database, id)}" for id in (still, sent)]
    with database.write() as db:
        delivery_status.send_again(db, sent, now())
        (row,) = claims.claim(db, now(), limit=1)
        claims.finish(db, row, claims.Outcome("sent", "", 204), now(), now())
    shown_text = tick(cast.sign_in(client, "ines"), "send_again", rows)
    assert "1 queued again. 1 was left alone: it has changed meanwhile: sent." in shown_text
    assert row_of(database, sent).state == "sent"
    assert row_of(database, still).state == "queued"


def test_a_press_upon_what_moved_on_changes_nothing(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead")
    cast.sign_in(client, "ines")
    with database.write() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id == id).values(attempts=5))
    for verb in ("send_again", "dismiss"):
        answer = press(client, verb, id, seen="dead-1-0")
        assert answer.status_code == 409
        assert "It has changed since this page was loaded." in answer.text
    assert row_of(database, id).state == "dead"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"act": "send_again"}, "Select at least one row first."),
        ({"act": "burn", "row": ["x"]}, "Choose what to do with the selected messages."),
        ({"act": "send_again", "row": ["x:y"]}, "A selected row could not be read."),
    ],
)
def test_what_cannot_be_read_changes_nothing(cast: Cast, client: FlaskClient, form: dict[str, Any], words: str) -> None:
    answer = cast.sign_in(client, "ines").post("/messages/bulk?view=failed", data=form)
    assert answer.status_code == 422
    assert words in answer.text


def test_who_only_looks_ticks_in_vain(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead")
    cast.sign_in(client, "aude")
    assert 'name="act"' not in page(client, "/messages?view=failed").split('id="queue"')[1]
    form = {"act": "send_again", "row": [f"{id}:{mark(database, id)}"]}
    answer = client.post("/messages/bulk?view=failed", data=form)
    assert answer.status_code == 403
    assert "You can look at these messages, but not send them." in answer.text
    assert row_of(database, id).state == "dead"


def test_a_poll_greys_what_left_the_list(database: Database, cast: Cast, client: FlaskClient) -> None:
    stays, leaves = put(database, cast, "dead"), put(database, cast, "dead")
    theirs = put(database, cast, "dead", "prescreen", "harbor")
    cast.sign_in(client, "ines")
    press(client, "dismiss", leaves)
    asked = {"X-Desk-Poll": "1", "X-Desk-Rows": f"{stays},{leaves},{theirs},nonsense"}
    shown = client.get("/messages?view=failed", headers=asked).text
    listed, gone = shown.split("data-removed")
    assert f'data-row="{stays}"' in listed
    assert f'data-row="{leaves}"' not in listed
    assert f'data-row="{leaves}" data-version="aside-1-0" class="done"' in gone
    assert str(theirs) not in shown
    again = client.get("/messages?view=failed", headers={**asked, "If-None-Match": ""})
    assert again.status_code == 200


def test_what_is_not_kept_cannot_be_sent_and_says_so(database: Database, cast: Cast, client: FlaskClient) -> None:
    id = put(database, cast, "dead")
    with database.write() as db:
        db.execute(update(OutboxRow).where(OutboxRow.id == id).values(payload=""))
    shown_text = "Its content is not kept any more, so there is nothing to send."
    assert shown_text in page(cast.sign_in(client, "ines"), f"/messages/{id}")
    assert press(client, "send_again", id).status_code == 409
    assert press(client, "dismiss", id).status_code == 303
