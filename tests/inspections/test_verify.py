"""The public page on which anybody checks a file: by its hash or the number of its report; nothing personal shows."""

import uuid

import pytest
from flask import Flask

from app.inspections import numbers
from app.kernel.crypto import sha256
from app.kernel.text.i18n import LANGUAGES
from tests.inspections.test_capture import PLACED, Phone, file, items
from tests.inspections.test_nightly import tamper
from tests.pages import text

ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""About the words of a page alone, in each language."""


@pytest.fixture
def session(app: Flask, integrator, outbox) -> dict:
    session = integrator.create(notes="Claim of Jane Roe")
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED), note="dry behind the tub")
    outbox.deliver_all()
    integrator.end(session)
    return session


def asked(app: Flask, q: str, address: str = "203.0.113.9", **headers: str):
    environ = {"REMOTE_ADDR": address}
    return app.test_client().get("/verify/", query_string={"q": q}, environ_overrides=environ, headers=headers)


def test_a_number_is_read_as_people_type_it() -> None:
    id = uuid.UUID("0c8f4d2e-1a3b-4c5d-9e7f-1234567890ab")
    number = numbers.number_of(id)
    assert number == numbers.read(f" {number.lower().replace('-', ' ')} ")
    assert number.replace("0", "o").replace("1", "l") != number
    assert numbers.read(number.replace("0", "o").replace("1", "l")) == number
    least, greatest = numbers.ids(number)
    assert least <= id <= greatest
    assert numbers.read("7K3M") is None
    assert numbers.read("7K3M-Q2XD-9FTU") is None


def test_original_copy_and_number_lead_to_the_verdict_and_to_no_names(app, session, database) -> None:
    photo = next(each for each in items(database, session) if each.kind == "photo")
    number = numbers.number_of(uuid.UUID(session["id"]))
    for q, says in (
        (photo.sha256, "Your file is an original of the record"),
        (photo.sha256.upper(), "Your file is an original of the record"),
        (photo.copy_sha256, "Your file is a copy that was made here"),
        (number, "This is about the record with the number"),
        (number.lower().replace("-", " "), "This is about the record with the number"),
    ):
        answer = asked(app, q)
        page = text(answer)
        assert answer.status_code == 200
        assert says in page
        assert number in page
        assert "The record holds, but its time is not proven" in page
        assert "Marston" in page
        for personal in ("Jane", "Roe", "dry behind", session["id"], "photo.jpg", "Otto"):
            assert personal not in answer.text, personal
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
    by_qr = app.test_client().get(f"/verify/{number}")
    assert (by_qr.status_code, "This is about the record" in by_qr.text) == (200, True)


@pytest.mark.parametrize("q", ["0" * 64, "7K3M-Q2XD-9FTB", "nonsense", "ف" * 300, "\x00", sha256("x")[:63]])
def test_what_is_not_known_was_not_made_here_or_changed(app, session, q: str) -> None:
    answer = asked(app, q)
    assert answer.status_code == 404
    assert "This is no number" in answer.text or "Not made here, or changed" in answer.text
    assert asked(app, "").status_code == 200


def test_a_record_that_was_changed_is_said_not_to_hold_in_the_readers_language(app, session, database) -> None:
    tamper(database, session)
    number = numbers.number_of(uuid.UUID(session["id"]))
    assert "The record does not hold" in asked(app, number).text
    french = asked(app, number, Accept_Language="fr")
    assert "pas intact" in french.text
    assert 'lang="fr"' in french.text


def test_a_record_without_any_time_stamp_says_so_beside_what_holds(app, session) -> None:
    """Else all lines are good ones below a heading that says that its time is not proven."""
    number = numbers.number_of(uuid.UUID(session["id"]))
    assert "No authority outside has stamped this record." in asked(app, number).text
    assert "Kein Dienst von außen" in asked(app, number, Accept_Language="de").text


@ONE_DATABASE
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_line_ends_within_the_name_of_the_hash(app, lang: str) -> None:
    for q in ("", "nonsense"):
        page = app.test_client().get("/verify/", query_string={"lang": lang, "q": q}).text
        assert page.count("SHA\u2011256") >= 2
        assert "SHA-256" not in page


def test_a_network_asks_so_often_and_an_empty_form_is_free(app, session) -> None:
    here = "2001:db8:1:2::1"
    for n in range(30):
        assert asked(app, "0" * 64, f"2001:db8:1:2::{n + 1:x}").status_code == 404
    assert asked(app, "0" * 64, here).status_code == 429
    assert asked(app, "", here).status_code == 200
    assert asked(app, "0" * 64, "2001:db8:1:3::1").status_code == 404
