"""The page of a contact: all of their prescreens with the basis of each, those who share with them, nobody merged."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.models import Contact, Questionnaire
from app.prescreens.queries import contact_history
from tests.cast import Cast
from tests.pages import csrf, text
from tests.prescreens.factories import prescreen, stored, template

OTHER = {"fullName": "Emeka Obiora", "email": "emeka@example.com"}


@pytest.fixture
def lena(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "lena")


def address(database: Database, id: UUID) -> str:
    return f"/prescreens/contacts/{stored(database, id).contact_id}"


def test_all_prescreens_are_shown_with_what_each_was_matched_by(
    lena: FlaskClient, database: Database, cast: Cast
) -> None:
    first = prescreen(database, cast.marston.id, "denied", at=now() - timedelta(days=3))
    second = prescreen(database, cast.marston.id, given=OTHER, at=now() - timedelta(days=2))
    third = prescreen(database, cast.marston.id, given={"phone": None})
    url = address(database, third)
    page = text(lena.get(f"/prescreens/{third}"))
    assert f'href="{url}"' in page
    # An earlier one says by what it matched, and under which name.
    assert "as <bdi>Emeka Obiora</bdi>, by telephone number only; other name, other address" in page
    page = text(lena.get(url))
    assert "<h1><bdi>Jane Smith</bdi></h1>" in page
    assert "jane@example.com" in page
    assert [page.index(f"/prescreens/{id}") for id in (third, second, first)] == sorted(
        page.index(f"/prescreens/{id}") for id in (third, second, first)
    ), "the newest first"
    assert "by e-mail address and telephone number; same name · denied by Mira Haddad" in page
    assert "as <bdi>Emeka Obiora</bdi>, by telephone number only; other name, other address" in page
    assert "by e-mail address only; same name, no number given · waiting for a decision" in page


def test_contacts_that_share_are_both_shown(lena: FlaskClient, database: Database, cast: Cast) -> None:
    home = cast.marston.id
    by_address = prescreen(database, home, given={"phone": None}, at=now() - timedelta(days=3))
    by_number = prescreen(
        database, home, given={"fullName": "Omar Haddad", "email": None}, at=now() - timedelta(days=2)
    )
    both = prescreen(database, home)
    one, other = address(database, by_address), address(database, by_number)
    assert one != other
    page = text(lena.get(one))
    assert f'href="{other}"' in page
    assert "one prescreen fits both; other name" in page
    page = text(lena.get(other))
    assert f'href="{one}"' in page
    assert f"/prescreens/{both}" in page.partition('id="also-fits"')[2]
    with database.read() as db:
        assert len(db.scalars(select(Contact.id)).all()) == 2, "nobody was merged"


def test_who_may(client: FlaskClient, lena: FlaskClient, database: Database, cast: Cast) -> None:
    url = address(database, prescreen(database, cast.marston.id))
    for who, status in (("aude", 200), ("adam", 200), ("leda", 200), ("lars", 404), ("ines", 403), ("otto", 403)):
        assert cast.sign_in(client.application.test_client(), who).get(url).status_code == status, who
    assert client.application.test_client().get(url).status_code == 303


def test_a_contact_is_not_there_before_the_first_look(
    client: FlaskClient, lena: FlaskClient, database: Database, cast: Cast
) -> None:
    with database.write() as db:
        asked = template(db, cast.marston.id, name="Blind one")
        plain = template(db, cast.marston.id, "plain", name="Plain one")
        db.execute(update(Questionnaire).where(Questionnaire.id == asked).values(blind=True))
    id = prescreen(database, cast.marston.id, template_id=asked, at=now() - timedelta(days=1))
    url = address(database, id)
    assert lena.get(url).status_code == 404
    assert "Jane Smith" in text(cast.sign_in(client.application.test_client(), "aude").get(url)), "decides nothing"
    known = prescreen(database, cast.marston.id, template_id=plain, given={**OTHER, "email": "jane@example.com"})
    page = text(lena.get(url))
    assert str(known) in page
    assert str(id) not in page, "that would say whose it is"
    neighbour = prescreen(database, cast.marston.id, template_id=asked, given={**OTHER, "fullName": "Zoe Zebra"})
    assert "Zoe Zebra" not in text(lena.get(url)), "who shares a number with it is not there either"
    assert "Zoe Zebra" not in text(lena.get(f"/prescreens/{known}"))
    form = {"csrf_token": csrf(lena), "choice": "approve"}
    for each in (id, neighbour):
        version = stored(database, each).version
        assert lena.post(f"/prescreens/{each}/first-look", data={**form, "version": version}).status_code == 303
    page = text(lena.get(url))
    assert str(id) in page
    assert "Zoe Zebra" in page


def test_many_prescreens_come_in_pages(
    lena: FlaskClient, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_history, "PAGE", 2)
    ids = [prescreen(database, cast.marston.id, at=now() - timedelta(days=5 - n)) for n in range(5)]
    url, seen = address(database, ids[0]), []
    while url:
        page = text(lena.get(url))
        seen += [id for id in reversed(ids) if f'href="/prescreens/{id}"' in page]
        url = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0] if 'rel="next"' in page else ""
    assert seen == ids[::-1]
    assert lena.get(address(database, ids[0]) + "?before=nonsense").status_code == 200
