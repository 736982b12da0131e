"""Which prescreens are alike, and the worker that finds out for those of earlier versions."""

from collections.abc import Sequence
from itertools import pairwise
from signal import SIGKILL, SIGTERM
from time import monotonic, sleep
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, update

from app.desks import BACKFILLS
from app.housekeeping import Backfills
from app.kernel.clock import now
from app.kernel.db import backfills
from app.kernel.db.backfills import BackfillState
from app.kernel.db.engine import Database
from app.prescreens.actions import switch_measure
from app.prescreens.measures import Measure
from app.prescreens.models import Prescreen, QuestionType
from app.prescreens.queries.backfills import ALIKE
from app.prescreens.rules.alike import alike_key
from app.prescreens.rules.questions import Option, Question
from tests.cast import Cast
from tests.pages import text
from tests.prescreens.factories import prescreen, stored
from tests.processes import Loaded
from tests.servers import environment

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


def owed(database: Database, ids: Sequence[UUID]) -> None:
    """As an upgrade leaves it: these have no key yet, and the backfill is ordered."""
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id.in_(ids)).values(alike_key=None))
        db.execute(insert(BackfillState).values(name=ALIKE.name))


def test_earlier_ones_are_filled_by_the_worker_and_the_pages_say_so_meanwhile(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    ids = [prescreen(database, cast.marston.id, "denied") for _ in range(4)]
    unfinished = prescreen(database, cast.marston.id, "active")
    waiting = prescreen(database, cast.marston.id)
    keys = {stored(database, id).alike_key for id in (*ids, waiting)}
    assert len(keys) == 1
    owed(database, ids)
    with database.write() as db:
        switch_measure(db, cast.marston.id, Measure.FAIRNESS, True, by=cast.actor("adam"), now=now())
    lena, adam = (cast.sign_in(client.application.test_client(), who) for who in ("lena", "adam"))
    page = text(lena.get(f"/prescreens/{waiting}"))
    assert "Nobody with the same key answers was decided yet." in page
    assert "Earlier answers are still being compared (0% so far)" in page
    assert backfills.run_one(database, ALIKE, now(), 3)
    with database.read() as db:
        position = backfills.position(db, ALIKE)
    share = UUID(position).int * 100 // 2**128
    assert f"still being compared ({share}% so far)" in text(lena.get(f"/prescreens/{waiting}"))
    assert f"still being compared ({share}% so far)" in text(adam.get("/prescreens/fairness"))
    sweep = Backfills(BACKFILLS)
    assert sweep(database, now())
    assert not sweep(database, now())
    for page in (text(lena.get(f"/prescreens/{waiting}")), text(adam.get("/prescreens/fairness"))):
        assert "still being compared" not in page
    assert "4 decided, 0 approved, 4 denied" in text(lena.get(f"/prescreens/{waiting}"))
    assert stored(database, unfinished).alike_key is None


def test_killed_half_way_it_goes_on_where_it_was(database: Database, cast: Cast) -> None:
    """Workers are killed while they compare; two at once take turns."""
    id = prescreen(database, cast.marston.id, "denied")
    wanted = stored(database, id).alike_key
    columns = [column.name for column in Prescreen.__table__.columns if column.name != "id"]
    table = Prescreen.__table__
    with database.write() as db:
        row = db.execute(select(*(table.c[name] for name in columns)).where(table.c.id == id)).one()
        copies = [{**dict(zip(columns, row, strict=True)), "id": uuid4()} for _ in range(3000)]
        db.connection().execute(insert(table), copies)
        db.execute(update(Prescreen).values(alike_key=None))
        db.execute(insert(BackfillState).values(name=ALIKE.name))

    def missing() -> int:
        with database.read() as db:
            return db.scalar(select(func.count()).where(Prescreen.alike_key.is_(None))) or 0

    names, left = environment(database.config), missing()
    for killed in (True, True, False):
        workers = [Loaded("app.cli", ["worker"], names) for _ in range(2)]
        ends = monotonic() + 60
        while missing() > (left - 1 if killed else 0) and monotonic() < ends:
            sleep(0.005)
        for worker in workers:
            worker.send_signal(SIGKILL if killed else SIGTERM)
            worker.wait(20)
        assert missing() < left or not left
        left = missing()
        assert left % 500 in (0, 1), "a portion is there, or it is not"
    assert left == 0
    with database.read() as db:
        assert set(db.scalars(select(Prescreen.alike_key))) == {wanted}
        assert backfills.unfinished(db, (ALIKE,)) == []
