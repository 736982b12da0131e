"""Asking the organization: the form and its confirmation, the page behind the link, the answer and what follows."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.accounts.models import Organization
from app.depositions import actions
from app.depositions.queries import questions
from app.depositions.rules.new_request import parse_start
from app.depositions.rules.questions import Kind, NewQuestion
from app.kernel.changes import events
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Invalid
from tests.cast import COMMAND_LINE, Cast
from tests.cli.running import Desk
from tests.depositions import factories
from tests.depositions.pages import others_may_not, send, stored
from tests.depositions.test_move import preview_of
from tests.outgoing import Outbox
from tests.pages import at_once, text

LINK = re.compile(r"http://localhost:8000(/sessions/questions/\S+)")
CONTACT = "desk@marston.example.com"
HOURS = NewQuestion("Could it be later?", Kind.HOURS, ("2027-12-17T14:00", "2027-12-18T09:30"))
TYPED = {"question": "Could it be later?", "kind": "hours", "hour_1": "2027-12-17T14:00", "hour_2": "2027-12-18T09:30"}


@pytest.fixture
def session(database: Database, cast: Cast) -> Any:
    made = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    return made


def ask(database: Database, cast: Cast, made: Any, new: NewQuestion = HOURS) -> None:
    with database.write() as db:
        actions.ask(db, made.id, new, by=cast.actor("ines"), now=now())


def links(outbox: Outbox) -> list[str]:
    return [found[1] for each in outbox.emails(CONTACT) if (found := LINK.search(each["text"]))]


def answer(app: Flask, path: str, **typed: str) -> Any:
    """An answer on the page behind a link, in a browser that keeps no cookies."""
    page = app.test_client(use_cookies=False).get(path)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    data = {"csrf_token": token[1] if token else "", **typed}
    return app.test_client(use_cookies=False).post(path, data=data)


def test_the_confirmation_names_the_address_and_shows_the_mail(
    client: Any, cast: Cast, session: Any, outbox: Outbox
) -> None:
    cast.sign_in(client, "ines")
    shown = send(client, session.id, "ask", version=session.version, step="preview", **TYPED)
    assert f"Send the question to {CONTACT}" in text(shown)
    assert links(outbox) == []
    assert send(client, session.id, "ask", version=session.version, **TYPED).status_code == 303
    assert len(links(outbox)) == 1
    page = text(client.get(f"/depositions/{session.id}"))
    assert "The organization was asked by Ines Okafor" in page
    assert "Withdraw the question" in page
    assert "Orsolya Brandt" in text(client.get("/depositions?view=asked"))


def test_the_hour_that_suits_leads_into_the_move(
    client: Any, app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox
) -> None:
    ask(database, cast, session)
    (path,) = links(outbox)
    opened = app.test_client().get(path)
    assert opened.status_code == 200
    assert "Could it be later?" in opened.text
    assert "Set-Cookie" not in opened.headers
    assert stored(database, session.id).question == "open"
    assert answer(app, path, answer="2027-12-17T14:00", note="Room 4").status_code == 303
    found = stored(database, session.id)
    assert (found.question, found.starts_at) == ("answered", session.starts_at)
    cast.sign_in(client, "ines")
    page = text(client.get(f"/depositions/{session.id}"))
    assert "Review and move to this hour" in page
    assert "The organization answered the team’s question." in page
    assert "Room 4" in page
    moved = {"start_date": "2027-12-17", "start_time": "02:00 PM", "time_zone": session.time_zone, "notify": "y"}
    assert send(client, session.id, "move", version=found.version, **moved).status_code == 303
    assert stored(database, session.id).question is None
    with database.read() as db:
        kinds = [row.kind for row in events.timeline(db, "deposition", session.id)]
    assert kinds[:3] == ["deposition.moved", "deposition.question_answered", "deposition.organization_asked"]


def test_the_first_answer_counts(app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox) -> None:
    ask(database, cast, session, NewQuestion("Two interpreters?", Kind.YES_NO))
    (path,) = links(outbox)
    presses = [lambda: answer(app, path, answer="yes"), lambda: answer(app, path, answer="no")]
    assert {each.status_code for each in at_once(presses)} <= {303, 403}
    with database.read() as db:
        first = questions.latest(db, session.id)
    assert first is not None
    assert first.answer in ("yes", "no")
    later = app.test_client().get(path)
    assert (later.status_code, "Answered" in later.text, "<form" in later.text) == (200, True, False)
    with database.write() as db, pytest.raises(Conflict):
        actions.answer_question(db, first.id, "no", "", by=COMMAND_LINE, now=now())


@pytest.mark.parametrize("end", ["withdrawn", "asked again", "canceled"])
def test_a_question_that_is_over_says_so(
    client: Any, app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox, end: str
) -> None:
    ask(database, cast, session)
    (path,) = links(outbox)
    page = app.test_client().get(path)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token is not None
    cast.sign_in(client, "ines")
    version = stored(database, session.id).version
    if end == "withdrawn":
        assert send(client, session.id, "settle_question", version=version).status_code == 303
    elif end == "asked again":
        ask(database, cast, session, NewQuestion("Or tomorrow?", Kind.YES_NO))
    else:
        with database.write() as db:
            actions.cancel(db, session.id, by=cast.actor("ines"), now=now())
    over = app.test_client().get(path)
    sentence = "This session was canceled." if end == "canceled" else "This question was withdrawn."
    assert (over.status_code, sentence in over.text) == (410, True)
    data = {"csrf_token": token[1], "answer": "2027-12-17T14:00"}
    late = app.test_client(use_cookies=False).post(path, data=data, follow_redirects=True)
    assert (late.status_code, sentence in late.text) == (410, True)
    assert stored(database, session.id).question == ("open" if end != "withdrawn" else None)


def questions_to_send(outbox: Outbox) -> list[tuple[str, bool]]:
    """The state of each e-mail that asks, and whether it says the hour to which the session is moved here."""
    rows = [row for row in outbox.rows("email") if row.payload.get("to") == CONTACT]
    return [(row.state, "2:30–4:30 PM EDT" in row.payload["text"]) for row in rows]


@pytest.mark.parametrize("notify", [True, False])
def test_a_question_that_waits_is_not_lost_when_the_session_is_moved(
    app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox, notify: bool
) -> None:
    ask(database, cast, session, NewQuestion("Two interpreters?", Kind.YES_NO))
    to = actions.Move(parse_start("2031-03-12", "02:30 PM", "Eastern Time (US & Canada)"), 2, reason="On purpose.")
    with database.write() as db:
        actions.move(db, session.id, to, by=cast.actor("ines"), now=now(), notify=notify)
    assert stored(database, session.id).question == "open"
    waiting = [("dropped", False), ("queued", True)] if notify else [("queued", False)]
    assert sorted(questions_to_send(outbox)) == waiting
    outbox.deliver_all()
    assert sorted(state for state, _ in questions_to_send(outbox)) == (["dropped", "sent"] if notify else ["sent"])
    assert answer(app, links(outbox)[-1], answer="yes").status_code == 303
    assert stored(database, session.id).question == "answered"


def test_a_question_that_was_read_is_not_asked_twice_by_a_move(
    cast: Cast, database: Database, session: Any, outbox: Outbox
) -> None:
    ask(database, cast, session)
    outbox.deliver_all()
    to = actions.Move(parse_start("2031-03-12", "02:30 PM", "Eastern Time (US & Canada)"), 2)
    with database.write() as db:
        actions.move(db, session.id, to, by=cast.actor("ines"), now=now())
    assert questions_to_send(outbox) == [("sent", False)]


@pytest.mark.parametrize("notify", [None, "y"])
def test_the_confirmation_of_a_move_says_what_is_not_sent_any_more(
    client: Any, cast: Cast, database: Database, session: Any, outbox: Outbox, notify: str | None
) -> None:
    """A question that waits is sent all the same after a move of which nobody is notified."""
    outbox.deliver_all()
    ask(database, cast, session)
    cast.sign_in(client, "ines")
    page = text(preview_of(client, stored(database, session.id), notify=notify)[0])
    assert ("1 e-mail about it has not been sent yet, and will not be." in page) is bool(notify)


@pytest.mark.parametrize("end", ["withdrawn", "asked again"])
def test_a_question_that_was_withdrawn_is_not_sent_any_more(
    cast: Cast, database: Database, session: Any, outbox: Outbox, end: str
) -> None:
    ask(database, cast, session)
    if end == "withdrawn":
        with database.write() as db:
            actions.settle_question(db, session.id, by=cast.actor("ines"), now=now())
    else:
        ask(database, cast, session, NewQuestion("Or tomorrow?", Kind.YES_NO))
    states = sorted(state for state, _ in questions_to_send(outbox))
    assert states == (["dropped"] if end == "withdrawn" else ["dropped", "queued"])


def test_done_with_the_answer(client: Any, cast: Cast, database: Database, session: Any) -> None:
    ask(database, cast, session, NewQuestion("Which courthouse?", Kind.TEXT))
    with database.write() as db:
        asked = questions.latest(db, session.id)
        assert asked is not None
        actions.answer_question(db, asked.id, "", "The old one \u202egnorts\u202c 🏛️", by=COMMAND_LINE, now=now())
    cast.sign_in(client, "ines")
    version = stored(database, session.id).version
    assert "🏛️" in text(client.get(f"/depositions/{session.id}"))
    assert send(client, session.id, "settle_question", version=version).status_code == 303
    assert stored(database, session.id).question is None
    again = send(client, session.id, "settle_question", version=version + 1)
    assert (again.status_code, "No question to the organization waits" in text(again)) == (409, True)


@pytest.mark.parametrize(
    "typed",
    [
        {"answer": ""},
        {"answer": "2027-12-19T09:30"},
        {"answer": "yes"},
        {"answer": "none", "note": "x" * 2001},
        {"answer": "2027-12-17T14:00", "note": "a\x00b"},
    ],
)
def test_an_answer_that_was_not_prepared_is_refused(
    app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox, typed: dict[str, str]
) -> None:
    ask(database, cast, session)
    (path,) = links(outbox)
    assert answer(app, path, **typed).status_code == 422
    assert stored(database, session.id).question == "open"


@pytest.mark.parametrize(
    "typed",
    [
        {"question": ""},
        {"question": "x" * 1001},
        {"kind": "maybe"},
        {"hour_1": "", "hour_2": ""},
        {"hour_1": "tomorrow"},
        {"hour_1": "2027-02-30T14:00"},
        {"hour_1": "2027-12-17T25:00"},
        {"hour_1": "2027-03-14T02:30"},
    ],
)
def test_a_question_that_cannot_be_read_is_refused(
    client: Any, cast: Cast, database: Database, session: Any, outbox: Outbox, typed: dict[str, str]
) -> None:
    cast.sign_in(client, "ines")
    refused = send(client, session.id, "ask", version=session.version, **{**TYPED, **typed})
    assert refused.status_code == 422
    assert links(outbox) == []
    assert stored(database, session.id).question is None


def test_only_the_team_asks(client: Any, cast: Cast, database: Database, session: Any) -> None:
    others_may_not(client, cast, database, session, "ask", **TYPED)
    ask(database, cast, session)
    others_may_not(client, cast, database, stored(database, session.id), "settle_question")


def test_of_two_who_ask_at_once_the_later_is_told(client: Any, cast: Cast, database: Database, session: Any) -> None:
    ask(database, cast, session)
    cast.sign_in(client, "ines")
    stale = send(client, session.id, "ask", version=session.version, **TYPED)
    assert stale.status_code == 409


@pytest.mark.parametrize("state", ["active", "ended", "canceled"])
def test_what_is_over_is_not_asked_about(client: Any, cast: Cast, database: Database, state: str) -> None:
    made = factories.in_state(database, cast, state)
    cast.sign_in(client, "ines")
    refused = send(client, made.id, "ask", version=made.version, **TYPED)
    assert (refused.status_code, "nothing left to ask" in text(refused)) == (409, True)


def test_without_an_address_it_says_so(client: Any, cast: Cast, database: Database, session: Any) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(contact_email=""))
    cast.sign_in(client, "ines")
    refused = send(client, session.id, "ask", version=session.version, **TYPED)
    assert (refused.status_code, "No e-mail address of this organization is known" in text(refused)) == (409, True)


@pytest.mark.parametrize("token", ["x", "", "1"])
def test_a_link_that_was_changed_is_not_found(
    app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox, token: str
) -> None:
    ask(database, cast, session)
    (path,) = links(outbox)
    changed = path + token if token else path[:-1]
    assert app.test_client().get(changed).status_code == 404


def test_the_page_speaks_the_organizations_language(
    app: Flask, cast: Cast, database: Database, session: Any, outbox: Outbox
) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(locale="fr"))
    ask(database, cast, session)
    (path,) = links(outbox)
    page = app.test_client().get(path).text
    assert '<html lang="fr" dir="ltr">' in page
    refused = answer(app, path, answer="yes")
    assert (refused.status_code, '<html lang="fr" dir="ltr">' in refused.text) == (422, True)
    assert "<bdi>Marston &amp; Vale</bdi>" in refused.text
    assert "Aucune de ces heures" in page


def test_the_command_asks_and_withdraws(
    database: Database, cast: Cast, session: Any, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(database, monkeypatch)
    options = ("--question", "Later?", "--hour", "2027-12-17T14:00")
    assert desk.json("deposition", "ask", str(session.id), *options) == {"id": session.id, "kind": "hours"}
    assert len(links(outbox)) == 1
    assert desk("deposition", "settle-question", str(session.id)).exit_code == 0
    assert desk("deposition", "settle-question", str(session.id)).exit_code == 1
    assert desk("deposition", "ask", str(session.id), "--question", "?", "--hour", "never").exit_code == 1


def test_a_prepared_hour_that_does_not_exist_is_refused_by_the_action(
    database: Database, cast: Cast, session: Any
) -> None:
    new = NewQuestion("Then?", Kind.HOURS, ("2027-03-14T02:30",))
    with database.write() as db, pytest.raises(Invalid):
        actions.ask(db, session.id, new, by=COMMAND_LINE, now=now())
