"""Request a cancellation: the organization's way once a session is booked."""

from datetime import timedelta
from functools import partial

import pytest

from app.depositions import actions
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import listed, send, stored
from tests.depositions.races import race, won
from tests.pages import at_once, text


def request_cancellation(client, cast, id, organization="marston"):
    headers = cast.headers("depositions", organization)
    return client.post(f"/api/v1/session_requests/{id}/cancellation_request", headers=headers)


def kinds(database, id):
    with database.read() as db:
        return [event.kind for event in timeline(db, "deposition", id)]


@pytest.mark.parametrize(("state", "organization"), [("scheduled", "marston"), ("ready", "quill")])
def test_works(client, cast, database, state, organization):
    made = factories.in_state(database, cast, state)
    answer = request_cancellation(client, cast, made.id, organization)
    assert answer.status_code == 200
    assert answer.json["messages"] == "The scheduling team was asked to cancel this session."
    assert answer.json["requests"][0]["cancellation_requested"]
    row = stored(database, made.id)
    assert row.cancellation_open
    assert (row.state, row.version) == (state, made.version + 1)


def test_who_may_not(client, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    url = f"/api/v1/session_requests/{made.id}/cancellation_request"
    for headers in ({}, {"Authorization": "Bearer forged"}, cast.headers("prescreens")):
        assert client.post(url, headers=headers).status_code == 401
    assert cast.sign_in(client, "ines").post(url).status_code == 401
    assert stored(database, made.id) == made


def test_twice(client, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    first, again = (request_cancellation(client, cast, made.id) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json == again.json
    assert stored(database, made.id).version == made.version + 1
    assert kinds(database, made.id).count("deposition.cancellation_requested") == 1


def test_repeating_it_later_keeps_the_first_time(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    first = now()
    for later in (timedelta(), timedelta(hours=1)):
        with database.write() as db:
            row = actions.request_cancellation(
                db, made.id, organization_id=made.organization_id, by=cast.actor("ines"), now=first + later
            )
    assert row.cancellation_requested_at == first


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("initial", "session_request.not_booked"),
        ("active", "session_request.not_cancelable"),
        ("ended", "session_request.not_cancelable"),
        ("canceled", "session_request.already_canceled"),
    ],
)
def test_wrong_state(client, cast, database, state, code):
    made = factories.in_state(database, cast, state)
    refused = request_cancellation(client, cast, made.id)
    assert (refused.status_code, refused.json["code"]) == (422, code)
    assert stored(database, made.id) == made


def test_at_once(app, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    calls = [partial(request_cancellation, app.test_client(), cast, made.id) for _ in range(4)]
    answers = at_once(calls)
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.get_data() for answer in answers}) == 1
    assert kinds(database, made.id).count("deposition.cancellation_requested") == 1


def test_other_organization(client, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    assert request_cancellation(client, cast, made.id, "harbor").status_code == 404
    assert stored(database, made.id) == made


def test_the_page_says_the_same_and_canceling_answers_it(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    request_cancellation(ines, cast, made.id)
    assert listed(ines, cast, made.id)["cancelation_requested"]
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "The organization requested the cancellation of this session." in page
    assert "Cancellation requested by Marston &amp; Vale" in page
    assert send(ines, made.id, "cancel", version=made.version + 1).status_code == 303
    row = stored(database, made.id)
    assert not row.cancellation_open
    assert row.cancellation_requested_at is not None


def test_many_at_once_count_once(database, cast):
    made = factories.in_state(database, cast, "scheduled")
    by, organization_id = cast.actor("ines"), made.organization_id
    got = race(
        database,
        [lambda db: actions.request_cancellation(db, made.id, organization_id=organization_id, by=by, now=now())] * 6,
    )
    assert len(won(got)) == 6
    assert len({row.cancellation_requested_at for row in got}) == 1
    assert kinds(database, made.id).count("deposition.cancellation_requested") == 1
