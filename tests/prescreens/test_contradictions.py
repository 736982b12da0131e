"""Answers that do not go together are shown, and nothing else comes of it."""

import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.prescreens.models import QuestionType
from app.prescreens.rules.contradictions import contradictions
from app.prescreens.rules.questions import Question
from tests.cast import Cast
from tests.pages import text
from tests.prescreens.factories import JANE, prescreen

QUESTIONS = (
    Question("household", "How many people?", QuestionType.NUMBER),
    Question("cats", "How many cats?", QuestionType.NUMBER),
    Question("moveInDate", "When?", QuestionType.DATE),
    Question("born", "Born", QuestionType.DATE),
    Question("remarks", "Anything?", QuestionType.LONGTEXT),
)
SENT = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("remark", "found"),
    [
        ("We are a family of four at weekends.", ["family of four"]),
        ("There will be 3 of us", ["3 of us"]),
        ("Somos cuatro", ["Somos cuatro"]),
        ("نحن أربعة أشخاص", ["نحن أربعة"]),
        ("عائلة من ٤ وقطة", ["عائلة من 4"]),
        ("نحن اثنان، وشخصان يزوراننا", []),
        ("Nous sommes\n trois, une famille de trois", ["Nous sommes trois", "famille de trois"]),
        ("A family of two, 2 people; three cats, unit 4 people's names to follow", ["4 people"]),
        ("Four dogs. We are fourteen minutes away. " + "we are " * 5000, []),
    ],
)
def test_a_number_of_people_and_another_one_in_a_text(remark: str, found: list[str]) -> None:
    given = {"household": 2, "cats": 3, "remarks": remark}
    assert [each.other for each in contradictions(QUESTIONS, given, SENT)] == found


@pytest.mark.parametrize(("day", "past"), [("2026-11-19", True), ("2026-11-20", False), ("soon", False)])
def test_moving_in_before_the_answers_were_sent(day: str, past: bool) -> None:
    given = {"moveInDate": day, "born": "1990-01-01", "household": "two", "remarks": "family of four"}
    assert [each.kind for each in contradictions(QUESTIONS, given, SENT)] == ["past"] * past


def test_the_page_shows_them_and_who_shares_a_telephone(client: FlaskClient, database: Database, cast: Cast) -> None:
    at = now() - timedelta(days=2)
    other = prescreen(database, cast.marston.id, given={"fullName": "Emeka Obiora", "email": "e@example.com"}, at=at)
    past = (at - timedelta(days=30)).date()
    mine = prescreen(database, cast.marston.id, given={"moveInDate": past.isoformat()})
    lena = cast.sign_in(client, "lena")
    page = text(lena.get(f"/prescreens/{mine}")).partition('aria-label="Flags"')[2].partition("</ul>")[0]
    assert "which was over when the answers were sent" in page
    written = f"{past.day} {past:%B %Y}"
    assert f": {written}</bdi></strong>" in page, "as the answer itself is written"
    assert "Emeka Obiora</bdi> has the same number or address" in page
    assert f'href="/prescreens/{other}"' in page
    for flag, asks in (("which was over", "moveInDate"), ("has the same number or address", "phone")):
        line = page.partition(flag)[2].partition("</li>")[0]
        assert re.search(rf'href="/prescreens/{mine}\?ask={asks}#ask">Ask about this', line), flag
    alone = prescreen(database, cast.harbor.id, given={"phone": JANE["phone"]})
    lars = cast.sign_in(client, "lars")
    assert "the same number or address" not in text(lars.get(f"/prescreens/{alone}"))
