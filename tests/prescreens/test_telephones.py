"""Telephones: kept as typed, matched by their key, and two contacts that share one stay two."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from app.accounts.actions import organizations
from app.accounts.models import Organization
from app.kernel.clock import now
from app.kernel.db import backfills
from app.kernel.db.backfills import BackfillState
from app.kernel.db.engine import Database
from app.kernel.text import search
from app.prescreens.events import SUBJECT
from app.prescreens.models import Contact, Prescreen
from app.prescreens.queries import contacts
from app.prescreens.queries.backfills import BACKFILLS
from app.prescreens.queries.search import CONTACTS, SOURCE
from tests.cast import COMMAND_LINE, Cast
from tests.prescreens.factories import prescreen, stored


@pytest.mark.parametrize(
    "typed",
    ["555 010 4477", "(555) 010-4477", "\u202a+1\u00a0555\u2013010\u20134477\u202c", "٥٥٥ ٠١٠ ٤٤٧٧", "1 555 010 4477"],
)
def test_spellings_of_one_number_are_one_contact(database: Database, cast: Cast, typed: str) -> None:
    first = stored(database, prescreen(database, cast.marston.id))
    again = stored(database, prescreen(database, cast.marston.id, given={"email": "b@example.com", "phone": typed}))
    assert again.contact_id == first.contact_id
    assert again.phone_key == "+15550104477"
    assert again.phone.isascii()


def test_the_country_of_the_organization_completes_a_number(database: Database, cast: Cast) -> None:
    with database.write() as db:
        made = organizations.create(db, slug="lyon", name="Lyon", time_zone="Europe/Paris", by=COMMAND_LINE, now=now())
    assert (made.country, made.region) == ("FR", "FR")
    found = stored(database, prescreen(database, made.id, given={"phone": "06 12 34 56 78"}))
    assert (found.phone, found.phone_key) == ("06 12 34 56 78", "+33612345678")


@pytest.mark.parametrize(
    "query", ["555 010 4477", "5550104477", "+1 555 010 4477", "+1 (555) 010-4477", "15550104477", "٥٥٥٠١٠٤٤٧٧", "4477"]
)
def test_a_national_number_is_found_by_every_spelling(database: Database, cast: Cast, query: str) -> None:
    id = prescreen(database, cast.marston.id, given={"phone": "555.010.4477"})
    with database.read() as db:
        assert search.ids(db, SUBJECT, query, None) == [str(id)]


def test_an_international_number_is_found_as_it_is_dialled_at_home(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, given={"phone": "+33 6 12 34 56 78"})
    with database.read() as db:
        assert search.ids(db, SUBJECT, "06 12 34 56 78", None) == [str(id)]


def as_before(database: Database) -> None:
    """Keys as the former version made them, and the index without them."""
    with database.write() as db:
        db.execute(update(Prescreen).values(phone_key=None))
        for row in db.execute(select(Contact.id, Contact.phone)).all():
            digits = "".join(each for each in row.phone if each.isdigit())
            db.execute(update(Contact).where(Contact.id == row.id).values(phone_key="+" * ("+" in row.phone) + digits))
        db.execute(delete(BackfillState))


def test_the_upgrade_makes_keys_anew_and_merges_nobody(client: FlaskClient, database: Database, cast: Cast) -> None:
    given = {"email": "one@example.com", "fullName": "One", "phone": "+1 555 010 4477"}
    one = stored(database, prescreen(database, cast.marston.id, given=given))
    with database.write() as db:
        db.add(
            Contact(
                organization_id=cast.marston.id,
                name="Two",
                email="two@example.com",
                email_key="two@example.com",
                phone="555 010 4477",
                created_at=now(),
            )
        )
    as_before(database)
    with database.read() as db:
        assert len(contacts.match(db, cast.marston.id, None, "+15550104477")[1]) == 1
    every = [*BACKFILLS, SOURCE.backfill(), CONTACTS.backfill()]
    assert backfills.run(database, every, now(), size=1) == {
        "telephones.contacts": 1,
        "telephones.prescreens": 1,
        SOURCE.backfill().name: 0,
        CONTACTS.backfill().name: 1,
    }
    with database.read() as db:
        keys = db.scalars(select(Contact.phone_key).order_by(Contact.name)).all()
        assert keys == ["+15550104477", "+15550104477"]
        assert search.differences(db, [SOURCE, CONTACTS]) == []
        assert db.scalars(select(Prescreen.phone_key)).all() == ["+15550104477"]
    third = prescreen(database, cast.marston.id, given={"email": None, "fullName": "Three", "phone": "555-010-4477"})
    assert stored(database, third).contact_id == one.contact_id
    page = cast.sign_in(client, "lena").get(f"/prescreens/{third}").text
    assert "Several contacts have this telephone number." in page
    assert "Filed under <bdi>One</bdi>, by telephone number only" in page
    assert re.search(
        r'It also fits <a href="/prescreens/contacts/[\w-]+"><bdi>Two</bdi></a>, by telephone number only', page
    )


def test_an_organization_without_a_country_matches_digits(database: Database, cast: Cast) -> None:
    with database.write() as db:
        db.execute(update(Organization).values(country=None, time_zone="UTC"))
    first = stored(database, prescreen(database, cast.marston.id, given={"phone": "555 010 4477"}))
    again = stored(database, prescreen(database, cast.marston.id, given={"email": None, "phone": "(555) 010-4477"}))
    assert (first.phone_key, again.contact_id) == ("5550104477", first.contact_id)
