"""List and retrieve: order, cursors, limits, other organizations, expiry with a moved clock and no worker."""

import uuid

import pytest

from tests.inspections.conftest import SESSIONS, printed

NOBODY = "6b0e2f4c-0d1a-4a51-9d2c-2f6f4f0c9a11"
"""An id that nothing has; the same in every process, so that parallel runs name the same tests."""


def test_pages_are_newest_first_and_show_each_session_once(integrator, clock) -> None:
    made = []
    for number in range(7):
        made.append(integrator.create(notes=str(number))["id"])
        clock.move(seconds=number % 2)
    seen, cursor, pages = [], "", 0
    while True:
        page = integrator.get(f"{SESSIONS}?limit=3" + (f"&cursor={cursor}" if cursor else "")).json
        assert list(page) == ["data", "has_more", "next_cursor"]
        assert page["has_more"] is (page["next_cursor"] is not None)
        seen += page["data"]
        pages += 1
        if not page["has_more"]:
            break
        cursor = page["next_cursor"]
    assert pages == 3
    assert sorted(row["id"] for row in seen) == sorted(made)
    stamps = [(row["created_at"]) for row in seen]
    assert stamps == sorted(stamps, reverse=True)
    assert list(seen[0]) == list(printed("session"))


def test_a_page_that_is_just_full_is_the_last(integrator) -> None:
    for _ in range(2):
        integrator.create()
    page = integrator.get(f"{SESSIONS}?limit=2").json
    assert (len(page["data"]), page["has_more"], page["next_cursor"]) == (2, False, None)


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "2.5", "1e1", "٣", " 5", "+5", "1_0"])
def test_a_bad_limit_is_400(integrator, limit) -> None:
    answer = integrator.client.get(
        SESSIONS, query_string={"limit": limit}, headers={"Authorization": f"Bearer {integrator.key}"}
    )
    assert (answer.status_code, list(answer.json["field_errors"])) == (400, ["limit"])


@pytest.mark.parametrize("limit", ["100", "101", "999999999999999999999999"])
def test_a_large_limit_is_read_as_100(integrator, limit) -> None:
    assert integrator.get(f"{SESSIONS}?limit={limit}").status_code == 200


def test_a_cursor_is_signed_and_bound_to_the_organization(integrator, stranger) -> None:
    for _ in range(2):
        integrator.create()
    cursor = integrator.get(f"{SESSIONS}?limit=1").json["next_cursor"]
    for caller, forged in ((integrator, cursor[:-2] + "xx"), (integrator, "e30="), (stranger, cursor)):
        answer = caller.get(f"{SESSIONS}?cursor={forged}")
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")
    assert integrator.get(f"{SESSIONS}?cursor={'%00' * 3}").status_code == 400


def test_other_organizations_sessions_do_not_exist(integrator, stranger) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    assert stranger.get(SESSIONS).json["data"] == []
    paths = [("GET", ""), ("POST", "/end"), ("POST", "/participants"), ("GET", "/participants")]
    paths += [("POST", f"/participants/{invite['id']}/{verb}") for verb in ("reissue", "new_code", "revoke")]
    for method, path in paths:
        answers = [stranger.call(method, f"{SESSIONS}/{id}{path}") for id in (session["id"], uuid.uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404]
        foreign, random = ({**answer.json, "request_id": ""} for answer in answers)
        assert foreign == random


@pytest.mark.parametrize("id", ["1", "x", "0c8f...", "%00", NOBODY[:-1], "{" + NOBODY + "}"])
def test_a_malformed_id_is_404(integrator, id) -> None:
    assert integrator.get(f"{SESSIONS}/{id}").status_code == 404
    assert integrator.post(f"{SESSIONS}/{id}/end").status_code == 404


def test_it_expires_by_itself_24_hours_after_its_time(integrator, clock) -> None:
    now, later = integrator.create(), integrator.create(scheduled_for="2199-01-01T00:00:00Z")
    clock.move(hours=23, minutes=59)
    assert integrator.session(now)["status"] == "created"
    clock.move(minutes=2)
    assert integrator.session(now)["status"] == "expired"
    assert {row["id"]: row["status"] for row in integrator.get(SESSIONS).json["data"]} == {
        now["id"]: "expired",
        later["id"]: "created",
    }
    ended = integrator.end(now)
    assert (ended.status_code, ended.json["code"]) == (409, "session.already_ended")
    refused = integrator.post(f"{SESSIONS}/{now['id']}/participants", {})
    assert (refused.status_code, refused.json["code"]) == (409, "session.already_ended")


def test_a_session_somebody_joined_never_expires(integrator, field, clock) -> None:
    session = integrator.create()
    assert field.join(integrator.invite(session)).status_code == 200
    clock.move(days=3)
    assert integrator.session(session)["status"] == "open"
