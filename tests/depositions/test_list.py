"""The API's list: ascending, filtered by epochs, paged as pagy does."""

from datetime import timedelta

import pytest

from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.factories import at
from tests.depositions.pages import send


@pytest.fixture
def listed(client, cast):
    def get(query="", organization="marston"):
        return client.get(f"/api/v1/session_requests{query}", headers=cast.headers("depositions", organization))

    return get


@pytest.fixture
def three(database, cast):
    """Starting at noon, at 14:00 and at 16:00 UTC on 1 December 2026, an hour and a quarter each."""
    return [
        factories.request(database, cast, starts_at=at(f"2026-12-01 {hour}:00"), zone="UTC").id for hour in (12, 14, 16)
    ]


def ids(answer):
    assert answer.status_code == 200, answer.json
    return [row["id"] for row in answer.json["requests"]]


def epoch(text):
    return int(at(text).timestamp())


def test_empty(listed):
    assert listed().json == {"pagy": {"page": 1, "items": 0, "count": 0, "pages": 1}, "requests": []}


def test_ascending_id(listed, three):
    assert ids(listed()) == sorted(three)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("start_time=2026-12-01 12:00", [1, 2]),
        ("start_time=2026-12-01 11:59", [0, 1, 2]),
        ("end_time=2026-12-01 15:15", [0]),
        ("end_time=2026-12-01 15:16", [0, 1]),
        ("start_time=2026-12-01 13:00&end_time=2026-12-01 16:00", [1]),
        ("start_time=2027-01-01 00:00", []),
    ],
)
@pytest.mark.parametrize("scale", [1, 1000])
def test_filters_mean_after_and_before(listed, three, query, expected, scale):
    parts = [part.split("=") for part in query.split("&")]
    query = "&".join(f"{name}={epoch(text) * scale}" for name, text in parts)
    answer = listed(f"?{query}")
    assert ids(answer) == [three[place] for place in expected]
    assert answer.json["pagy"]["count"] == len(expected)


@pytest.mark.parametrize("extreme", ["0", "-99999999999999", "99999999999999", "9999999999", "253402300800"])
def test_epochs_beyond_the_calendar(listed, three, extreme):
    assert listed(f"?start_time={extreme}").status_code == 200
    assert listed(f"?end_time={extreme}").status_code == 200


@pytest.mark.parametrize("name", ["start_time", "end_time"])
@pytest.mark.parametrize(
    "bad", ["", "yesterday", "1.5", "1e9", "１", "123456789012345", "2026-12-01", "%00", "+5", " 5"]
)
def test_bad_epochs_are_refused_never_ignored(listed, three, name, bad):
    answer = listed(f"?{name}={bad}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [name]


@pytest.mark.parametrize("name", ["page", "items"])
@pytest.mark.parametrize("bad", ["0", "-1", "", "one", "1.0", "9999999999"])
def test_bad_pages(listed, name, bad):
    assert listed(f"?{name}={bad}").status_code == 422


def test_pages(listed, three):
    first = listed("?items=2").json
    assert first["pagy"] == {"page": 1, "items": 2, "count": 3, "pages": 2}
    second = listed("?items=2&page=2").json
    assert second["pagy"] == {"page": 2, "items": 1, "count": 3, "pages": 2}
    assert [row["id"] for row in first["requests"] + second["requests"]] == three
    past = listed("?items=2&page=9").json
    assert past == {"pagy": {"page": 9, "items": 0, "count": 3, "pages": 2}, "requests": []}


def test_items_over_100_are_capped(listed, database, cast):
    for _ in range(101):
        factories.request(database, cast)
    assert listed("?items=5000").json["pagy"] == {"page": 1, "items": 100, "count": 101, "pages": 2}
    assert listed("?page=2").json["pagy"] == {"page": 2, "items": 1, "count": 101, "pages": 2}


def test_each_organization_sees_its_own(listed, three):
    assert ids(listed(organization="harbor")) == []
    assert listed(organization="harbor").json["pagy"]["count"] == 0


def test_the_deponent_is_appended_once_whatever_the_case(listed, database, cast):
    factories.request(database, cast, invites=(factories.new_request.Invite("ORSOLYA@example.com"),))
    factories.request(database, cast, deponent_name=None, deponent_email=None, deponent_role=None, invites=())
    first, second = listed().json["requests"]
    assert first["session_request"]["invites"] == [{"email": "ORSOLYA@example.com"}]
    assert second["session_request"] == {"session_type": "remote_deposition", "deponent": None, "invites": []}


def test_asking_to_cancel_shows_the_time_asked(client, cast, database, listed):
    made = factories.in_state(database, cast, "scheduled")
    before = now() - timedelta(seconds=2)
    url = f"/api/v1/session_requests/{made.remote_session_id}/cancellation_request"
    answer = client.post(url, headers=cast.headers("depositions"))
    assert answer.status_code == 200
    asked = answer.json["requests"][0]["cancellation_requested"]
    assert before.strftime("%Y-%m-%dT%H:%M:%SZ") <= asked <= now().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert listed().json["requests"][0]["cancelation_requested"] == asked


def test_a_notice_is_read_in_the_list(client, cast, database, listed):
    made = factories.request(database, cast)
    cast.sign_in(client, "ines")
    assert send(client, made.id, "write_notice", notice="Which <exhibits>?").status_code == 303
    assert listed().json["requests"][0]["notice"] == "Which <exhibits>?"
