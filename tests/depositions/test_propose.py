"""Moving by agreement: hours are offered, participants answer on their own pages, and the session is moved."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.accounts.models import Person
from app.depositions import actions
from app.depositions.models import OfferedKey
from app.depositions.queries import conflicts, proposals
from app.depositions.rules.new_request import Invite, SessionChange
from app.depositions.rules.proposals import NewProposal, read_slot, written
from app.kernel.changes import events
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Invalid, NotFound
from tests.cast import COMMAND_LINE, Cast
from tests.cli.running import Desk
from tests.clocks import Clock
from tests.depositions import factories
from tests.depositions.pages import others_may_not, send, stored
from tests.outgoing import Outbox
from tests.pages import at_once, text

LINK = re.compile(r"http://localhost:8000(/sessions/proposals/\S+)")
PEOPLE = ("orsolya@example.com", "quartz@example.com", "obsidian@example.com")


HOURS = ["2026-12-17T18:00:00Z", "2026-12-18T18:00:00Z", "2026-12-21T19:00:00Z"]
"""Hours of business days, in the middle of the day in Los Angeles and New York."""


@pytest.fixture(autouse=True)
def today(clock: Clock) -> None:
    clock.set(factories.at("2026-12-01 10:00"))


@pytest.fixture
def session(database: Database, cast: Cast) -> Any:
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-12-15 19:00"))
    factories.delivered(database)
    return made


@pytest.fixture
def hours() -> list[str]:
    return HOURS


def propose(database: Database, cast: Cast, made: Any, hours: list[str], **facts: Any) -> Any:
    with database.write() as db:
        new = NewProposal(tuple(read_slot(each) for each in hours), **facts)
        return actions.propose(db, made.id, new, by=cast.actor("ines"), now=now())


def links(outbox: Outbox) -> dict[str, str]:
    """The latest link of each participant."""
    found = {}
    for person in PEOPLE:
        for each in outbox.emails(person):
            if link := LINK.search(each["text"]):
                found[person] = link[1]
    return found


def answer(app: Flask, path: str, given: Mapping[str, str], **typed: str) -> Any:
    """Answers on the page behind a link, in a browser that keeps no cookies."""
    page = app.test_client(use_cookies=False).get(path)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    data = {"csrf_token": token[1] if token else "", **{f"hour_{slot}": each for slot, each in given.items()}, **typed}
    return app.test_client(use_cookies=False).post(path, data=data, follow_redirects=True)


def open_hours(database: Database, made: Any) -> list[Any]:
    with database.read() as db:
        found = proposals.latest(db, made.id)
        assert found is not None
        return list(proposals.matrix(db, stored(database, made.id), found).slots)


def typed(hours: list[str], **facts: Any) -> dict[str, Any]:
    return {"slots": hours, "quorum": "3", "because": "The witness travels.", **facts}


def test_from_the_offer_to_the_moved_session(
    client: Any, app: Flask, cast: Cast, database: Database, session: Any, hours: list[str], outbox: Outbox
) -> None:
    cast.sign_in(client, "ines")
    shown = send(client, session.id, "propose", version=session.version, step="preview", **typed(hours))
    assert "Ask 3 people which hours suit them" in text(shown)
    assert "The witness travels." in text(shown)
    assert links(outbox) == {}
    assert send(client, session.id, "propose", version=session.version, **typed(hours)).status_code == 303
    paths = links(outbox)
    assert set(paths) == set(PEOPLE)
    opened = app.test_client().get(paths[PEOPLE[0]])
    assert opened.status_code == 200
    assert "Set-Cookie" not in opened.headers
    assert not any(person in opened.text for person in PEOPLE)
    assert "The witness travels." in opened.text
    first, second, third = hours
    thanks = answer(
        app, paths[PEOPLE[0]], {first: "yes", second: "maybe", third: "no"}, note="Room 4", zone="Asia/Tokyo"
    )
    assert (thanks.status_code, "Your answers arrived" in thanks.text) == (200, True)
    assert answer(app, paths[PEOPLE[1]], {first: "no", second: "yes", third: "no"}).status_code == 200
    assert [each.agreed for each in open_hours(database, session)] == [False] * 3
    assert "Agreed" not in text(client.get(f"/depositions/{session.id}"))
    other = answer(app, paths[PEOPLE[2]], {first: "yes", second: "yes", third: "yes"})
    assert "Room 4" not in other.text
    assert [each.agreed for each in open_hours(database, session)] == [False, True, False]
    found = stored(database, session.id)
    assert found.starts_at == session.starts_at
    page = unescape(text(client.get(f"/depositions/{session.id}")))
    assert "3 of 3 answered" in page
    assert "Agreed, if needed" in page
    assert "Room 4" in page
    (move,) = re.findall(
        r'<form[^>]*action="[^"]*/move"[^>]*>(?:(?!</form>).)*?name="start_date" value="[^"]+".*?</form>', page, re.S
    )
    values = dict(re.findall(r'name="(\w+)" value="([^"]*)"', move))
    moved = {name: values[name] for name in ("start_date", "start_time", "time_zone", "estimated_duration", "notify")}
    assert send(client, session.id, "move", version=found.version, **moved).status_code == 303
    after = stored(database, session.id)
    assert written(after.starts_at) == second
    with database.read() as db:
        happened = list(events.timeline(db, "deposition", session.id))[:5]
        kinds = [row.kind for row in happened]
        assert ["agreed" in row.data for row in happened[1:4]] == [True, False, False]
        latest = proposals.latest(db, session.id)
        assert latest is not None
        assert latest.state == "moved"
        assert db.execute(OfferedKey.__table__.select()).all() == []
    assert kinds == ["deposition.moved", *["deposition.hours_answered"] * 3, "deposition.hours_proposed"]
    late = app.test_client().get(paths[PEOPLE[0]])
    assert (late.status_code, "An hour is fixed." in late.text, "<form" in late.text) == (410, True, False)


@pytest.mark.parametrize("end", ["moved", "withdrawn", "canceled", "started", "late"])
def test_who_comes_too_late_reads_why(
    client: Any,
    app: Flask,
    cast: Cast,
    database: Database,
    session: Any,
    hours: list[str],
    outbox: Outbox,
    clock: Clock,
    end: str,
) -> None:
    propose(database, cast, session, hours)
    path = links(outbox)[PEOPLE[0]]
    page = app.test_client(use_cookies=False).get(path)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    cast.sign_in(client, "ines")
    version = stored(database, session.id).version
    sentence = {
        "moved": "An hour is fixed.",
        "withdrawn": "These hours are no longer offered.",
        "canceled": "This session was canceled.",
        "started": "needs no answer any more",
        "late": "The time to answer is over.",
    }[end]
    typed = {
        "moved": {"start_date": "2026-12-17", "start_time": "10:00 AM", "time_zone": "Pacific Time (US & Canada)"},
        "canceled": {"notify": "1"},
        "started": {"reason": "On purpose."},
    }.get(end)
    if typed is not None:
        verb = {"moved": "move", "canceled": "cancel", "started": "start"}[end]
        asked = unescape(text(send(client, session.id, verb, version=version, step="preview", **typed)))
        offered = "Thu 17 Dec 2026, 10:00 AM PST; Fri 18 Dec 2026, 10:00 AM PST; Mon 21 Dec 2026, 11:00 AM PST"
        assert f"Offered no longer then: {offered}. 3 people were asked, nobody has answered." in asked
    with database.write() as db:
        by = cast.actor("ines")
        if end == "moved":
            start = factories.new(read_slot(hours[0])).start
            actions.move(db, session.id, actions.Move(start, 1.25), by=by, now=now())
        elif end == "canceled":
            actions.cancel(db, session.id, by=by, now=now())
        elif end == "started":
            actions.start(db, session.id, by=by, now=now(), reason="On purpose.")
    if end == "withdrawn":
        assert send(client, session.id, "withdraw_proposal", version=version).status_code == 303
        assert send(client, session.id, "withdraw_proposal", version=version + 1).status_code == 409
    elif end == "late":
        clock.set(factories.at("2026-12-17 10:00"))
    over = app.test_client().get(path)
    assert (over.status_code, sentence in over.text) == (410, True)
    data = {"csrf_token": token[1], **{f"hour_{slot}": "yes" for slot in hours}}
    late = app.test_client(use_cookies=False).post(path, data=data, follow_redirects=True)
    assert (late.status_code, sentence in late.text) == (410, True)
    with database.read() as db:
        assert proposals.answers(db, session.id) == []


def test_the_hours_count_as_taken_until_the_proposal_ends(
    client: Any, cast: Cast, database: Database, session: Any, hours: list[str]
) -> None:
    propose(database, cast, session, hours)
    other = factories.request(database, cast, starts_at=read_slot(hours[1]), **factories.OTHERS)
    cast.sign_in(client, "ines")
    data = {"manager": str(session.manager_id), "room_url": factories.ROOM}
    refused = send(client, other.id, "schedule", version=other.version, **data)
    assert "Overlaps an hour that is offered for" in text(refused)
    with pytest.raises(Conflict), database.write() as db:
        actions.schedule(db, other.id, factories.booking(cast), by=cast.actor("ines"), now=now())
    with database.read() as db:
        found = conflicts.findings(db, session, now(), besides=session.id)
    assert found == []
    with database.write() as db:
        actions.withdraw_proposal(db, session.id, by=cast.actor("ines"), now=now())
        actions.schedule(db, other.id, factories.booking(cast), by=cast.actor("ines"), now=now())
    with pytest.raises(Conflict) as refusal:
        propose(database, cast, session, hours)
    assert "the manager has another session" in str(refusal.value)


def test_of_two_who_offer_the_same_hour_of_a_manager_the_later_is_refused(
    app: Flask, cast: Cast, database: Database, session: Any, hours: list[str]
) -> None:
    facts = {**factories.OTHERS, "starts_at": factories.at("2026-12-16 19:00")}
    other = factories.in_state(database, cast, "scheduled", **facts)
    refused = []

    def offered(made: Any) -> Any:
        try:
            return propose(database, cast, made, hours)
        except Conflict as refusal:
            refused.append(refusal)
            return None

    at_once([lambda: offered(session), lambda: offered(other)])
    assert len(refused) == 1
    assert "can no longer be offered" in str(refused[0])


def test_the_second_day(
    client: Any, app: Flask, cast: Cast, database: Database, session: Any, hours: list[str], outbox: Outbox
) -> None:
    first, second, third = hours
    propose(database, cast, session, [first, second])
    before = links(outbox)
    answer(app, before[PEOPLE[0]], {first: "yes", second: "yes"})
    propose(database, cast, session, [second, third])
    after = links(outbox)
    assert outbox.emails(PEOPLE[0])[-1]["text"].count("were changed") == 1
    for path in (before[PEOPLE[0]], after[PEOPLE[0]]):
        page = app.test_client().get(path)
        assert "The hours were changed" in page.text
        assert page.text.count("checked") == 1
    stale = answer(app, after[PEOPLE[0]], {first: "yes", second: "yes"})
    assert "The hours were changed" in stale.text
    assert "Your answers arrived" in answer(app, after[PEOPLE[0]], {second: "no", third: "yes"}).text
    again = answer(app, after[PEOPLE[0]] + "?change=1", {second: "maybe", third: "yes"})
    assert "Your answers arrived" in again.text
    assert [(each.yes, each.maybe, each.no) for each in open_hours(database, session)] == [(0, 1, 0), (1, 0, 0)]


def test_only_the_team_offers_hours(
    client: Any, cast: Cast, database: Database, session: Any, hours: list[str]
) -> None:
    others_may_not(client, cast, database, session, "propose", **typed(hours))
    propose(database, cast, session, hours)
    others_may_not(client, cast, database, stored(database, session.id), "withdraw_proposal")
    for who, status in (("hugo", 200), ("aude", 200), ("lena", 403), ("abel", 404)):
        cast.sign_in(client, who)
        assert (who, client.get(f"/depositions/{session.id}/propose").status_code) == (who, status)


@pytest.mark.parametrize(
    "wrong",
    [
        {"slots": []},
        {"slots": ["tomorrow", "today"]},
        {"slots": ["2020-01-02T18:00:00Z", "2020-01-03T18:00:00Z"]},
        {"quorum": "4"},
        {"quorum": "many"},
        {"answers_until": "2020-01-01T10:00"},
        {"answers_until": "soon"},
        {"because": "x" * 301},
    ],
)
def test_an_offer_that_cannot_be_read_is_refused(
    client: Any, cast: Cast, database: Database, session: Any, hours: list[str], outbox: Outbox, wrong: dict[str, Any]
) -> None:
    cast.sign_in(client, "ines")
    refused = send(client, session.id, "propose", version=session.version, **typed(hours, **wrong))
    assert refused.status_code == 422
    assert links(outbox) == {}


@pytest.mark.parametrize("given", [{}, {0: "yes"}, {0: "yes", 1: "yes", 2: "sometimes"}, {0: "yes", 1: "", 2: "no"}])
def test_an_answer_that_is_not_whole_is_refused(
    app: Flask, cast: Cast, database: Database, session: Any, hours: list[str], outbox: Outbox, given: dict[int, str]
) -> None:
    propose(database, cast, session, hours)
    path = links(outbox)[PEOPLE[1]]
    assert answer(app, path, {hours[at]: each for at, each in given.items()}).status_code == 422
    assert "Pacific/Apia" not in answer(app, path, {}, zone="Pacific/Apia").text, "the browser says it, nobody typed it"
    whole = dict.fromkeys(hours, "yes")
    assert answer(app, path, whole, note="x" * 1001).status_code == 422
    assert answer(app, path, whole, zone="Mars/Phobos", note="a\x00b").status_code == 422
    assert answer(app, path, {**whole, "x": "yes"}).status_code == 200
    with database.read() as db:
        assert proposals.answers(db, session.id) == []
    assert answer(app, path, whole, zone="Mars/Phobos", note="🏛️ \u202eabc").status_code == 200
    with database.read() as db:
        assert len(proposals.answers(db, session.id)) == 3


@pytest.mark.parametrize("state", ["initial", "active", "ended", "canceled"])
def test_what_is_not_booked_is_offered_no_hours(
    client: Any, cast: Cast, database: Database, hours: list[str], state: str
) -> None:
    made = factories.in_state(database, cast, state)
    cast.sign_in(client, "ines")
    assert send(client, made.id, "propose", version=made.version, **typed(hours)).status_code == 409
    page = text(client.get(f"/depositions/{made.id}/propose"))
    assert 'name="slots"' not in page


def test_a_stale_page_offers_nothing(
    client: Any, cast: Cast, database: Database, session: Any, hours: list[str]
) -> None:
    propose(database, cast, session, hours)
    cast.sign_in(client, "ines")
    assert send(client, session.id, "propose", version=session.version, **typed(hours)).status_code == 409
    assert send(client, session.id, "withdraw_proposal", version=session.version).status_code == 409


@pytest.mark.parametrize("changed", ["x", "1"])
def test_a_link_that_was_changed_is_not_found(
    app: Flask, cast: Cast, database: Database, session: Any, hours: list[str], outbox: Outbox, changed: str
) -> None:
    propose(database, cast, session, hours)
    path = links(outbox)[PEOPLE[0]]
    assert app.test_client().get(path + changed).status_code == 404
    assert app.test_client().get("/sessions/proposals/").status_code == 404


def test_everybody_reads_their_own_page_in_the_sessions_language(
    app: Flask, cast: Cast, database: Database, outbox: Outbox, hours: list[str]
) -> None:
    made = factories.in_state(database, cast, "scheduled", details={"language": "ar"})
    propose(database, cast, made, hours)
    path = links(outbox)[PEOPLE[2]]
    page = app.test_client().get(path).text
    assert '<html lang="ar" dir="rtl">' in page
    refused = answer(app, path, {})
    assert (refused.status_code, '<html lang="ar" dir="rtl">' in refused.text) == (422, True)


def test_whoever_takes_part_no_longer_is_not_asked_any_more(
    app: Flask, cast: Cast, database: Database, session: Any, hours: list[str], outbox: Outbox
) -> None:
    """Nor is somebody who was never asked: neither their page nor the action takes an answer."""
    propose(database, cast, session, hours)
    path = links(outbox)[PEOPLE[1]]
    page = app.test_client(use_cookies=False).get(path)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    change = SessionChange(invites=(Invite(PEOPLE[2]), Invite("late@example.com")))
    with database.write() as db:
        by = cast.actor("ines")
        actions.change_session(db, session.id, change, by=by, now=now(), organization_id=cast.marston.id)
        proposal = proposals.latest(db, session.id)
        assert proposal is not None
        for person in (PEOPLE[1], "late@example.com"):
            with pytest.raises(NotFound):
                actions.answer_hours(db, proposal.id, person, dict.fromkeys(hours, "yes"), by=by, now=now())
    assert (app.test_client().get(path).status_code, "not asked any more" in app.test_client().get(path).text) == (
        410,
        True,
    )
    data = {"csrf_token": token[1], **{f"hour_{slot}": "yes" for slot in hours}}
    late = app.test_client(use_cookies=False).post(path, data=data, follow_redirects=True)
    assert (late.status_code, "not asked any more" in late.text) == (410, True)
    with database.read() as db:
        assert proposals.answers(db, session.id) == []


def test_the_clocks_of_organization_account_and_browser_count(
    client: Any, app: Flask, cast: Cast, database: Database, hours: list[str], outbox: Outbox
) -> None:
    with database.write() as db:
        db.execute(update(Person).where(Person.id == cast.people["hugo"].id).values(time_zone="America/Denver"))
    invites = (Invite(cast.people["hugo"].email), Invite(PEOPLE[1]), Invite(PEOPLE[2]))
    made = factories.in_state(
        database, cast, "scheduled", starts_at=factories.at("2026-12-15 19:00"), zone="Hawaii", invites=invites
    )
    factories.delivered(database)
    propose(database, cast, made, hours, own_clock_only=True)
    answer(app, links(outbox)[PEOPLE[1]], dict.fromkeys(hours, "yes"), zone="America/Chicago")
    answer(app, links(outbox)[PEOPLE[2]], dict.fromkeys(hours, "yes"), zone="Mars/Phobos")
    with database.read() as db:
        found = stored(database, made.id)
        zones = [clock.zone for clock in proposals._clocks(db, found)]
    home = cast.marston.time_zone
    assert zones == ["Pacific/Honolulu", home, "America/Chicago", "America/Denver"]


def test_the_page_computes_the_hours(client: Any, cast: Cast, database: Database, session: Any) -> None:
    cast.sign_in(client, "ines")
    page = text(client.get(f"/depositions/{session.id}/propose"))
    found = re.findall(r'name="slots" value="([^"]+)"( checked)?', page)
    assert (len(found), sum(bool(ticked) for _, ticked in found)) == (4, 3)
    later = text(client.get(f"/depositions/{session.id}/propose?from=2027-02-01&own_clock=y"))
    assert all(
        slot.startswith("2027-02-0") for slot, _ in re.findall(r'name="slots" value="([^"]+)"( checked)?', later)
    )
    assert client.get(f"/depositions/{session.id}/propose?from=9999-99-99").status_code == 200
    data = {"version": session.version, "slots": [slot for slot, ticked in found if ticked], "quorum": "3"}
    assert send(client, session.id, "propose", **data).status_code == 303
    again = text(client.get(f"/depositions/{session.id}/propose"))
    assert "Change the offered hours of" in again
    assert [slot for slot, ticked in re.findall(r'name="slots" value="([^"]+)"( checked)?', again) if ticked] == [
        slot for slot, ticked in found if ticked
    ]


def test_the_command_offers_and_withdraws(
    database: Database, cast: Cast, session: Any, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(database, monkeypatch)
    made = desk.json("deposition", "propose", str(session.id))
    assert (made["id"], len(made["slots"]), made["quorum"]) == (session.id, 3, 3)
    assert len(links(outbox)) == 3
    status = desk.json("deposition", "hours", str(session.id))
    assert [each["agreed"] for each in status["slots"]] == [False] * 3
    assert desk("deposition", "withdraw-proposal", str(session.id)).exit_code == 0
    assert desk("deposition", "withdraw-proposal", str(session.id)).exit_code == 1
    assert desk("deposition", "propose", str(session.id), "--slot", "never").exit_code != 0


def test_the_action_refuses_what_the_page_would(database: Database, cast: Cast, session: Any) -> None:
    with pytest.raises(Invalid), database.write() as db:
        actions.propose(db, session.id, NewProposal(()), by=COMMAND_LINE, now=now())
