"""What a match with a contact rests upon: said on the page, in the list, and for every combination."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.text.normalization import email_key, telephone_key
from app.prescreens.rules import matching
from tests.cast import Cast
from tests.pages import text
from tests.prescreens.factories import prescreen


def contact(name: str, email: str | None, phone: str | None) -> Any:
    keys = {
        "email_key": email_key(email) if email else None,
        "phone_key": telephone_key(phone, None) if phone else None,
    }
    return SimpleNamespace(name=name, email=email, phone=phone, **keys)


JANE = ("Jane Smith", "jane@example.com", "+1 555 010 4477")


@pytest.mark.parametrize(
    ("name", "email", "phone", "basis"),
    [
        (*JANE, "by e-mail address and telephone number; same name"),
        ("jané  SMITH", "Jane@Example.com", "+15550104477", "by e-mail address and telephone number; same name"),
        ("Emeka Obiora", JANE[1], JANE[2], "by e-mail address and telephone number; other name"),
        ("Jane Smith", JANE[1], "+1 555 010 9999", "by e-mail address only; same name, other number"),
        ("Emeka Obiora", JANE[1], "+1 555 010 9999", "by e-mail address only; other name, other number"),
        ("Jane Smith", JANE[1], None, "by e-mail address only; same name, no number given"),
        ("Emeka Obiora", "emeka@example.com", JANE[2], "by telephone number only; other name, other address"),
        ("Jane Smith", "emeka@example.com", JANE[2], "by telephone number only; same name, other address"),
        ("Emeka Obiora", None, JANE[2], "by telephone number only; other name, no address given"),
        ("", None, JANE[2], "by telephone number only; no name given, no address given"),
    ],
)
def test_the_basis_in_words(name: str, email: str | None, phone: str | None, basis: str) -> None:
    found = matching.filed(SimpleNamespace(name=name, email=email, phone=phone), contact(*JANE))
    assert (found.name, found.basis) == ("Jane Smith", basis)
    assert found.alike == (basis == "by e-mail address and telephone number; same name")


@pytest.mark.parametrize(
    ("known", "name", "basis"),
    [
        (("Jane Smith", None, JANE[2]), "Jane Smith", "by telephone number only; same name, no address on file"),
        (("", JANE[1], None), JANE[1], "by e-mail address only; no name on file, no number on file"),
    ],
)
def test_what_is_not_on_file(known: tuple[str, str | None, str | None], name: str, basis: str) -> None:
    found = matching.filed(SimpleNamespace(name=JANE[0], email=JANE[1], phone=JANE[2]), contact(*known))
    assert (found.name, found.basis) == (name, basis)


@pytest.fixture
def lena(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "lena")


def test_a_match_by_telephone_names_the_contact_and_its_basis(
    lena: FlaskClient, database: Database, cast: Cast
) -> None:
    home = cast.marston.id
    prescreen(database, home, at=now() - timedelta(days=2))
    other = prescreen(database, home, given={"fullName": "Emeka Obiora", "email": "emeka@example.com"})
    page = text(lena.get(f"/prescreens/{other}"))
    heading = "Filed under <bdi>Jane Smith</bdi>, by telephone number only; other name, other address"
    assert heading in page
    assert "Also from the same person" not in page
    assert "as <bdi>Jane Smith</bdi>" in page
    assert "Here before, by number only, other name" in text(lena.get("/prescreens"))


def test_the_same_person_is_filed_by_both(lena: FlaskClient, database: Database, cast: Cast) -> None:
    first = prescreen(database, cast.marston.id, at=now() - timedelta(days=2))
    assert "Filed under" not in text(lena.get(f"/prescreens/{first}"))
    again = prescreen(database, cast.marston.id)
    page = text(lena.get(f"/prescreens/{again}"))
    assert "Filed under <bdi>Jane Smith</bdi>, by e-mail address and telephone number; same name" in page
    found = text(lena.get("/prescreens"))
    assert "Here before" in found
    assert "Here before," not in found


def test_two_contacts_are_named_with_their_bases(lena: FlaskClient, database: Database, cast: Cast) -> None:
    home = cast.marston.id
    prescreen(database, home, given={"phone": None}, at=now() - timedelta(days=3))
    prescreen(database, home, given={"fullName": "Omar Haddad", "email": None}, at=now() - timedelta(days=2))
    page = text(lena.get(f"/prescreens/{prescreen(database, home)}"))
    assert "Filed under <bdi>Jane Smith</bdi>, by e-mail address only; same name, no number on file" in page
    also = "<bdi>Omar Haddad</bdi></a>, by telephone number only; other name, no address on file."
    assert also in page.partition("It also fits <a href=")[2]
