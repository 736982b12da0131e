"""Writing once to a prospect: a reminder while they answer, a fresh link with the old answers after they expired."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Gone
from app.prescreens import actions
from app.prescreens.models import Prescreen, Questionnaire, QuestionnaireVersion
from app.prescreens.queries import questionnaires
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.pages import at_once, csrf, digest, one_wins, presser, text
from tests.prescreens.decisions import kinds
from tests.prescreens.factories import JANE, PROSPECT, QUESTIONS, prescreen, stored, template
from tests.prescreens.visitors import Visitor

STOPPED = {"fullName": "Jane Smith", "email": "jane@example.com"}


def stopped(database: Database, cast: Cast, **more: Any) -> UUID:
    """A prospect who gave an e-mail address two days ago and then stopped."""
    id = prescreen(database, cast.marston.id, "active", at=now() - timedelta(days=2), **more)
    with database.write() as db:
        mine = update(Prescreen).where(Prescreen.id == id)
        db.execute(mine.values(email="jane@example.com", submission=STOPPED))
    return id


def expired(database: Database, cast: Cast, **more: Any) -> UUID:
    """Answers that nobody decided in time."""
    return prescreen(database, cast.marston.id, at=now() - timedelta(days=31), **more)


def press(client: FlaskClient, id: UUID, verb: str) -> Any:
    return presser(client, f"/prescreens/{id}/{verb}", preview=True, version="0")()


@pytest.fixture
def lena(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "lena")


def test_a_prospect_who_stopped_is_reminded_once(
    lena: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    id = stopped(database, cast)
    assert "Remind once" in text(lena.get(f"/prescreens/{id}"))
    form = {"csrf_token": csrf(lena), "version": "0"}
    shown = lena.post(f"/prescreens/{id}/remind", data={**form, "step": "preview"})
    assert "jane@example.com" in text(shown)
    assert "This is the only reminder." in text(shown)
    assert outbox.emails() == []
    assert lena.post(f"/prescreens/{id}/remind", data={**form, "preview": digest(shown)}).status_code == 303
    (mail,) = outbox.emails("jane@example.com")
    assert "Jane" not in mail["text"].replace("jane@", ""), "the address is not proven theirs"
    assert "/chat/" in mail["text"]
    row = stored(database, id)
    assert (row.reminded_at is not None, row.version, row.status) == (True, stored(database, id).version, "active")
    again = press(lena, id, "remind")
    assert (again.status_code, "one reminder is enough" in text(again)) == (409, True)
    assert "They were reminded already" in text(lena.get(f"/prescreens/{id}"))
    assert kinds(database, id) == ["reminded"]


@pytest.mark.parametrize(
    ("state", "days", "changes", "verb", "why"),
    [
        ("active", 0, {"email": "a@example.com"}, "remind", "less than a day ago"),
        ("active", 2, {}, "remind", "No e-mail address was given"),
        ("completed", 2, {}, "remind", "still answering"),
        ("active", 31, {"email": "a@example.com"}, "remind", "still answering"),
        ("completed", 2, {}, "renew", "not expired"),
        ("denied", 31, {}, "renew", "not expired"),
        ("completed", 31, {"email": None}, "renew", "No e-mail address was given"),
        ("completed", 2, {"withdrawn_at": now(), "expires_at": now()}, "renew", "has withdrawn"),
        ("completed", 31, {"renewed_at": now()}, "renew", "one is enough"),
    ],
)
def test_who_is_not_written_to(
    lena: FlaskClient,
    database: Database,
    cast: Cast,
    outbox: Outbox,
    state: str,
    days: int,
    changes: dict[str, Any],
    verb: str,
    why: str,
) -> None:
    id = prescreen(database, cast.marston.id, state, at=now() - timedelta(days=days, minutes=1))
    if changes:
        with database.write() as db:
            db.execute(update(Prescreen).where(Prescreen.id == id).values(**changes))
    emails = len(outbox.rows())
    answer = press(lena, id, verb)
    assert (answer.status_code, why in text(answer), len(outbox.rows())) == (409, True, emails)


def test_who_may_and_two_at_once(client: FlaskClient, database: Database, cast: Cast, outbox: Outbox) -> None:
    id = stopped(database, cast)
    for who, status in (("aude", 403), ("adam", 403), ("lars", 404)):
        assert press(cast.sign_in(client.application.test_client(), who), id, "remind").status_code == status
    agents = [cast.sign_in(client.application.test_client(), who) for who in ("lena", "mira", "lena", "mira")]
    one_wins(at_once([presser(each, f"/prescreens/{id}/remind", preview=True, version="0") for each in agents]))
    assert len(outbox.emails("jane@example.com")) == 1


def test_one_mailbox_gets_two_a_day(lena: FlaskClient, database: Database, cast: Cast, outbox: Outbox) -> None:
    ids = [stopped(database, cast) for _ in range(3)]
    assert [press(lena, id, "remind").status_code for id in ids] == [303, 303, 409]
    assert stored(database, ids[2]).reminded_at is None
    assert len(outbox.emails("jane@example.com")) == 2


def test_a_fresh_link_starts_with_the_old_answers(
    lena: FlaskClient, client: FlaskClient, database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    id = expired(database, cast)
    bounded = [{**each, "bounds": {"days_before": 0}} if each["key"] == "moveInDate" else each for each in QUESTIONS]
    with database.write() as db:
        of = stored(database, id).workflow_template_id
        version = {"workflow_template_id": of, "number": 2, "questions": bounded, "created_at": now()}
        db.execute(insert(QuestionnaireVersion).values(**version))
        db.execute(update(Questionnaire).values(current_version=2))
    before = stored(database, id)
    emails = len(outbox.emails())
    assert "Send a fresh link with the old answers" in text(lena.get(f"/prescreens/{id}"))
    assert press(lena, id, "renew").status_code == 303
    mail = outbox.emails("jane@example.com")[-1]
    assert len(outbox.emails()) == emails + 1
    assert "Jane" not in mail["text"].replace("jane@", "")
    found = re.search(r"/p/marston/\S+", mail["text"])
    assert found is not None
    visitor = Visitor(client.application.test_client())
    with database.read() as db:
        known = set(db.scalars(select(Prescreen.id)))
    visitor.get(found[0])
    with database.read() as db:
        assert set(db.scalars(select(Prescreen.id))) == known, "a link only opens a page"
    visitor.press("/again/")
    first = visitor.path
    with database.read() as db:
        (new,) = set(db.scalars(select(Prescreen.id))) - known
    row = stored(database, new)
    assert row.submission == {key: value for key, value in before.submission.items() if key != "moveInDate"}
    assert (row.status, row.name, row.email) == ("active", "Jane Smith", "jane@example.com")
    assert visitor.step == "moveInDate", "a day that is over by now is asked again"
    assert stored(database, id).renewed_as == new
    assert stored(database, id)[:5] == before[:5], "the old ones stay as they are"
    answer = visitor.client.get(found[0])
    # Links are signed with the second in which they are made.
    assert (answer.status_code, answer.headers["Location"].partition(".")[0]) == (303, first.partition(".")[0])
    assert str(new) in text(lena.get(f"/prescreens/{id}"))
    assert client.get(f"/api/v1/sessions/{new}", headers=cast.headers("prescreens")).json["status"] == "active"


def test_a_fresh_link_ends(lena: FlaskClient, database: Database, cast: Cast, outbox: Outbox, clock: Clock) -> None:
    id, closed = (expired(database, cast) for _ in range(2))
    for each in (id, closed):
        assert press(lena, each, "renew").status_code == 303
    links = [re.search(r"/p/marston/\S+", mail["text"])[0] for mail in outbox.emails("jane@example.com")[-2:]]  # type: ignore[index]
    visitor = Visitor(lena.application.test_client())
    visitor.get(links[1])
    with database.write() as db:
        db.execute(update(Questionnaire).values(is_open=False))
    visitor.press("/again/", status=410)
    with database.write() as db:
        db.execute(update(Questionnaire).values(is_open=True))
    clock.move(days=31)
    assert "410" in visitor.client.get(links[0]).status
    with database.read() as db:
        found = questionnaires.by_address(db, "marston", "two-bedroom")
    assert found is not None
    with database.write() as db, pytest.raises(Gone):
        actions.start_again(db, id, found, by=PROSPECT, now=now())


def test_before_a_first_look_the_address_is_not_shown(
    lena: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    with database.write() as db:
        blind = template(db, cast.marston.id)
        db.execute(update(Questionnaire).values(blind=True))
    id = stopped(database, cast, template_id=blind)
    form = {"csrf_token": csrf(lena), "version": "0"}
    shown = lena.post(f"/prescreens/{id}/remind", data={**form, "step": "preview"})
    assert shown.status_code == 200
    done = lena.post(f"/prescreens/{id}/remind", data={**form, "preview": digest(shown)}, follow_redirects=True)
    for page in (text(shown), text(done)):
        assert JANE["email"] not in page
        assert "Jane" not in page
    assert len(outbox.emails("jane@example.com")) == 1
    with database.read() as db:
        events = db.scalars(select(Event).where(Event.kind == "prescreen.reminded")).all()
    assert len(events) == 1
