"""Writing once more about offered hours: a reminder, by a press and by itself, and asking those who were added."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.depositions import actions
from app.depositions.actions import roster
from app.depositions.models import Deposition, OfferedKey
from app.depositions.queries import counts, proposals, tabs
from app.depositions.rules import conflicts
from app.depositions.rules.new_request import Invite, SessionChange
from app.depositions.rules.proposals import read_slot
from app.depositions.rules.roster import RosterFacts
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.cast import COMMAND_LINE, Cast
from tests.cli.running import Desk
from tests.clocks import Clock
from tests.depositions import factories
from tests.depositions.pages import others_may_not, send, sender, stored
from tests.depositions.test_propose import HOURS, LINK, PEOPLE, answer, links, propose
from tests.outgoing import Outbox
from tests.pages import at_once, text

ADDED = "late@example.com"


@pytest.fixture(autouse=True)
def today(clock: Clock) -> None:
    clock.set(factories.at("2026-12-01 10:00"))


@pytest.fixture
def session(database: Database, cast: Cast, clock: Clock) -> Any:
    """A booked session of which hours are offered, a minute after it was booked."""
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-12-15 19:00"))
    factories.delivered(database)
    clock.move(hours=1)
    propose(database, cast, made, HOURS)
    return stored(database, made.id)


def add(database: Database, cast: Cast, made: Any, *addresses: str) -> Any:
    """Invites these people besides, as the organization does."""
    invites = tuple(Invite(each) for each in (*PEOPLE[1:], *addresses))
    with database.write() as db:
        change = SessionChange(invites=invites)
        actions.change_session(db, made.id, change, by=COMMAND_LINE, now=now(), organization_id=cast.marston.id)
    return stored(database, made.id)


def reminded(outbox: Outbox) -> list[str]:
    return sorted(each["to"] for each in outbox.emails() if "No answer of yours" in each["text"])


def whole(choice: str) -> dict[str, str]:
    return dict.fromkeys(HOURS, choice)


def test_those_who_have_not_answered_are_reminded_once(
    client: Any, app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox
) -> None:
    answer(app, links(outbox)[PEOPLE[0]], whole("yes"))
    cast.sign_in(client, "ines")
    assert "Remind 2 people" in text(client.get(f"/depositions/{session.id}"))
    version = stored(database, session.id).version
    shown = send(client, session.id, "remind_hours", version=version, step="preview")
    assert "Remind 2 people" in text(shown)
    assert reminded(outbox) == []
    assert send(client, session.id, "remind_hours", version=version).status_code == 303
    assert reminded(outbox) == sorted(PEOPLE[1:])
    page = text(client.get(f"/depositions/{session.id}"))
    assert "2 people are reminded" in page
    assert page.count('<small class="muted">reminded ') == 2
    assert "Remind 2 people" not in page
    again = send(client, session.id, "remind_hours", version=stored(database, session.id).version)
    assert (again.status_code, "was reminded already" in text(again)) == (409, True)
    assert reminded(outbox) == sorted(PEOPLE[1:])
    [mail] = [each for each in outbox.emails(PEOPLE[1]) if each["subject"].startswith("Reminder")]
    link = LINK.search(mail["text"])
    assert link is not None
    assert "Your answers arrived" in answer(app, link[1], whole("no")).text


def test_of_two_who_remind_at_once_one_does(
    client: Any, another_browser: Any, cast: Cast, database: Database, session: Any, outbox: Outbox
) -> None:
    browsers = [another_browser(), another_browser()]
    presses = [sender(each, session.id, "remind_hours", version=session.version) for each in browsers]
    assert sorted(each.status_code for each in at_once(presses)) == [303, 409]
    assert reminded(outbox) == sorted(PEOPLE)


@pytest.mark.parametrize("end", ["none", "late", "withdrawn", "canceled", "stale"])
@pytest.mark.parametrize("verb", ["remind_hours", "ask_added"])
def test_where_nothing_is_offered_nobody_is_written_to(
    client: Any, cast: Cast, database: Database, session: Any, outbox: Outbox, clock: Clock, end: str, verb: str
) -> None:
    made = add(database, cast, session, ADDED)
    before = len(outbox.emails())
    with database.write() as db:
        by = cast.actor("ines")
        if end == "withdrawn":
            actions.withdraw_proposal(db, made.id, by=by, now=now())
        elif end == "canceled":
            actions.cancel(db, made.id, by=by, now=now(), notify=False)
    if end == "late":
        clock.set(factories.at("2026-12-17 10:00"))
    if end == "none":
        made = factories.in_state(database, cast, "scheduled", **factories.OTHERS)
        before = len(outbox.emails())
    cast.sign_in(client, "ines")
    version = made.version if end in ("stale", "none") else stored(database, made.id).version
    if end == "stale":
        with database.write() as db:
            actions.assign(db, made.id, assignee=(cast.people["ines"].id, "Ines"), by=by, now=now())
    assert send(client, made.id, verb, version=version).status_code == 409
    assert len(outbox.emails()) == before


@pytest.mark.parametrize("verb", ["remind_hours", "ask_added"])
def test_only_the_team_writes_again(client: Any, cast: Cast, database: Database, session: Any, verb: str) -> None:
    made = add(database, cast, session, ADDED)
    others_may_not(client, cast, database, made, verb)


def switch(database: Database, cast: Cast, *, on: bool) -> None:
    with database.write() as db:
        actions.change_settings(db, cast.marston.id, {"reminders": on}, by=COMMAND_LINE, now=now())


@pytest.mark.parametrize("off", [False, True])
def test_where_reminders_are_on_one_goes_by_itself_a_day_before_the_end(
    app: Flask, cast: Cast, database: Database, clock: Clock, outbox: Outbox, off: bool
) -> None:
    switch(database, cast, on=True)
    clock.move(minutes=1)
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-12-15 19:00"))
    factories.delivered(database, channel="email")
    clock.move(minutes=1)
    propose(database, cast, made, HOURS)
    answer(app, links(outbox)[PEOPLE[0]], whole("yes"))
    if off:
        switch(database, cast, on=False)
    clock.set(factories.at("2026-12-15 17:00"))
    outbox.deliver_all()
    assert reminded(outbox) == []
    clock.set(factories.at("2026-12-15 18:30"))
    outbox.deliver_all()
    outbox.deliver_all()
    assert reminded(outbox) == ([] if off else sorted(PEOPLE[1:]))


def test_whoever_was_reminded_by_a_press_is_not_reminded_by_itself(
    cast: Cast, database: Database, clock: Clock, outbox: Outbox
) -> None:
    switch(database, cast, on=True)
    clock.move(minutes=1)
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-12-15 19:00"))
    factories.delivered(database, channel="email")
    clock.move(minutes=1)
    propose(database, cast, made, HOURS)
    with database.write() as db:
        actions.remind_hours(db, made.id, by=cast.actor("ines"), now=now())
    clock.set(factories.at("2026-12-15 18:30"))
    outbox.deliver_all()
    assert reminded(outbox) == sorted(PEOPLE)


def test_of_other_hours_people_are_reminded_anew(
    cast: Cast, database: Database, session: Any, clock: Clock, outbox: Outbox
) -> None:
    def remind() -> None:
        with database.write() as db:
            actions.remind_hours(db, session.id, by=cast.actor("ines"), now=now())

    remind()
    propose(database, cast, session, HOURS[1:])
    remind()
    assert reminded(outbox) == sorted(PEOPLE * 2)


@pytest.mark.parametrize("end", ["changed", "withdrawn", "started"])
def test_mails_about_hours_that_are_offered_no_longer_are_not_sent(
    cast: Cast, database: Database, session: Any, outbox: Outbox, clock: Clock, end: str
) -> None:
    """The e-mails of the offer wait while the worker is away."""
    if end == "changed":
        propose(database, cast, session, HOURS[1:])
    with database.write() as db:
        if end == "withdrawn":
            actions.withdraw_proposal(db, session.id, by=cast.actor("ines"), now=now())
        elif end == "started":
            actions.start(db, session.id, by=cast.actor("ines"), now=now(), reason="On purpose.")
    unsent = [row for row in outbox.rows("email", "queued") if "/sessions/proposals/" in row.payload["text"]]
    assert len(unsent) == (3 if end == "changed" else 0)


def test_whoever_was_added_is_asked_by_a_press(
    client: Any, app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox
) -> None:
    """They have to be able to come too, where everybody has to."""
    for person in PEOPLE:
        answer(app, links(outbox)[person], whole("yes"))
    assert stored(database, session.id).agreement == "agreed"
    made = add(database, cast, session, ADDED)
    cast.sign_in(client, "ines")
    page = text(client.get(f"/depositions/{session.id}"))
    assert "Takes part only since, and is not asked: <bdi>late@example.com</bdi>" in page
    assert "Ask this person too" in page
    shown = send(client, session.id, "ask_added", version=made.version, step="preview")
    assert "Ask 1 person too" in text(shown)
    assert send(client, session.id, "ask_added", version=made.version).status_code == 303
    found = stored(database, session.id)
    assert found.agreement == "open"
    [mail] = [each for each in outbox.emails(ADDED) if "/sessions/proposals/" in each["text"]]
    link = LINK.search(mail["text"])
    assert link is not None
    page = text(client.get(f"/depositions/{session.id}"))
    assert "3 of 4 answered" in page
    assert "everybody who is asked has to be able to come" in page
    answer(app, link[1], whole("maybe"))
    assert stored(database, session.id).agreement == "agreed"
    again = send(client, session.id, "ask_added", version=stored(database, session.id).version)
    assert (again.status_code, "Everybody who takes part is asked already" in text(again)) == (409, True)


def test_the_team_sees_in_its_queue_that_people_agree(
    client: Any, app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox
) -> None:
    def group() -> list[str]:
        page = text(client.get("/depositions?view=offered"))
        return re.findall(r"Participants agree to another hour|Other hours offered, answers come in|is agreed", page)

    cast.sign_in(client, "ines")
    assert "Other hours offered, answers come in" in group()
    assert stored(database, session.id).agreement == "open"
    for person in PEOPLE:
        answer(app, links(outbox)[person], {HOURS[0]: "no", HOURS[1]: "maybe", HOURS[2]: "no"})
    assert "Participants agree to another hour" in group()
    assert "agreed to be moved" in text(client.get("/"))
    assert "Hour agreed" in text(client.get("/depositions?view=scheduled"))
    answer(app, links(outbox)[PEOPLE[2]] + "?change=1", whole("no"))
    assert stored(database, session.id).agreement == "open"
    with database.write() as db:
        actions.cancel(db, session.id, by=cast.actor("ines"), now=now(), notify=False)
    with database.read() as db:
        assert counts.view_counts(db, None, now())[tabs.OFFERED] == 0
    found = stored(database, session.id)
    assert (found.agreement, found.answers_until) == (None, None)


def test_who_leaves_no_longer_stands_in_the_way(
    app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox
) -> None:
    for person, choice in zip(PEOPLE, ("yes", "no", "yes"), strict=True):
        answer(app, links(outbox)[person], whole(choice))
    assert stored(database, session.id).agreement == "open"
    with database.write() as db:
        change = SessionChange(invites=(Invite(PEOPLE[2]),))
        actions.change_session(db, session.id, change, by=COMMAND_LINE, now=now(), organization_id=cast.marston.id)
    assert stored(database, session.id).agreement == "agreed"


def another(database: Database, cast: Cast) -> int:
    """The id of one manager more."""
    with database.write() as db:
        facts = RosterFacts("Kwame Osei", "kwame@example.com", "UTC")
        return roster.add(db, facts, by=cast.actor("ines"), now=now())


def test_offered_hours_take_what_the_session_needs_by_now(cast: Cast, database: Database, session: Any) -> None:
    """Another manager's time, not the former one's; the address of whoever was added."""

    def keys() -> set[int]:
        with database.read() as db:
            return set(db.execute(select(OfferedKey.key).where(OfferedKey.deposition_id == session.id)).scalars())

    before, other = conflicts.manager_key(session.manager_id), another(database, cast)
    assert before in keys()
    with database.write() as db:
        booking = actions.Booking(manager_id=other, room_url=factories.ROOM)
        actions.change_manager(db, session.id, booking, by=cast.actor("ines"), now=now())
    assert before not in keys()
    assert conflicts.manager_key(other) in keys()
    added = add(database, cast, session, ADDED)
    with database.read() as db:
        rows = proposals.offered(db, added, HOURS)
    assert {row["key"] for row in rows} == keys()


def test_an_agreed_hour_that_is_over_is_not_offered_for_a_press(
    client: Any, app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox, clock: Clock
) -> None:
    for person in PEOPLE:
        answer(app, links(outbox)[person], whole("yes"))
    with database.write() as db:
        later = {
            Deposition.starts_at: factories.at("2026-12-30 19:00"),
            Deposition.ends_at: factories.at("2026-12-30 20:00"),
        }
        db.execute(update(Deposition).where(Deposition.id == session.id).values(later))
    clock.set(read_slot(HOURS[0]))
    cast.sign_in(client, "ines")
    page = text(client.get(f"/depositions/{session.id}"))
    assert page.count("This hour is over.") == 1
    assert page.count("Review and move</button>") == 3, "of two hours, and of the form for any other"


def test_the_commands(
    database: Database, cast: Cast, session: Any, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(database, monkeypatch)
    add(database, cast, session, ADDED)
    assert desk("deposition", "ask-added", str(session.id)).exit_code == 0
    assert desk("deposition", "ask-added", str(session.id)).exit_code == 1
    assert desk("deposition", "remind-hours", str(session.id)).exit_code == 0
    assert reminded(outbox) == sorted((*PEOPLE, ADDED))
    assert desk("deposition", "remind-hours", str(session.id)).exit_code == 1
