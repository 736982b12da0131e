"""Which prescreens are alike, and the backfill that finds out for those of earlier versions."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, update

from app.kernel.clock import now
from app.kernel.db import backfills
from app.kernel.db.backfills import BackfillState
from app.kernel.db.engine import Database
from app.prescreens.models import Prescreen, QuestionType
from app.prescreens.queries.backfills import ALIKE
from app.prescreens.rules.alike import alike_key
from app.prescreens.rules.questions import Option, Question
from tests.cast import Cast
from tests.pages import text
from tests.prescreens.factories import prescreen, stored

ID = UUID(int=1)
OPTIONS = (Option("cat", "Cat"), Option("dog", "Dog"))
QUESTIONS = (
    Question("rent", "Rent", QuestionType.MONEY, criterion="enough", currency="USD"),
    Question("people", "People", QuestionType.NUMBER, headline=True),
    Question("smoker", "Smoker", QuestionType.YESNO, criterion="nobody smokes"),
    Question("pets", "Pets", QuestionType.CHOICES, criterion="few", options=OPTIONS),
    Question("job", "Job", QuestionType.TEXT, criterion="any", headline=True),
    Question("moveIn", "Move-in", QuestionType.DATE, criterion="soon", headline=True),
    Question("spare", "Spare rooms", QuestionType.NUMBER),
)
GIVEN: dict[str, Any] = {
    "rent": 2500,
    "people": 2,
    "smoker": False,
    "pets": ["cat", "dog"],
    "job": "Clerk",
    "moveIn": "2026-04-01",
    "spare": 1,
}


def key(version: int = 1, **given: Any) -> str | None:
    answers = {name: value for name, value in {**GIVEN, **given}.items() if value is not None}
    return alike_key(ID, version, QUESTIONS, answers)


@pytest.mark.parametrize(
    "given",
    [
        {"rent": 2500.0},
        {"rent": 2480},
        {"pets": ["dog", "cat"]},
        {"job": "Chef"},
        {"moveIn": "2027-01-01"},
        {"spare": 4},
    ],
)
def test_alike(given: dict[str, Any]) -> None:
    assert key(**given) == key()


@pytest.mark.parametrize(
    "given", [{"rent": 2900}, {"people": 3}, {"smoker": True}, {"smoker": None}, {"pets": ["cat"]}, {"version": 2}]
)
def test_not_alike(given: dict[str, Any]) -> None:
    assert key(**given) != key()


def test_bands_of_ten_per_cent_and_nothing_to_compare() -> None:
    rents = [1000 * 1.005**n for n in range(300)]
    bands = [key(rent=rent) for rent in rents]
    edges = [n for n in range(1, 300) if bands[n] != bands[n - 1]]
    assert {19, 20} >= {later - earlier for earlier, later in pairwise(edges)}
    assert key(rent=0) != key(rent=1)
    assert key(rent=-5) != key(rent=5)
    assert alike_key(ID, 1, QUESTIONS, {"job": "Clerk", "spare": 2}) is None


def test_earlier_ones_are_filled_in_portions_and_the_page_says_so_meanwhile(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    ids = [prescreen(database, cast.marston.id, "denied") for _ in range(4)]
    unfinished = prescreen(database, cast.marston.id, "active")
    waiting = prescreen(database, cast.marston.id)
    keys = {stored(database, id).alike_key for id in (*ids, waiting)}
    assert len(keys) == 1
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id.in_(ids)).values(alike_key=None))
        db.execute(insert(BackfillState).values(name=ALIKE.name))
    lena = cast.sign_in(client, "lena")
    page = text(lena.get(f"/prescreens/{waiting}"))
    assert "Nobody with the same key answers was decided yet." in page
    assert "Earlier answers are still being compared" in page
    assert backfills.run(database, (ALIKE,), now(), 2) == {ALIKE.name: 4}
    page = text(lena.get(f"/prescreens/{waiting}"))
    assert "4 decided, 0 approved, 4 denied" in page
    assert "still being compared" not in page
    assert stored(database, unfinished).alike_key is None
    assert backfills.run(database, (ALIKE,), now()) == {}
