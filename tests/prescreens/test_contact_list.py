"""The list of contacts: who sees whom, newest first by pages, found by words, counted without counting, as a file."""

import csv
import io
import re
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from app.accounts.models import Membership
from app.accounts.scope import Scope
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db import backfills
from app.kernel.db.backfills import BackfillState
from app.kernel.db.engine import Database
from app.kernel.text import search
from app.prescreens import actions
from app.prescreens.events import CONTACT
from app.prescreens.models import Contact, Prescreen, Questionnaire
from app.prescreens.queries import contact_list
from app.prescreens.queries.backfills import COUNTED
from app.prescreens.queries.first_looks import Looker
from app.prescreens.queries.search import CONTACTS
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.pages import csrf, text
from tests.planner import count_rows
from tests.prescreens.factories import prescreen, stored, template
from tests.prescreens.test_plans import by_index, plans

LIST = "/prescreens/contacts"
OTHER = {"fullName": "Emeka Obiora", "email": "emeka@example.com", "phone": "+1 555 010 2020"}


@pytest.fixture
def lena(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "lena")


def names(page: str) -> list[str]:
    """The names in the rows of the list, in order."""
    return re.findall(r'class="title-cell"><a [^>]*><bdi>(.*?)</bdi>', page)


def bare(database: Database, organization_id: int, n: int, **more: object) -> None:
    """Contacts without a prescreen, one a minute, the first the newest."""
    made = {"organization_id": organization_id, **more}
    with database.write() as db:
        rows = [
            {"id": uuid4(), "name": f"C{k:03}", **made, "created_at": now() - timedelta(minutes=k)} for k in range(n)
        ]
        db.execute(insert(Contact), rows)


def test_the_newest_first_with_how_they_are_reached_and_what_became_of_it(
    lena: FlaskClient, database: Database, cast: Cast
) -> None:
    first = prescreen(database, cast.marston.id, "denied", at=now() - timedelta(days=9))
    prescreen(database, cast.marston.id, given=OTHER, at=now() - timedelta(days=3))
    prescreen(database, cast.marston.id, at=now() - timedelta(days=1))
    page = text(lena.get(LIST))
    assert names(page) == ["Emeka Obiora", "Jane Smith"]
    assert "2 contacts, the newest first." in page
    row = page.partition(str(stored(database, first).contact_id))[2].partition("</tr>")[0]
    assert "jane@example.com" in row
    assert "+1 555 010 4477" in row
    assert "Waiting for a decision" in row, "of the latest"
    assert '<td class="number-cell wide-only">2</td>' in row
    assert f'href="{LIST}/{stored(database, first).contact_id}"' in page
    assert f'href="{LIST}"' in text(lena.get("/prescreens")), "the desk leads there"


def test_who_may(client: FlaskClient, lena: FlaskClient, database: Database, cast: Cast) -> None:
    prescreen(database, cast.marston.id)
    prescreen(database, cast.harbor.id, given=OTHER)
    ours, theirs, none = ["Jane Smith"], ["Emeka Obiora"], None
    seen_by = {"lena": ours, "leda": ours, "adam": ours, "aude": ours, "lars": theirs, "ines": none, "otto": none}
    for who, seen in seen_by.items():
        other = cast.sign_in(client.application.test_client(), who)
        for path in (LIST, f"{LIST}/csv"):
            answer = other.get(path)
            assert answer.status_code == (403 if seen is None else 200), (who, path)
            for name in ("Jane Smith", "Emeka Obiora"):
                assert (name in text(answer)) == (seen is not None and name in seen), (who, path)
    assert client.application.test_client().get(LIST).status_code == 303


def test_by_pages_that_neither_repeat_nor_skip(lena: FlaskClient, database: Database, cast: Cast) -> None:
    bare(database, cast.marston.id, 120)
    bare(database, cast.harbor.id, 3)
    seen: list[str] = []
    url = LIST
    while url:
        page = text(lena.get(url))
        seen += names(page)
        bare(database, cast.marston.id, 1, name="Someone new")
        found = re.search(r'href="([^"]+)" rel="next"', page)
        url = found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"C{k:03}" for k in range(120)]
    assert lena.get(f"{LIST}?after=forged").status_code == 400


@pytest.mark.parametrize("homes", ["two", "all"])
def test_several_organizations_are_one_list(client: FlaskClient, database: Database, cast: Cast, homes: str) -> None:
    with database.write() as db:
        mine = insert(Membership).values(person_id=cast.adam.id, role="admin")
        db.execute(mine.values(organization_id=cast.harbor.id if homes == "two" else None))
    for _ in range(2):
        bare(database, cast.marston.id, 40)
        bare(database, cast.harbor.id, 40)
    prescreen(database, cast.marston.id)
    prescreen(database, cast.harbor.id, given=OTHER)
    adam = cast.sign_in(client, "adam")
    first = text(adam.get(LIST))
    assert "162 contacts" in first
    assert len(names(first)) == 50
    assert names(first)[2:] == [name for k in range(12) for name in [f"C{k:03}"] * 4]
    only = text(adam.get(f"{LIST}?organization={cast.harbor.id}"))
    assert "81 contacts" in only
    assert "Jane Smith" not in only
    assert text(adam.get(f"{LIST}?organization=999")).count("was left out") == 1


@pytest.mark.parametrize("typed", ["emeka", "EMEKA obi", "emeka@example.com", "555 010 2020", "+15550102020"])
def test_found_by_name_address_and_number(lena: FlaskClient, database: Database, cast: Cast, typed: str) -> None:
    prescreen(database, cast.marston.id, given={"phone": None})
    prescreen(database, cast.harbor.id, given=OTHER)
    mine = prescreen(database, cast.marston.id, given=OTHER)
    page = text(lena.get(LIST, query_string={"q": typed}))
    assert names(page) == ["Emeka Obiora"]
    assert str(stored(database, mine).contact_id) in page
    for path in ("/search", "/palette"):
        found = text(lena.get(path, query_string={"q": typed}))
        assert f'href="{LIST}/{stored(database, mine).contact_id}"' in found, path
        assert "Jane" not in found
    assert "Nothing matches" in text(lena.get(f"{LIST}?q=nobody"))


def test_an_erased_contact_stays_and_is_found_by_nothing_of_theirs(
    lena: FlaskClient, database: Database, cast: Cast
) -> None:
    id = stored(database, prescreen(database, cast.marston.id)).contact_id
    assert id is not None
    with database.write() as db:
        actions.erase_contact(db, id, reach=Reach((cast.marston.id,)), reason="Asked", by=cast.actor("adam"), now=now())
    assert names(text(lena.get(LIST))) == ["An erased contact"]
    for typed in ("jane", "example", "4477"):
        assert "Nothing matches" in text(lena.get(f"{LIST}?q={typed}")), typed
        assert "Nothing has all of these words" in text(lena.get(f"/search?q={typed}"))
    with database.read() as db:
        assert not [each for each in search.differences(db, [CONTACTS]) if each.subject_type == CONTACT]


def test_before_the_first_look_nobody_is_there(
    client: FlaskClient, lena: FlaskClient, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_list, "WINDOW", 2)
    monkeypatch.setattr(contact_list, "PAGE", 2)
    with database.write() as db:
        blind = template(db, cast.marston.id, name="Blind one")
        plain = template(db, cast.marston.id, "plain", name="Plain one")
        db.execute(update(Questionnaire).where(Questionnaire.id == blind).values(blind=True))
    ids = []
    for n in range(5):
        who = {"fullName": f"Zoe{n} Zebra", "email": f"zoe{n}@example.com", "phone": None}
        ids.append(
            prescreen(database, cast.marston.id, template_id=blind, given=who, at=now() - timedelta(hours=5 - n))
        )
    prescreen(database, cast.marston.id, template_id=plain, given=OTHER, at=now() - timedelta(days=1))
    hidden = stored(database, ids[0])
    paths = [LIST, f"{LIST}?q=zoe", f"{LIST}/csv", "/search?q=zoe", "/palette?q=zoe", f"/search?q={hidden.contact_id}"]
    for path in paths:
        page = text(lena.get(path)).replace('value="zoe', "").replace("<bdi>zoe</bdi>", "")
        assert "Zebra" not in page, path
        assert f"{LIST}/{hidden.contact_id}" not in page, path
    assert names(text(lena.get(LIST))) == ["Emeka Obiora"]
    assert "have your first looks" in text(lena.get(LIST))
    aude = cast.sign_in(client.application.test_client(), "aude")
    assert names(text(aude.get(LIST))) == ["Zoe4 Zebra", "Zoe3 Zebra"], "decides nothing"
    form = {"csrf_token": csrf(lena), "choice": "approve", "version": hidden.version}
    assert lena.post(f"/prescreens/{ids[0]}/first-look", data=form).status_code == 303
    assert names(text(lena.get(LIST))) == ["Zoe0 Zebra", "Emeka Obiora"]
    monkeypatch.setattr(contact_list, "WINDOWS", 1)
    page = text(lena.get(LIST))
    assert "Nobody here that you know" in page
    assert 'rel="next"' in page, "it goes on from where it was"


def test_the_number_says_no_more_than_the_reader_knows(lena: FlaskClient, database: Database, cast: Cast) -> None:
    """What is filed under a contact is counted without what its reader is to look at first."""
    with database.write() as db:
        blind = template(db, cast.marston.id, name="Blind one")
        plain = template(db, cast.marston.id, "plain", name="Plain one")
        db.execute(update(Questionnaire).where(Questionnaire.id == blind).values(blind=True))
    prescreen(database, cast.marston.id, template_id=plain, at=now() - timedelta(days=2))
    prescreen(database, cast.marston.id, template_id=blind)
    page = text(lena.get(LIST))
    assert '<td class="number-cell wide-only">1</td>' in page
    assert "Blind one" not in page


def test_the_file_has_the_list_and_is_on_record(lena: FlaskClient, database: Database, cast: Cast) -> None:
    prescreen(database, cast.marston.id, given={"fullName": "=cmd()"}, at=now() - timedelta(days=1))
    prescreen(database, cast.marston.id, given=OTHER)
    answer = lena.get(f"{LIST}/csv")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "prescreens-contacts-" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["Name"] for row in rows] == ["Emeka Obiora", "'=cmd()"]
    assert rows[0]["E-mail"] == "emeka@example.com"
    assert rows[0]["Organization"] == cast.marston.name
    found = list(csv.DictReader(io.StringIO(lena.get(f"{LIST}/csv?q=emeka").data.decode("utf-8-sig"))))
    assert len(found) == 1
    with database.read() as db:
        events = db.scalars(select(Event).where(Event.kind == "desk.exported").order_by(Event.id)).all()
    assert [event.data["address"] for event in events] == [LIST, LIST], "without the words that were looked for"
    assert {event.organization_id for event in events} == {cast.marston.id}


def test_nothing_there_yet(lena: FlaskClient) -> None:
    page = text(lena.get(LIST))
    assert "No contacts yet" in page
    assert "0 contacts" in page
    assert lena.get(LIST, query_string={"q": "\x00<script>'%"}).status_code == 200


def test_the_index_is_made_for_contacts_of_before(database: Database, cast: Cast) -> None:
    bare(database, cast.marston.id, 7)
    with database.read() as db:
        assert search.ids(db, CONTACT, "C003", None) == []
    backfill = CONTACTS.backfill()
    with database.write() as db:
        db.execute(BackfillState.__table__.delete().where(BackfillState.__table__.c.name == backfill.name))
    assert backfills.run(database, [backfill], now(), size=2) == {backfill.name: 7}
    with database.read() as db:
        assert len(search.ids(db, CONTACT, "C003", None)) == 1


def test_a_page_is_one_range_of_an_index(database: Database, cast: Cast, subtests: pytest.Subtests) -> None:
    homes = (cast.marston.id, cast.harbor.id)
    reaches = {"one": Reach(homes[:1]), "two": Reach(homes), "all": Reach(None)}
    moments = [now() - timedelta(hours=n) for n in range(3000)]
    with database.write() as db:
        rows = [
            {"id": UUID(int=n + 1), "organization_id": homes[n % 2], "name": "Jane", "created_at": moment}
            for n, moment in enumerate(moments)
        ]
        db.execute(insert(Contact), rows)
        asked = template(db, homes[0])
        filed = {"template_version": 1, "workflow_template_id": asked, "submission": {}, "status": "completed"}
        rows = [
            {
                "id": UUID(int=n + 1),
                "organization_id": homes[0],
                "contact_id": UUID(int=n // 2 * 2 + 1),
                "updated_at": moment,
                **filed,
                **Prescreen.lifetime(moment),
            }
            for n, moment in enumerate(moments)
        ]
        db.execute(insert(Prescreen.__table__), rows)
    count_rows(database)
    viewer = Looker(cast.lena.id, Scope(False, frozenset(homes)))
    for reached, reach in reaches.items():
        with subtests.test(reached):
            with database.read() as db:
                first = contact_list.page(db, reach, viewer, now())
            assert len(first.rows) == contact_list.PAGE
            for after in ("", str(first.next_cursor)):
                plan = plans(database, partial(contact_list.page, reach=reach, viewer=viewer, now=now(), after=after))
                by_index(plan, ("contacts", "prescreens"))
                assert ("ix_contacts_all_newest" if reached == "all" else "ix_contacts_newest") in plan
            plan = plans(database, partial(contact_list.total, reach=reach))
            assert "contact_counts" in plan
            assert "ix_contacts" not in plan, "nobody is counted"
            plan = plans(database, partial(contact_list.filed, rows=first.rows, viewer=viewer, now=now()))
            by_index(plan, ("contacts", "prescreens"))
            assert "ix_prescreens_contact" in plan
    with database.write() as db:
        db.execute(insert(BackfillState).values(name=COUNTED.name))
    with database.read() as db:
        counted = {reached: contact_list.total(db, reach) for reached, reach in reaches.items()}
    assert counted == {"one": 1500, "two": 3000, "all": 3000}, "one by one until it is through"
