"""What is read of organizations' own words costs the same however many versions and organizations there are."""

import re

import pytest
from sqlalchemy import text

from app.inspections.models import OwnWording
from app.inspections.queries import own_wordings
from tests.inspections.test_wording import change
from tests.planner import count_rows


@pytest.fixture
def crowd(database, cast):
    """A thousand organizations with words in three languages, and one of which the words changed a hundred times."""
    change(database, cast, camera="First")
    columns = [c.name for c in OwnWording.__table__.c if c.name != "id"]
    lite = database.sqlite
    numbers = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)"
        if lite
        else "WITH n(i) AS (SELECT generate_series(1, 6000))"
    )
    given = {
        "organization_id": f"CASE WHEN i % 60 = 0 THEN {cast.marston.id} ELSE {cast.harbor.id} END",
        "locale": "CASE i % 3 WHEN 0 THEN 'en' WHEN 1 THEN 'fr' ELSE 'ar' END",
        "subject": "CASE i % 2 WHEN 0 THEN 'camera' ELSE 'gps' END",
        "number": "i + 1",
    }
    values = ", ".join(given.get(name, name) for name in columns)
    select = f"SELECT {values} FROM n, own_wordings"
    insert = f"INSERT INTO own_wordings ({', '.join(columns)})"
    with database.write() as db:
        db.execute(text(f"{insert} {numbers} {select}" if lite else f"{numbers} {insert} {select}"))
    count_rows(database)


def plans_of(database, read, *facts) -> str:
    """The planner's words for every statement that a query sends."""
    found = []
    with database.read() as db:
        sent = Sent(db)
        read(sent, *facts)
        for statement, values in sent.statements:
            sql = (
                statement.compile(db.get_bind(), compile_kwargs={"literal_binds": True})
                if not values
                else (statement.params(values).compile(db.get_bind(), compile_kwargs={"literal_binds": True}))
            )
            prefix = "EXPLAIN QUERY PLAN" if db.dialect == "sqlite" else "EXPLAIN"
            found += [str(row[-1]) for row in db.execute(text(f"{prefix} {sql}"))]
    return "\n".join(found)


class Sent:
    """A database that keeps what it is asked."""

    def __init__(self, db) -> None:
        self.db, self.statements = db, []

    def execute(self, statement, values=None):
        self.statements.append((statement, values))
        return self.db.execute(statement, values) if values else self.db.execute(statement)


@pytest.mark.parametrize(
    ("read", "more"),
    [
        (own_wordings.in_force, ("en",)),
        (own_wordings.own_texts, ("en",)),
        (own_wordings.in_every_language, ()),
        (own_wordings.versions, ("en",)),
    ],
    ids=["in force", "asked of field users", "overview", "versions"],
)
def test_no_reader_scans_all_wordings(database, cast, crowd, read, more) -> None:
    words = plans_of(database, read, cast.marston.id, *more)
    assert not re.search(r"SCAN own_wordings(?! USING)|Seq Scan on own_wordings", words), words
    assert re.search(r"(uq|sqlite_autoindex|ix)_own_wordings", words), words


def test_what_field_users_are_asked_reads_one_end_of_the_index_for_each_subject(database, cast, crowd) -> None:
    words = plans_of(database, own_wordings.own_texts, cast.marston.id, "en")
    assert not re.search(r"\bSort\b|USE TEMP B-TREE", words), words
    one = "SEARCH own_wordings USING INDEX" if database.sqlite else "Index Scan Backward"
    assert words.count(one) == 3, words
