"""Whether a session takes place: who is asked and when, the buttons behind the link, what is said on the phone."""

import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.accounts.models import ApiKey, Organization
from app.depositions import actions, jobs
from app.depositions.models import Manager
from app.depositions.queries import people
from app.depositions.rules import business_days, reconfirmation
from app.depositions.rules.new_request import parse_start
from app.depositions.rules.reconfirmation import Answer, Reconfirmation
from app.kernel.changes import events
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict
from tests.cast import COMMAND_LINE, Cast
from tests.cli.running import Desk
from tests.clocks import Clock
from tests.depositions import factories
from tests.depositions.pages import others_may_not, send, stored
from tests.outgoing import Outbox
from tests.pages import text

LINK = re.compile(r"http://localhost:8000(/sessions/\S+/reconfirm/\S+)")
MONDAY_MORNING = datetime(2027, 3, 15, 14, 0, tzinfo=UTC)
"""7 AM in Los Angeles, the day after the clocks were put forward; the Friday before is in winter time."""
HOST, CONTACT, DEPONENT = "obsidian@example.com", "desk@marston.example.com", "orsolya@example.com"


@pytest.fixture(autouse=True)
def switched_on(database: Database, cast: Cast, clock: Clock) -> None:
    clock.set(MONDAY_MORNING - timedelta(days=10))
    switch(database, cast, clock, reconfirmation=True)


def switch(database: Database, cast: Cast, clock: Clock, **choices: Any) -> None:
    with database.write() as db:
        actions.change_settings(db, cast.marston.id, choices, by=COMMAND_LINE, now=clock.now())  # type: ignore[arg-type]  # any of them


def booked(database: Database, cast: Cast, **facts: Any) -> Any:
    """A session on Monday, of which everybody has been told."""
    made = factories.in_state(database, cast, "scheduled", starts_at=MONDAY_MORNING + timedelta(hours=2), **facts)
    factories.delivered(database)
    return made


def asked(outbox: Outbox) -> dict[str, str]:
    """The path of the link by recipient."""
    found = {}
    for each in outbox.emails():
        link = LINK.search(each["text"])
        if link:
            found[each["to"]] = link[1]
    return found


def ask(clock: Clock, outbox: Outbox) -> dict[str, str]:
    """Moves to the Friday before, 10:00 in Los Angeles, and lets the worker ask."""
    clock.set(datetime(2027, 3, 12, 18, 0, 1, tzinfo=UTC))
    outbox.deliver_all()
    return asked(outbox)


def press(app: Flask, path: str, answer: str) -> Any:
    """A press on the page behind a link, in a browser that keeps no cookies."""
    page = app.test_client(use_cookies=False).get(path)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    data = {"answer": answer, "csrf_token": token[1] if token else ""}
    return app.test_client(use_cookies=False).post(path, data=data)


def test_they_are_asked_at_ten_on_the_business_day_before(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    made = booked(database, cast)
    clock.set(datetime(2027, 3, 12, 17, 59, tzinfo=UTC))
    outbox.deliver_all()
    assert asked(outbox) == {}
    assert ask(clock, outbox).keys() == {HOST, CONTACT}
    outbox.deliver_all()
    assert len([each for each in outbox.emails() if LINK.search(each["text"])]) == 2
    assert stored(database, made.id).reconfirmation == Reconfirmation.SILENT
    with database.read() as db:
        assert "deposition.asked_to_reconfirm" in {row.kind for row in events.timeline(db, "deposition", made.id)}


def test_the_deponent_is_asked_where_the_organization_wants_it(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    switch(database, cast, clock, reconfirm_deponent=True, silence_is_yes=True)
    made = booked(database, cast)
    assert ask(clock, outbox).keys() == {HOST, CONTACT, DEPONENT}
    assert stored(database, made.id).reconfirmation == Reconfirmation.ASSUMED


def test_nobody_is_asked_before_the_switch_nor_of_what_they_were_not_told(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    unheard = factories.in_state(database, cast, "scheduled", starts_at=MONDAY_MORNING + timedelta(hours=2))
    factories.delivered(database, "dead")
    switch(database, cast, clock, reconfirmation=False)
    clock.move(minutes=1)
    switch(database, cast, clock, reconfirmation=True)
    assert ask(clock, outbox) == {}
    assert stored(database, unheard.id).reconfirmation is None


@pytest.mark.parametrize(
    ("lost", "contact", "who"), [("email", CONTACT, CONTACT), ("webhook", CONTACT, HOST), ("webhook", HOST, HOST)]
)
def test_who_was_not_told_is_not_asked(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock, lost: str, contact: str, who: str
) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(contact_email=contact))
    made = factories.in_state(database, cast, "scheduled", starts_at=MONDAY_MORNING + timedelta(hours=2))
    factories.delivered(database, "dead", lost)
    factories.delivered(database)
    assert ask(clock, outbox).keys() == {who}
    assert stored(database, made.id).reconfirmation == Reconfirmation.SILENT


@pytest.mark.parametrize(
    ("whose", "minutes", "who"), [("marston", 1, {CONTACT}), ("marston", -1, set()), ("harbor", 1, set())]
)
def test_an_organization_whose_system_read_it_since_is_asked(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock, whose: str, minutes: int, who: set[str]
) -> None:
    cast.key("depositions", whose)
    factories.in_state(database, cast, "scheduled", starts_at=MONDAY_MORNING + timedelta(hours=2))
    factories.delivered(database, "dead")
    with database.write() as db:
        db.execute(update(ApiKey).values(read_at=clock.now() + timedelta(minutes=minutes)))
    assert ask(clock, outbox).keys() == who


def test_switched_off_before_it_is_due_nobody_is_asked(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    booked(database, cast)
    switch(database, cast, clock, reconfirmation=False)
    assert ask(clock, outbox) == {}


def test_another_hour_is_another_question(database: Database, cast: Cast, outbox: Outbox, clock: Clock) -> None:
    made = booked(database, cast)
    ask(clock, outbox)
    with database.write() as db:
        actions.reconfirm(db, made.id, f"participant:{HOST}", Answer.YES, by=COMMAND_LINE, now=clock.now())
        to = actions.Move(parse_start("2027-03-17", "09:00 AM", made.time_zone), 1.25)
        actions.move(db, made.id, to, by=COMMAND_LINE, now=clock.now())
    outbox.deliver_all()
    payload = {"deposition": made.id, "sequence": made.sequence}
    late: Any = SimpleNamespace(payload=payload, database=database, now=clock.now())
    assert jobs.reconfirm(late) == jobs.NOT_NEEDED, "also for a worker that had taken it up before the move"
    clock.set(datetime(2027, 3, 16, 17, 0, 1, tzinfo=UTC))
    outbox.deliver_all()
    questions = [each["to"] for each in outbox.emails() if LINK.search(each["text"])]
    assert questions.count(HOST) == 2
    assert stored(database, made.id).reconfirmation == Reconfirmation.SILENT


def test_opening_changes_nothing_and_the_press_records(
    app: Flask, database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    made = booked(database, cast)
    path = ask(clock, outbox)[HOST]
    opened = app.test_client().get(path)
    assert opened.status_code == 200
    assert "Set-Cookie" not in opened.headers
    assert opened.headers["X-Robots-Tag"] == "noindex"
    assert stored(database, made.id).reconfirmation == Reconfirmation.SILENT
    assert press(app, path, "yes").status_code == 303
    assert stored(database, made.id).reconfirmation == Reconfirmation.YES
    assert "You answered: it takes place." in app.test_client().get(path).text
    assert press(app, path, "call").status_code == 303
    found = stored(database, made.id)
    assert (found.reconfirmation, found.state) == (Reconfirmation.CALL, "scheduled")
    with database.read() as db:
        row = next(row for row in people.known(db, made.id) if row.address == HOST)
        newest = events.timeline(db, "deposition", made.id)[0]
    assert (row.answer, row.answered_by, row.answer_sequence) == ("call", HOST, 1)
    assert newest.data == {"answer": "call", "person": HOST, "by_phone": False}
    assert press(app, path, "maybe").status_code == 422


def test_the_gravest_answer_counts(app: Flask, database: Database, cast: Cast, outbox: Outbox, clock: Clock) -> None:
    made = booked(database, cast)
    links = ask(clock, outbox)
    press(app, links[CONTACT], "no")
    press(app, links[HOST], "yes")
    assert stored(database, made.id).reconfirmation == Reconfirmation.NO
    press(app, links[CONTACT], "yes")
    assert stored(database, made.id).reconfirmation == Reconfirmation.YES


def test_an_answer_after_a_cancellation_or_the_start_is_refused_in_words(
    app: Flask, database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    made = booked(database, cast)
    path = ask(clock, outbox)[HOST]
    clock.set(made.starts_at + timedelta(seconds=1))
    late = app.test_client().get(path)
    assert (late.status_code, "The session has begun" in late.text) == (410, True)
    clock.set(made.starts_at - timedelta(hours=1))
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', app.test_client().get(path).text)
    assert token is not None
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("ines"), now=clock.now())
    refused = app.test_client().post(path, data={"answer": "yes", "csrf_token": token[1]}, follow_redirects=True)
    assert (refused.status_code, "This session was canceled." in refused.text) == (410, True)
    assert stored(database, made.id).reconfirmation == Reconfirmation.SILENT


@pytest.mark.parametrize("change", ["x", "other"])
def test_a_link_that_was_changed_or_is_of_another_session_is_not_found(
    app: Flask, database: Database, cast: Cast, outbox: Outbox, clock: Clock, change: str
) -> None:
    booked(database, cast)
    path = ask(clock, outbox)[HOST]
    if change == "x":
        path += "x"
    else:
        other = factories.in_state(database, cast, "scheduled")
        path = f"/sessions/{other.slug}/reconfirm/{path.rpartition('/')[2]}"
    assert app.test_client().get(path).status_code == 404


def test_the_question_is_in_the_organizations_language(
    app: Flask, database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(locale="ar"))
    booked(database, cast, details={})
    path = ask(clock, outbox)[CONTACT]
    mail = next(each for each in outbox.emails(CONTACT) if LINK.search(each["text"]))
    assert mail["from"] == "Marston & Vale"
    assert 'dir="rtl"' in mail["html"]
    assert '<html lang="ar" dir="rtl">' in app.test_client().get(path).text


def test_on_the_phone_one_press_confirms(client: Any, database: Database, cast: Cast) -> None:
    made = factories.in_state(database, cast, "scheduled")
    cast.sign_in(client, "ines")
    page = text(client.get(f"/depositions/{made.id}"))
    assert "Confirmed by phone" in page
    answer = send(client, made.id, "reconfirm", version=made.version, person=f"participant:{HOST}", answer="yes")
    assert answer.status_code == 303
    assert stored(database, made.id).reconfirmation == Reconfirmation.YES
    again = send(client, made.id, "reconfirm", version=made.version, person="organization:", answer="no")
    assert again.status_code == 409
    send(client, made.id, "reconfirm", version=made.version + 1, person="organization:", answer="no")
    assert stored(database, made.id).reconfirmation == Reconfirmation.NO
    page = text(client.get(f"/depositions/{made.id}"))
    assert "Confirmed by obsidian@example.com on the phone" in page
    assert "Somebody answered that it does not take place." in page
    unknown = send(client, made.id, "reconfirm", version=made.version + 2, person="participant:x@y.z", answer="yes")
    assert unknown.status_code == 404


def test_only_the_team_writes_it_down(client: Any, database: Database, cast: Cast) -> None:
    made = factories.in_state(database, cast, "scheduled")
    others_may_not(client, cast, database, made, "reconfirm", person="organization:", answer="yes")


@pytest.mark.parametrize("state", ["initial", "active", "ended", "canceled"])
def test_what_is_not_booked_is_not_confirmed(client: Any, database: Database, cast: Cast, state: str) -> None:
    made = factories.in_state(database, cast, state)
    cast.sign_in(client, "ines")
    refused = send(client, made.id, "reconfirm", version=made.version, person="organization:", answer="yes")
    assert refused.status_code == 409
    assert reconfirmation.why_not_reconfirm(made.state, True).partition(".")[0] in text(refused)  # type: ignore[union-attr]  # it refuses


def in_order(page: str, *names: str) -> bool:
    """Whether a page has these names in this order."""
    places = [page.index(name) for name in names]
    return places == sorted(places)


def test_the_tab_lists_the_next_business_day(
    client: Any, app: Flask, database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(public_phone="+1 212 555 0142"))
        db.execute(update(Manager).values(telephone="+1 415 555 0163"))
    monday = [
        booked(database, cast, deponent_name=name) for name in ("Silent Witness", "Sure Witness", "Absent Witness")
    ]
    factories.in_state(
        database, cast, "scheduled", starts_at=MONDAY_MORNING + timedelta(days=1), deponent_name="Tuesday Witness"
    )
    cast.sign_in(client, "ines")
    clock.set(datetime(2027, 3, 12, 7, 59, tzinfo=UTC))
    assert "Silent Witness" not in text(client.get("/depositions?view=next"))
    ask(clock, outbox)
    with database.write() as db:
        for made, answer in ((monday[1], Answer.YES), (monday[2], Answer.NO)):
            actions.reconfirm(db, made.id, "organization:", answer, by=COMMAND_LINE, now=clock.now())
    cast.sign_in(client, "ines")
    page = text(client.get("/depositions?view=next"))
    total = "1 confirmed, 1 without an answer, 1 does not take place or asks for a call."
    assert f"<p>{total}</p>" in page, "the sum is a line that everybody sees"
    names = ("Silent Witness", "Absent Witness", "Sure Witness")
    assert in_order(page, *names), "in the afternoon"
    assert (page.count("+1 212 555 0142"), page.count("+1 415 555 0163")) == (2, 2), "of who is to be called"
    assert "Tuesday Witness" not in page
    absent = text(client.get(f"/depositions/{monday[2].id}"))
    assert "tel:+12125550142" in absent
    assert "tel:+14155550163" in absent
    clock.set(datetime(2027, 3, 15, 6, tzinfo=UTC))
    cast.sign_in(client, "ines")
    assert in_order(text(client.get("/depositions?view=next")), "Absent Witness", "Silent Witness"), "before noon"
    clock.set(MONDAY_MORNING + timedelta(hours=2, seconds=1))
    cast.sign_in(client, "ines")
    page = text(client.get("/depositions?view=next"))
    assert "Silent Witness" not in page
    assert "Tuesday Witness" in page


@pytest.mark.parametrize(
    ("day", "country", "before"),
    [
        (date(2027, 3, 15), "US", date(2027, 3, 12)),
        (date(2026, 11, 27), "US", date(2026, 11, 25)),
        (date(2026, 12, 28), "US", date(2026, 12, 24)),
        (date(2026, 11, 30), "SA", date(2026, 11, 29)),
        (date(2026, 5, 4), "FR", date(2026, 4, 30)),
        (date(2026, 5, 4), None, date(2026, 5, 1)),
        (date(2026, 5, 4), "ZZ", date(2026, 5, 1)),
    ],
)
def test_the_business_day_before(day: date, country: str | None, before: date) -> None:
    assert business_days.business_day_before(day, country) == before


def test_ten_is_ten_on_the_sessions_own_clock_across_a_change() -> None:
    asked_at = business_days.reconfirm_at(MONDAY_MORNING, "America/Los_Angeles", "US")
    assert asked_at == datetime(2027, 3, 12, 18, 0, tzinfo=UTC)


def test_the_same_answer_through_the_action_is_refused_when_the_session_changed(
    database: Database, cast: Cast, clock: Clock
) -> None:
    made = booked(database, cast)
    with database.write() as db, pytest.raises(Conflict):
        actions.reconfirm(
            db, made.id, "organization:", Answer.YES, by=COMMAND_LINE, now=clock.now(), sequence=made.sequence + 1
        )


def test_the_command_writes_it_down(database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made = factories.in_state(database, cast, "scheduled")
    desk = Desk(database, monkeypatch)
    done = desk.json("deposition", "reconfirm", str(made.id), "--person", HOST.upper(), "--answer", "call")
    assert done == {"id": made.id, "person": HOST.upper(), "answer": "call"}
    assert stored(database, made.id).reconfirmation == Reconfirmation.CALL
    assert desk("deposition", "reconfirm", str(made.id), "--person", "nobody@example.com").exit_code == 1
    assert desk("deposition", "reconfirm", "999999").exit_code == 1
