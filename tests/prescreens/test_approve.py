"""Approving and denying: final, one winner, one email, one line of history; page and API say the same.

These people's decisions are final at once; test_hold.py and the files beside it have those that wait.

Both verbs are one decision with two words, so every test here runs for both.
"""

import re
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.models import Organization, Person
from app.kernel.changes import events
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Invalid, NotFound
from app.prescreens import actions
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.prescreens.decisions import REASON
from tests.prescreens.factories import AGENT, prescreen, stored

VERBS = {"approve": "approved", "deny": "denied"}
NOTES = "Drives a hard bargain"
verbs = pytest.mark.parametrize(("verb", "word"), VERBS.items())


def decide(database: Database, id: UUID, verb: str, organization_id: int, **more: Any) -> None:
    act = {"approve": actions.approve, "deny": actions.deny}[verb]
    with database.write() as db:
        act(db, id, more.get("notes", NOTES), reach=Reach((organization_id,)), by=AGENT, now=now())


def token(client: FlaskClient, path: str, verb: str = "approve") -> dict[str, str]:
    """The hidden fields of the decision form, and what its button says."""
    form = client.get(path).text.partition('id="decide"')[2]
    found = {name: re.search(rf'name="{name}"[^>]*value="([^"]+)"', form)[1] for name in ("csrf_token", "version")}  # type: ignore[index]
    button = re.search(rf'id="{verb}" name="preview" value="([0-9a-f]{{64}})"', form)
    return {**found, "preview": button[1] if button else ""}


@pytest.fixture
def at_once(database: Database, cast: Cast) -> None:
    """Lena has chosen that her decisions do not wait."""
    with database.write() as db:
        db.execute(update(Person).where(Person.id == cast.lena.id).values(undo_seconds=0))


@verbs
def test_it_is_written_told_and_remembered(
    database: Database, cast: Cast, outbox: Outbox, verb: str, word: str
) -> None:
    id = prescreen(database, cast.marston.id)
    decide(database, id, verb, cast.marston.id)
    row = stored(database, id)
    assert (row.review_status, row.review_notes, row.reviewed_by) == (word, NOTES, AGENT.name)
    assert row.status == "completed"
    assert row.reviewed_at is not None
    email = outbox.emails("jane@example.com")[-1]
    assert "Marston & Vale" in email["text"]
    assert all(hidden not in str(email) for hidden in (NOTES, "2,400", AGENT.name))
    with database.read() as db:
        latest = events.timeline(db, "prescreen", id)[0]
    assert (latest.kind, latest.actor_name) == (f"prescreen.{word}", AGENT.name)
    assert NOTES not in str(latest.data)


@verbs
def test_the_email_goes_to_the_address_of_this_session(
    database: Database, cast: Cast, outbox: Outbox, verb: str, word: str
) -> None:
    prescreen(database, cast.marston.id)
    again = prescreen(database, cast.marston.id, given={"email": "new@example.com"})
    decide(database, again, verb, cast.marston.id)
    assert len(outbox.emails("new@example.com")) == 2
    assert len(outbox.emails("jane@example.com")) == 1


@verbs
def test_nobody_is_told_without_an_address_or_when_it_is_switched_off(
    database: Database, cast: Cast, outbox: Outbox, verb: str, word: str
) -> None:
    silent = prescreen(database, cast.marston.id, given={"email": None})
    decide(database, silent, verb, cast.marston.id)
    with database.write() as db:
        db.execute(update(Organization).where(Organization.id == cast.marston.id).values(decision_emails=False))
    off = prescreen(database, cast.marston.id)
    decide(database, off, verb, cast.marston.id)
    assert len(outbox.rows()) == 1, "only the email that the answers arrived"
    assert stored(database, off).review_status == word


@verbs
def test_twice_is_refused(database: Database, cast: Cast, outbox: Outbox, verb: str, word: str) -> None:
    id = prescreen(database, cast.marston.id, word)
    before, emails = stored(database, id), len(outbox.rows())
    for other in VERBS:
        with pytest.raises(Conflict) as refused:
            decide(database, id, other, cast.marston.id, notes="second thoughts")
        assert refused.value.code == "session.already_reviewed"
    assert stored(database, id) == before
    assert len(outbox.rows()) == emails


@verbs
@pytest.mark.parametrize(
    ("state", "days", "code"),
    [
        ("draft", 0, "session.not_completed"),
        ("active", 0, "session.not_completed"),
        ("completed", 30, "session.expired"),
        ("active", 31, "session.expired"),
    ],
)
def test_the_wrong_state_is_refused(
    database: Database, cast: Cast, verb: str, word: str, state: str, days: int, code: str
) -> None:
    id = prescreen(database, cast.marston.id, state, at=now() - timedelta(days=days))
    with pytest.raises(Invalid) as refused:
        decide(database, id, verb, cast.marston.id)
    assert refused.value.code == code
    assert stored(database, id).review_status == "pending_review"


@verbs
def test_another_organizations_is_not_there(database: Database, cast: Cast, verb: str, word: str) -> None:
    theirs = prescreen(database, cast.harbor.id)
    for id in (theirs, uuid4()):
        with pytest.raises(NotFound):
            decide(database, id, verb, cast.marston.id)
    assert stored(database, theirs).review_status == "pending_review"


def test_of_many_at_once_one_wins(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id)
    presses = 12
    ready, outcomes = threading.Barrier(presses), []

    def press(number: int) -> None:
        ready.wait()
        try:
            decide(database, id, "approve" if number % 2 else "deny", cast.marston.id, notes=str(number))
            outcomes.append("won")
        except Conflict as lost:
            outcomes.append(lost.code)

    threads = [threading.Thread(target=press, args=(number,)) for number in range(presses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["session.already_reviewed"] * (presses - 1) + ["won"]
    row = stored(database, id)
    assert row.review_status == ("approved" if int(row.review_notes) % 2 else "denied")
    assert len(outbox.emails("jane@example.com")) == 2
    with database.read() as db:
        kinds = [event.kind for event in events.timeline(db, "prescreen", id)]
    assert sum(kind in ("prescreen.approved", "prescreen.denied") for kind in kinds) == 1


@verbs
@pytest.mark.usefixtures("at_once")
def test_the_button_does_it(client: FlaskClient, database: Database, cast: Cast, verb: str, word: str) -> None:
    id = prescreen(database, cast.marston.id)
    lena = cast.sign_in(client, "lena")
    path = f"/prescreens/{id}"
    fields = token(lena, path, verb)
    answer = lena.post(f"{path}/{verb}?left=3", data={**fields, **REASON, "notes": "One\r\ntwo"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/prescreens?left=3"), "the list has no next one"
    assert f"Jane Smith is {word}. An e-mail is on its way to jane@example.com." in lena.get("/prescreens").text
    page = lena.get(path).text
    assert "This is final." in page
    row = stored(database, id)
    assert (row.review_status, row.reviewed_by, row.review_notes) == (word, "Lena Ortiz", "One\ntwo")


@verbs
def test_page_and_api_refuse_in_the_same_words(
    client: FlaskClient, database: Database, cast: Cast, verb: str, word: str
) -> None:
    id = prescreen(database, cast.marston.id)
    lena = cast.sign_in(client, "lena")
    fields = token(lena, f"/prescreens/{id}", verb)
    decide(database, id, verb, cast.marston.id)
    answer = lena.post(f"/prescreens/{id}/{verb}", data={**fields, **REASON, "notes": "typed with care"})
    api = client.patch(f"/api/v1/sessions/{id}/review", json={"reviewStatus": word}, headers=cast.headers("prescreens"))
    assert answer.status_code == api.status_code == 409
    assert api.json is not None
    first, _, rest = api.json["detail"].partition(". ")
    assert first in answer.text
    assert rest in answer.text
    assert "typed with care" in answer.text, "what was typed is not lost"


@verbs
@pytest.mark.parametrize(("who", "status"), [("aude", 403), ("adam", 403), ("lars", 404), ("otto", 403), ("ada", 403)])
def test_who_may_not(
    client: FlaskClient, database: Database, cast: Cast, verb: str, word: str, who: str, status: int
) -> None:
    id = prescreen(database, cast.marston.id)
    own = prescreen(database, cast.harbor.id)
    signed_in = cast.sign_in(client, who)
    page = signed_in.get(f"/prescreens/{own if who == 'lars' else id}")
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert found
    data = {"csrf_token": found[1], "version": stored(database, id).version}
    assert signed_in.post(f"/prescreens/{id}/{verb}", data=data).status_code == status
    assert stored(database, id).review_status == "pending_review"


def test_signed_out_nobody_decides(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    assert client.post(f"/prescreens/{id}/approve").status_code in (401, 403)
    assert stored(database, id).review_status == "pending_review"


def test_notes_have_a_limit_and_a_stale_page_is_refused(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    lena = cast.sign_in(client, "lena")
    fields = token(lena, f"/prescreens/{id}")
    assert lena.post(f"/prescreens/{id}/approve", data={**fields, "notes": "x" * 2001}).status_code == 422
    stale = {**fields, "version": "1"}
    answer = lena.post(f"/prescreens/{id}/approve", data={**stale, "notes": "kept"})
    assert answer.status_code == 409
    assert "Nothing was decided" in answer.text
    assert stored(database, id).review_status == "pending_review"


def test_the_worker_sends_it(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id, "approved", notes=NOTES)
    assert {row.state for row in outbox.deliver_all()} == {"sent"}
    assert stored(database, id).review_status == "approved"


@verbs
def test_an_answer_is_invited_only_where_somebody_reads_it(
    database: Database, cast: Cast, outbox: Outbox, verb: str, word: str
) -> None:
    for address, sentence in (("", "Nobody reads answers"), ("hello@marston.example.com", "answer this e-mail")):
        with database.write() as db:
            db.execute(update(Organization).where(Organization.id == cast.marston.id).values(public_email=address))
        decide(database, prescreen(database, cast.marston.id), verb, cast.marston.id)
        mail = outbox.emails()[-1]
        assert mail["reply_to"] == address
        assert sentence in mail["text"]
        assert sentence in mail["html"]
