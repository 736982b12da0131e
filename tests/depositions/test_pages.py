"""The pages: who may open and press what, and that they say what the API says."""

import re
from datetime import timedelta

import pytest

from app.kernel.clock import now
from tests.depositions import factories
from tests.depositions.pages import send, text

ROOM = factories.ROOM


def booking(cast, **typed):
    return {"manager": str(cast.ines.id), "room_url": ROOM, "provider": "chime", **typed}


def test_schedule(ines, cast, database, outbox):
    made = factories.request(database, cast)
    answer = send(ines, made.id, "schedule", **booking(cast))
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/depositions/{made.id}"
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "Scheduled. 3 people will be notified by e-mail." in page
    assert "This request is already scheduled." in page
    assert len(outbox.rows("email")) == 3
    assert len(outbox.rows("webhook")) == 1


def test_schedule_with_somebody_else(ines, cast, database):
    made = factories.request(database, cast)
    wrong = send(ines, made.id, "schedule", **booking(cast, manager="other", manager_name="Quartz", manager_email="no"))
    assert wrong.status_code == 422
    assert "e-mail address" in text(wrong)
    typed = booking(cast, manager="other", manager_name="Quartz Verbena", manager_email="Quartz@house.example.com")
    assert send(ines, made.id, "schedule", **typed).status_code == 303
    assert "quartz@house.example.com" in text(ines.get(f"/depositions/{made.id}"))


@pytest.mark.parametrize("bad", ["", "rooms/42", "javascript:alert(1)", "https://", "https://u:p@rooms.example.com"])
def test_a_room_is_a_web_address(ines, cast, database, bad):
    made = factories.request(database, cast)
    answer = send(ines, made.id, "schedule", **booking(cast, room_url=bad))
    assert answer.status_code == 422
    assert send(ines, made.id, "schedule", **booking(cast, manager="4711")).status_code == 422


def test_an_overlap_is_refused_in_words_and_keeps_what_was_typed(ines, cast, database):
    starts_at = now() + timedelta(days=5)
    factories.in_state(database, cast, "scheduled", starts_at=starts_at)
    made = factories.request(database, cast, starts_at=starts_at)
    assert "overlaps" in text(ines.get(f"/depositions/{made.id}"))
    answer = send(ines, made.id, "schedule", **booking(cast))
    assert answer.status_code == 409
    assert "already has another session at this hour" in text(answer)
    assert ROOM in text(answer)
    assert send(ines, made.id, "schedule", **booking(cast, reason="Ana helps.")).status_code == 303
    assert "in spite of an overlap: Ana helps." in text(ines.get(f"/depositions/{made.id}"))


def test_refusals_for_scripts_land_beside_the_controls(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    headers = {"HX-Request": "true", "HX-Target": "main"}
    answer = send(ines, made.id, "schedule", version=2, headers=headers, **booking(cast))
    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == "#refusal"
    assert text(answer).lstrip().startswith("<div")
    assert 'id="refusal"' in text(ines.get(f"/depositions/{made.id}"))


def test_two_people_press_at_once(ines, cast, database):
    made = factories.request(database, cast)
    assert send(ines, made.id, "assign").status_code == 303
    late = send(ines, made.id, "schedule", version=1, **booking(cast))
    assert late.status_code == 409
    assert "Ines Okafor assigned it" in text(late)
    assert "It has changed since you saw it, so nothing was done or sent." in text(late)


@pytest.mark.parametrize("notify", ["y", None])
def test_cancel(ines, cast, database, outbox, notify):
    made = factories.request(database, cast)
    typed = {"notify": notify} if notify else {}
    assert send(ines, made.id, "cancel", **typed).status_code == 303
    assert len(outbox.rows("email")) == (3 if notify else 0)
    assert "This request was already canceled." in text(ines.get(f"/depositions/{made.id}"))


def test_start_change_room_and_end(ines, cast, database):
    made = factories.in_state(database, cast, "ready")
    assert "This session has no room yet." in text(ines.get(f"/depositions/{made.id}"))
    assert send(ines, made.id, "start").status_code == 409
    assert send(ines, made.id, "change_room", room_url=ROOM).status_code == 303
    assert send(ines, made.id, "start", version=2).status_code == 303
    assert send(ines, made.id, "change_room", version=3, room_url=ROOM).status_code == 409
    assert send(ines, made.id, "cancel", version=3).status_code == 409
    assert send(ines, made.id, "end", version=3).status_code == 303
    assert send(ines, made.id, "end", version=4).status_code == 409


def test_take_it_from_the_list(ines, cast, database):
    made = factories.request(database, cast)
    listed = "/depositions?view=everything&q=keller"
    answer = ines.post(
        f"/depositions/{made.id}/assign?view=everything&q=keller",
        data={"csrf_token": _token(ines), "version": 1, "in_list": "1"},
    )
    assert answer.headers["Location"] == listed
    assert "Assigned to you" in text(ines.get(f"/depositions/{made.id}"))


def _token(client):
    return text(client.get("/depositions")).partition('name="csrf-token" content="')[2].partition('"')[0]


VERBS = ("schedule", "cancel", "write_notice", "change_room", "assign", "start", "end")


@pytest.mark.parametrize("who", ["hugo", "ada", "adam", "aude"])
def test_who_only_looks(client, cast, database, who):
    made = factories.request(database, cast)
    cast.sign_in(client, who)
    page = text(client.get(f"/depositions/{made.id}"))
    assert "Only the scheduling team may do this." in page
    assert "Schedule and tell" not in page
    for verb in VERBS:
        answer = send(client, made.id, verb, **booking(cast))
        assert answer.status_code == 403
        assert "Only the scheduling team may do this." in text(answer)
    assert text(client.get("/depositions")).count("Take it") == 0


@pytest.mark.parametrize("who", ["lena", "otto", "nora", None])
def test_who_may_not_even_look(client, cast, database, who):
    made = factories.request(database, cast)
    if who:
        cast.sign_in(client, who)
    for url in ("/depositions", f"/depositions/{made.id}"):
        answer = client.get(url)
        assert answer.status_code == (403 if who else 303)
        assert "Orsolya" not in text(answer)


def test_another_organizations_deposition_is_not_there(client, cast, database):
    made = factories.request(database, cast, organization="harbor")
    cast.sign_in(client, "adam")
    foreign, unknown = client.get(f"/depositions/{made.id}"), client.get("/depositions/4711")
    assert foreign.status_code == unknown.status_code == 404
    assert "Orsolya" not in text(client.get("/depositions?view=everything"))
    assert "Orsolya" not in text(client.get(f"/depositions?view=everything&organization={cast.harbor.id}"))


def test_forms_need_their_token_and_version(ines, cast, database):
    made = factories.request(database, cast)
    assert ines.post(f"/depositions/{made.id}/cancel", data={"version": 1}).status_code == 403
    token = _token(ines)
    for bad in ("", "x", "-1", "9" * 30):
        answer = ines.post(f"/depositions/{made.id}/cancel", data={"csrf_token": token, "version": bad})
        assert answer.status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        "view=nothing",
        "state=lost",
        "organization=x",
        "organization=-1",
        "from=yesterday",
        "to=2026-02-30",
        "after=forged",
    ],
)
def test_filters_that_cannot_be_read_are_said(ines, cast, query):
    assert ines.get(f"/depositions?{query}").status_code in (400, 422)


@pytest.mark.parametrize("view", ["needs", "soon", "cancellation", "scheduled", "everything"])
def test_empty_lists(ines, cast, view):
    assert "No requests yet" in text(ines.get(f"/depositions?view={view}"))


def test_the_three_empty_faces(ines, cast, database):
    factories.in_state(database, cast, "canceled")
    assert "All scheduled" in text(ines.get("/depositions"))
    page = text(ines.get("/depositions?view=everything&q=nobody"))
    assert "Nothing matches" in page
    assert "The filters hide 1 request." in page
    assert "Without “Text: nobody”: 1" in page


def test_the_fragment_stands_in_its_page(ines, cast, database):
    factories.request(database, cast)
    fragment = text(ines.get("/depositions", headers={"HX-Request": "true", "HX-Target": "div#queue"}))
    assert fragment.lstrip().startswith('<div id="queue" ')

    def without_token(html):
        return re.sub(r'value="[^"]{60,}"', "", html)

    assert without_token(fragment).strip() in without_token(text(ines.get("/depositions")))


def test_hostile_text_is_printed_not_run(ines, cast, database):
    nasty = "<script>alert(1)</script>"
    made = factories.request(
        database,
        cast,
        title=nasty,
        case_name=nasty,
        deponent_name=nasty,
        details=factories.new_request.tidy_details({"additional_details": nasty, "interpreter": nasty}),
    )
    for url in ("/depositions", f"/depositions/{made.id}"):
        page = text(ines.get(url))
        assert nasty not in page
        assert "&lt;script&gt;" in page


def test_the_page_says_what_the_api_says(ines, cast, database):
    made = factories.in_state(database, cast, "scheduled")
    headers = cast.headers("depositions")
    said = ines.post(f"/api/v1/session_requests/{made.id}/cancel", headers=headers).json["detail"]
    assert "already booked" in said
    (row,) = ines.get("/api/v1/session_requests", headers=headers).json["requests"]
    page = text(ines.get(f"/depositions/{made.id}"))
    assert row["session_url"].removeprefix("http://localhost:8000").removesuffix("/join") in page
    assert row["remote_session"]["start_time"] in page
    assert row["remote_session"]["time_zone"].replace("&", "&amp;") in page


def test_odd_things_are_said_in_full(ines, cast, database):
    made = factories.request(database, cast, starts_at=factories.at("2025-01-28 09:30"), postback_url=None)
    page = text(ines.get(f"/depositions/{made.id}"))
    assert "1:30 AM is outside 7 AM to 8 PM" in page
    assert "The time asked for is already over." in page
    assert "your time 4:30 AM EST" in page
