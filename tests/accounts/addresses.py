"""What tests of another e-mail address share."""

import re

from werkzeug.test import TestResponse

from app.accounts.models import Person
from app.kernel.changes.events import timeline
from app.kernel.db.engine import Database

NEW = "lena.ortiz@new.example.com"


def plain(answer: TestResponse) -> str:
    """The words of a page."""
    return " ".join(re.sub("<[^>]+>", "", answer.text).split())


def stored(database: Database, id: int) -> Person:
    with database.read() as db:
        return db.get_one(Person, id)


def history(database: Database, id: int) -> list[tuple[str, object]]:
    with database.read() as db:
        return [(row.kind, row.data) for row in timeline(db, "person", id)]
