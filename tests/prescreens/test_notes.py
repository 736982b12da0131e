"""Notes of the team without a decision: attributed, for staff alone, and in nothing that leaves."""

import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from app.accounts.models import Person
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.models import Note
from app.prescreens.queries import notes
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import at_once, csrf, presser, text
from tests.prescreens.decisions import kinds
from tests.prescreens.factories import prescreen, stored
from tests.prescreens.test_approve import token

CANARY = "zebrafinch"
NOTE = f"Called twice, no answer <b>{CANARY}</b>\nأهلاً 🐦"


def test_it_is_kept_with_its_author_and_decides_nothing(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    before, url = stored(database, id), f"/prescreens/{id}/note"
    lena = cast.sign_in(client, "lena")
    for _ in range(2):
        assert lena.post(url, data={"csrf_token": csrf(lena), "text": NOTE.replace("\n", "\r\n")}).status_code == 303
    mira = cast.sign_in(client.application.test_client(), "mira")
    assert mira.post(url, data={"csrf_token": csrf(mira), "text": NOTE}).status_code == 303
    assert stored(database, id) == before
    with database.read() as db:
        assert [(note.author, note.text) for note in notes.of(db, id)] == [
            ("Mira Haddad", NOTE),
            ("Lena Ortiz", NOTE),
        ], "pressed twice is one"
    page = text(cast.sign_in(client.application.test_client(), "aude").get(f"/prescreens/{id}"))
    assert f"&lt;b&gt;{CANARY}&lt;/b&gt;" in page
    assert "Write a note" not in page
    assert kinds(database, id) == ["noted", "noted"]


def test_who_may_not_and_what_is_no_note(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    url = f"/prescreens/{id}/note"
    for who, status in (("aude", 403), ("adam", 403), ("lars", 404), ("otto", 403)):
        other = cast.sign_in(client.application.test_client(), who)
        assert other.post(url, data={"csrf_token": csrf(other), "text": NOTE}).status_code == status, who
    lena = cast.sign_in(client, "lena")
    for bad in ("", " \u200b ", "x" * 2001, "a\x00b"):
        answer = lena.post(url, data={"csrf_token": csrf(lena), "text": bad})
        assert answer.status_code == 422, repr(bad)
    assert "x" * 2001 in text(lena.post(url, data={"csrf_token": csrf(lena), "text": "x" * 2001})), "never lost"
    assert lena.post(url, data={"csrf_token": csrf(lena), "text": "ü" * 2000}).status_code == 303
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Note)) == 1


def test_several_at_once_are_all_kept(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    agents = [cast.sign_in(client.application.test_client(), "lena") for _ in range(5)]
    answers = at_once([presser(a, f"/prescreens/{id}/note", text=f"Note {n}") for n, a in enumerate(agents)])
    assert {answer.status_code for answer in answers} == {303}
    with database.read() as db:
        assert {note.text for note in notes.of(db, id)} == {f"Note {n}" for n in range(5)}


def test_it_is_in_nothing_that_leaves(client: FlaskClient, database: Database, cast: Cast, outbox: Outbox) -> None:
    """In no e-mail, event, file, search result, answer of the API, nor on a page for prospects, before and after."""
    with database.write() as db:
        db.execute(update(Person).where(Person.id == cast.lena.id).values(undo_seconds=0))
    id = prescreen(database, cast.marston.id)
    old = prescreen(database, cast.marston.id, at=now() - timedelta(days=31))
    lena = cast.sign_in(client, "lena")
    for each in (id, old):
        lena.post(f"/prescreens/{each}/note", data={"csrf_token": csrf(lena), "text": NOTE})
    asking = {"keys": "budget", "version": str(stored(database, id).version)}
    assert presser(lena, f"/prescreens/{id}/ask", preview=True, **asking)().status_code == 303
    assert presser(lena, f"/prescreens/{old}/renew", preview=True, version="0")().status_code == 303
    fields = token(lena, f"/prescreens/{id}")
    assert lena.post(f"/prescreens/{id}/approve", data=fields).status_code == 303
    left = [str(outbox.rows()), str(outbox.emails())]
    with database.read() as db:
        left.append(str([event.data for event in db.scalars(select(Event))]))
    headers = cast.headers("prescreens")
    left += [text(client.get(path, headers=headers)) for path in (f"/api/v1/sessions/{id}", "/api/v1/sessions")]
    stranger = client.application.test_client()
    links = {link for mail in outbox.emails() for link in re.findall(r"/p/marston/\S+", mail["text"])}
    assert {link.split("/")[4] for link in links} == {"status", "asked", "again"}
    left += [text(stranger.get(link)) for link in links]
    lars = cast.sign_in(client.application.test_client(), "lars")
    csv = "/prescreens/csv?state=all"
    left += [text(lars.get(path)) for path in (csv, f"/prescreens/{id}", "/prescreens?state=all")]
    for answer in (*left, text(lena.get(csv))):
        assert CANARY not in answer
    assert str(id) not in text(lena.get(f"/search?q={CANARY}"))
