"""Withdraw: the organization cancels through the API what is not booked yet."""

from functools import partial

import pytest

from app.depositions import actions
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, stored
from tests.depositions.races import lost, race, won
from tests.pages import at_once, text

CANCELED = "Session successfully canceled."


def withdraw(client, cast, id, organization="marston", query=""):
    headers = cast.headers("depositions", organization)
    return client.post(f"/api/v1/session_requests/{id}/cancel{query}", headers=headers)


@pytest.mark.parametrize(("query", "emails"), [("", 3), ("?cancel_without_email=true", 0)])
def test_works(client, cast, database, outbox, query, emails):
    made = factories.request(database, cast)
    answer = withdraw(client, cast, made.id, query=query)
    assert (answer.status_code, answer.json) == (200, {"messages": CANCELED})
    assert stored(database, made.id).state == "canceled"
    assert len(outbox.emails()) == emails


@pytest.mark.parametrize("by", ["remote_session_id", "slug"])
def test_by_other_names_of_the_session(client, cast, database, by):
    made = factories.request(database, cast)
    assert withdraw(client, cast, getattr(made, by)).status_code == 200
    assert stored(database, made.id).state == "canceled"


def test_who_may_not(client, cast, database):
    made = factories.request(database, cast)
    url = f"/api/v1/session_requests/{made.id}/cancel"
    for headers in ({}, {"Authorization": "Bearer forged"}, cast.headers("prescreens")):
        assert client.post(url, headers=headers).status_code == 401
    assert cast.sign_in(client, "ines").post(url).status_code == 401
    assert stored(database, made.id) == made


def test_twice(client, cast, database, outbox):
    made = factories.request(database, cast)
    assert withdraw(client, cast, made.id).status_code == 200
    again = withdraw(client, cast, made.id)
    assert (again.status_code, again.json["code"]) == (422, "session_request.already_canceled")
    assert len(outbox.emails()) == 3


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("scheduled", "session_request.not_cancelable"),
        ("active", "session_request.not_cancelable"),
        ("ended", "session_request.not_cancelable"),
        ("canceled", "session_request.already_canceled"),
    ],
)
def test_wrong_state(client, cast, database, state, code):
    made = factories.in_state(database, cast, state)
    refused = withdraw(client, cast, made.id)
    assert (refused.status_code, refused.json["code"]) == (422, code)
    assert stored(database, made.id) == made


def test_lost_race(app, client, cast, database, outbox):
    made = factories.request(database, cast)
    calls = [partial(withdraw, app.test_client(), cast, made.id) for _ in range(4)]
    answers = at_once(calls)
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    assert len(outbox.emails()) == 3


def test_other_organization(client, cast, database):
    made = factories.request(database, cast)
    assert withdraw(client, cast, made.id, "harbor").status_code == 404
    assert stored(database, made.id) == made


def test_the_page_says_the_same(client, cast, database):
    made = factories.request(database, cast)
    withdraw(client, cast, made.id)
    assert listed(client, cast, made.id)["session_state"] == "canceled"
    page = text(cast.sign_in(client, "ines").get(f"/depositions/{made.id}"))
    assert "Canceled by Marston &amp; Vale" in page


def test_many_at_once_withdraw_once(database, cast, outbox):
    ines = cast.actor("ines")
    made = factories.request(database, cast)
    calls = [
        lambda db: actions.withdraw(db, made.id, organization_id=made.organization_id, by=ines, now=now(), notify=True)
    ] * 8
    got = race(database, calls)
    assert len(won(got)) == 1
    assert {(refusal.status, refusal.code) for refusal in lost(got)} == {(422, "session_request.already_canceled")}
    assert len(outbox.emails()) == 3
