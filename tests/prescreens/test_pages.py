"""The agents' pages: list, detail, templates; who sees what; nothing hostile gets through."""

import csv
import html
import io
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.models import Person
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.models import Prescreen
from app.prescreens.queries import listing
from tests.cast import Cast
from tests.pages import without_tokens
from tests.prescreens.factories import prescreen, stored, template

EVIL = "<script>alert(1)</script>"


def page(client: FlaskClient, path: str, status: int = 200, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


@pytest.fixture
def lena(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "lena")


@pytest.mark.parametrize("state", ["waiting", "answering", "decided", "approved", "denied", "expired", "all"])
def test_every_view_renders_with_and_without_rows(
    lena: FlaskClient, database: Database, cast: Cast, state: str
) -> None:
    page(lena, f"/prescreens?state={state}")
    for each in ("draft", "active", "completed", "approved", "denied"):
        prescreen(database, cast.marston.id, each)
    old = prescreen(database, cast.marston.id, at=now() - timedelta(days=31), given={"fullName": "Old Jane"})
    found = page(lena, f"/prescreens?state={state}")
    assert "Jane Smith" in found or state == "expired"
    assert ("Old Jane" in found) is (state in ("expired", "all"))
    page(lena, f"/prescreens/{old}?state={state}")


def test_groups_tabs_and_lede_agree(lena: FlaskClient, database: Database, cast: Cast) -> None:
    for days in (1, 2, 5, 9, 20):
        at = now() - timedelta(days=30 - days)
        prescreen(database, cast.marston.id, at=at, given={"fullName": f"Jane {days}"})
    found = page(lena, "/prescreens")
    assert "5 wait for a decision at Marston &amp; Vale. 2 expire within three days" in found
    for heading in ("Three days or fewer", "Three to seven days", "More than seven days"):
        assert heading in found
    assert found.index("Jane 1<") < found.index("Jane 5<") < found.index("Jane 20<")
    assert found.index("Three to seven days") < found.index("Jane 5<") < found.index("More than seven days")
    assert found.index("More than seven days") < found.index("Jane 9<")
    soon = page(lena, "/prescreens?left=3")
    assert "Jane 2<" in soon
    assert "Jane 5<" not in soon


def test_the_csv_has_every_answer(lena: FlaskClient, database: Database, cast: Cast) -> None:
    prescreen(database, cast.marston.id, given={"fullName": "Jane Jones", "email": "jane@example.com"})
    (row,) = csv.DictReader(io.StringIO(lena.get("/prescreens/csv").text[1:], newline=""))
    answers = row["Answers"].splitlines()
    assert any(line.endswith(": Jane Jones") for line in answers)
    assert any(line.endswith(": jane@example.com") for line in answers)
    assert len(answers) > len(row["Key answers"].split("; "))
    heads = ("What is your full name", "Monthly budget", "Do you have pets")
    assert [row[head] for head in heads] == ["Jane Jones", "2500", "Yes"]
    assert row["Anything else"] == ""


def test_the_csv_has_a_column_for_each_question_of_the_questionnaires_in_the_list(
    lena: FlaskClient, database: Database, cast: Cast
) -> None:
    with database.write() as db:
        asked = [
            {"key": "flags", "label": "Flags?", "type": "text"},
            {"key": "other", "label": "Flags?", "type": "text"},
        ]
        mine = template(db, cast.marston.id, questions=asked)
        template(db, cast.marston.id, "other", questions=[{"key": "lift", "label": "Lift?", "type": "yesno"}])
        template(db, cast.harbor.id, "theirs", questions=[{"key": "secret", "label": "Secret?", "type": "text"}])

    def heads(query: str) -> list[str]:
        return next(csv.reader(io.StringIO(lena.get(f"/prescreens/csv{query}").text[1:], newline="")))

    assert heads("")[-3:] == ["Flags (flags)", "Flags (other)", "Lift"]
    assert "Lift" not in heads(f"?template={mine}")
    assert not {"Secret"} & set(heads(""))


@pytest.mark.parametrize(
    ("left", "shown", "group"),
    [
        (timedelta(hours=10, minutes=43, seconds=30), "10 h 43 min", "Three days or fewer"),
        (timedelta(hours=34, minutes=43), "1 d 10 h", "Three days or fewer"),
        (timedelta(days=3, hours=2, minutes=1), "3 d 2 h", "Three to seven days"),
        (timedelta(seconds=40), "40 s", "Three days or fewer"),
    ],
)
def test_the_time_left_is_never_rounded_up(
    lena: FlaskClient, database: Database, cast: Cast, left: timedelta, shown: str, group: str
) -> None:
    with time_machine.travel(now(), tick=False):
        id = prescreen(database, cast.marston.id, at=now() - timedelta(days=30) + left)
        listed, detail = page(lena, "/prescreens"), page(lena, f"/prescreens/{id}")
    assert f">{shown}</strong>" in listed
    assert group in listed
    assert f"{shown} left" in detail
    assert "1 day" not in listed.split("<main", 1)[1]


def test_a_fragment_is_the_same_list(lena: FlaskClient, database: Database, cast: Cast) -> None:
    prescreen(database, cast.marston.id)
    with time_machine.travel(now(), tick=False):  # the list says how much time is left
        fragment = page(lena, "/prescreens", **{"HX-Request": "true", "HX-Target": "div#queue"})
        assert fragment.lstrip().startswith('<div id="queue"')
        assert without_tokens(fragment).strip() in without_tokens(page(lena, "/prescreens"))


def test_the_search_finds_by_prefix(lena: FlaskClient, database: Database, cast: Cast) -> None:
    prescreen(database, cast.marston.id, given={"fullName": "Hye-jin Park", "email": "park@example.com"})
    prescreen(database, cast.marston.id, given={"fullName": "Ilse Brunner", "email": "ilse@example.com"})
    for text in ("park", "PAR", "hye", "hye park", "park@ex"):
        found = page(lena, f"/prescreens?q={text}")
        assert "Hye-jin Park" in found, text
        assert "Ilse Brunner" not in found, text
    nothing = page(lena, "/prescreens?q=zebra&state=all")
    assert "Nothing matches" in nothing
    assert "Without “Text: zebra”: 2" in nothing


@pytest.mark.parametrize(
    "query",
    [
        "state=gone",
        "left=4",
        "left=x",
        "left=٣",
        "organization=abc",
        "template=1",
        "after=forged",
        "before=forged",
        "sort=upside",
        "with=x",
        "from=yesterday",
        "to=0001-01-01",
    ],
)
def test_a_view_that_does_not_exist_is_said(lena: FlaskClient, query: str) -> None:
    page(lena, f"/prescreens?{query}", 400 if "forged" in query else 422)


def test_only_ones_own_organization(app: Any, client: FlaskClient, database: Database, cast: Cast) -> None:
    mine, theirs = prescreen(database, cast.marston.id), prescreen(database, cast.harbor.id)
    lena = cast.sign_in(client, "lena")
    page(lena, f"/prescreens/{mine}")
    page(lena, f"/prescreens/{theirs}", 404)
    page(lena, "/prescreens/00000000-0000-4000-8000-000000000000", 404)
    assert str(theirs) not in page(lena, f"/prescreens?organization={cast.harbor.id}")
    assert str(theirs) not in page(lena, "/prescreens?state=all&sort=left")
    ada = cast.sign_in(app.test_client(), "ada")
    for id in (mine, theirs):
        page(ada, f"/prescreens/{id}")
    assert "2 wait for a decision at 2 organizations." in page(ada, "/prescreens")


@pytest.mark.parametrize(("who", "status"), [("otto", 403), ("ines", 403), ("nora", 403), ("aude", 200), ("adam", 200)])
def test_who_may_look(client: FlaskClient, database: Database, cast: Cast, who: str, status: int) -> None:
    id = prescreen(database, cast.marston.id)
    signed_in = cast.sign_in(client, who)
    for path in ("/prescreens", f"/prescreens/{id}", "/prescreens/questionnaires"):
        page(signed_in, path, status)


def test_an_auditor_reads_why_there_are_no_buttons(client: FlaskClient, database: Database, cast: Cast) -> None:
    found = page(cast.sign_in(client, "aude"), f"/prescreens/{prescreen(database, cast.marston.id)}")
    assert "Not now: approve, deny" in found
    assert found.count("Only leasing agents may do this.") == 1
    assert "Approve Jane Smith" not in found


def test_the_detail_shows_answers_beside_criteria(lena: FlaskClient, database: Database, cast: Cast) -> None:
    found = page(lena, f"/prescreens/{prescreen(database, cast.marston.id, given={'budget': '2100'})}")
    # What is not met comes first, with the distance; the rest in the order of the questionnaire.
    item = found.rpartition('id="item"')[2]
    assert item.index("Monthly budget") < item.index("What is your full name?") < item.index("When would you like")
    assert "300 short" in item
    assert "2,100" in found
    assert "at least 2,400" in found
    assert "not met" in found
    assert "1 April 2026" in found
    assert "Can be undone for 30 seconds, then final and sent." in found
    with database.write() as db:
        db.execute(update(Person).where(Person.id == cast.lena.id).values(undo_seconds=0))
    at_once = page(lena, f"/prescreens/{prescreen(database, cast.marston.id)}")
    assert "Either decision is final at once, and jane@example.com is notified." in at_once
    assert "Your application to Marston &amp; Vale was approved" in found


def test_two_matches_and_earlier_ones_are_shown(lena: FlaskClient, database: Database, cast: Cast) -> None:
    home = cast.marston.id
    first = prescreen(database, home, given={"phone": None}, at=now() - timedelta(days=40))
    prescreen(database, home, given={"fullName": "Omar Haddad", "email": None})
    both = prescreen(database, home)
    found = page(lena, f"/prescreens/{both}")
    assert "two different contacts" in found
    assert "Omar Haddad" in found
    assert str(first) in found
    assert "expired, never reviewed" in found
    assert "Two contacts match" in page(lena, "/prescreens")


def test_hostile_answers_are_only_text(lena: FlaskClient, database: Database, cast: Cast) -> None:
    with database.write() as db:
        template(db, cast.marston.id, "evil", name=EVIL)
    id = prescreen(database, cast.marston.id, given={"fullName": EVIL, "more": EVIL * 40})
    with database.write() as db:
        row = db.get_one(Prescreen, id)
        row.submission = {**row.submission, EVIL: {"nested": [EVIL]}}
    for path in (f"/prescreens/{id}", "/prescreens", "/prescreens/questionnaires"):
        found = page(lena, path)
        assert "<script>alert" not in found
        assert html.escape(EVIL) in found


def test_templates_can_be_read(lena: FlaskClient, database: Database, cast: Cast) -> None:
    prescreen(database, cast.marston.id)
    found = page(lena, "/prescreens/questionnaires")
    assert "/p/marston/two-bedroom" in found
    row = stored(database, prescreen(database, cast.marston.id))
    found = page(lena, f"/prescreens/questionnaires/{row.workflow_template_id}")
    assert "only when" in found
    page(lena, f"/prescreens/questionnaires/{row.workflow_template_id}?version=9", 404)
    page(lena, "/prescreens/questionnaires/00000000-0000-4000-8000-000000000000", 404)


def test_the_pages_go_on(lena: FlaskClient, database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "Listing", partial(listing.Listing, size=2))
    for n in range(5):
        prescreen(database, cast.marston.id, at=now() - timedelta(days=n * 6), given={"fullName": f"Jane {n}"})
    seen, path = [], "/prescreens"
    while path:
        found = page(lena, path)
        seen += [n for n in range(5) if f"Jane {n}<" in found]
        after = found.partition('rel="next"')[0].rpartition('href="')[2] if 'rel="next"' in found else ""
        path = html.unescape(after.partition('"')[0])
    assert sorted(seen) == [0, 1, 2, 3, 4]
