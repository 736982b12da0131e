"""What visitors see of an organization: its colour, how it is reached, and who may change that."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.models import Organization
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database
from tests.accounts.browser import post
from tests.accounts.test_organizations import settings, stored
from tests.cast import Cast
from tests.prescreens import factories as prescreens

IDENTITY = {
    "country": "CA",
    "colour": "1F5F3A",
    "public_email": "Hello@Marston.example.com",
    "public_phone": "(212) 555-0142",
    "hours": "Mon to Fri, 9:00–17:00",
}


def test_its_administrator_says_how_it_looks_and_is_reached(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    url = f"/organizations/{cast.marston.id}"
    assert post(cast.sign_in(client, "adam"), url, settings(**IDENTITY)).status_code == 303
    row = stored(database, cast.marston)
    assert (row.country, row.colour, row.public_email) == ("CA", "#1f5f3a", "hello@marston.example.com")
    assert (row.public_phone, row.hours) == ("(212) 555-0142", "Mon to Fri, 9:00–17:00")
    with database.read() as db:
        event = timeline(db, "organization", row.id)[0]
    assert event.data["after"]["colour"] == "#1f5f3a"
    page = client.get(url).text
    assert "#1f5f3a" in page
    assert "/brand/marston.css?v=1f5f3a" in page


def test_others_may_not(client: FlaskClient, cast: Cast, database: Database) -> None:
    for person, which, status in (("adam", cast.harbor, 404), ("lena", cast.harbor, 403), ("ines", cast.marston, 403)):
        cast.sign_in(client, person)
        answer = post(client, f"/organizations/{which.id}", settings(**IDENTITY))
        assert answer.status_code == status, person
        assert stored(database, which).colour == ""


def test_a_stale_form_overwrites_no_colour(client: FlaskClient, cast: Cast, database: Database) -> None:
    url = f"/organizations/{cast.marston.id}"
    cast.sign_in(client, "adam")
    assert post(client, url, settings(**IDENTITY)).status_code == 303
    assert post(client, url, settings(**{**IDENTITY, "colour": "#7a2452"})).status_code == 409
    assert stored(database, cast.marston).colour == "#1f5f3a"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"colour": "#ffe9a8"}, "too pale for the light theme: its contrast there is 1.0:1"),
        ({"colour": "#ffe9a8"}, "The nearest colour that passes is #"),
        ({"colour": "red"}, "This is not a colour."),
        ({"public_phone": "call us"}, "This is not a telephone number."),
        ({"public_email": "nobody"}, "This is not an e-mail address."),
        ({"country": "XX"}, "Not a valid choice"),
        ({"hours": "x" * 201}, "200 characters"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(
    client: FlaskClient, cast: Cast, database: Database, typed: dict[str, str], sentence: str
) -> None:
    answer = post(cast.sign_in(client, "adam"), f"/organizations/{cast.marston.id}", settings(**{**IDENTITY, **typed}))
    assert answer.status_code == 422
    assert sentence in answer.text
    row = stored(database, cast.marston)
    assert (row.colour, row.public_phone, row.hours, row.version) == ("", "", "", 1)


def test_the_sheet_can_be_kept_for_ever_and_changes_its_address(
    client: FlaskClient, cast: Cast, database: Database
) -> None:
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(colour="#1f5f3a"))
    sheet = client.get("/brand/marston.css?v=1f5f3a")
    assert sheet.text.startswith(":root{--brand:light-dark(#1f5f3a,#")
    assert (sheet.mimetype, sheet.headers["X-Content-Type-Options"]) == ("text/css", "nosniff")
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in sheet.headers
    again = client.get("/brand/marston.css?v=1f5f3a", headers={"If-None-Match": sheet.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/brand/marston.css?v=000000").headers["Cache-Control"] == "no-cache"
    with database.write() as db:
        db.execute(update(Organization).where(Organization.slug == "marston").values(colour="#7a2452"))
    assert client.get("/brand/marston.css").headers["ETag"] != sheet.headers["ETag"]


def test_the_sheet_says_nothing_else(client: FlaskClient, cast: Cast, database: Database) -> None:
    uncoloured, unknown = client.get("/brand/marston.css"), client.get("/brand/no-such-client.css")
    assert (uncoloured.status_code, unknown.status_code) == (404, 404)
    for each in (uncoloured, unknown):
        assert "Marston" not in each.text
        assert "no-such-client" not in each.text
    assert client.get("/brand/marston.css%00").status_code == 404


def test_visitors_see_it(client: FlaskClient, cast: Cast, database: Database) -> None:
    prescreens.prescreen(database, cast.marston.id, "active")
    url = f"/organizations/{cast.marston.id}"
    post(cast.sign_in(client, "adam"), url, settings(**IDENTITY))
    for path in ("/p/marston/two-bedroom", "/p/marston/nothing-here"):
        page = client.get(path).text
        assert '<link rel="stylesheet" href="/brand/marston.css?v=1f5f3a">' in page
        assert 'href="tel:+12125550142"' in page
        assert 'href="mailto:hello%40marston.example.com"' in page or "mailto:hello@marston.example.com" in page
        assert "Mon to Fri, 9:00–17:00" in page
        assert "Questions?" in page
        assert "style=" not in page
