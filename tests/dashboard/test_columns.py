"""Columns: each is declared once, with a cell that exists and fields of the CSV, which show what the list shows."""

import csv
import io

import pytest

from app.dashboard import tags
from app.dashboard.queue import Column
from app.depositions.views.list import QUEUE as DEPOSITIONS
from app.inspections.views.list import QUEUE as INSPECTIONS
from app.kernel.clock import now
from app.prescreens.views.list import QUEUE as PRESCREENS
from tests.depositions import factories
from tests.pages import text

QUEUES = {"depositions": DEPOSITIONS, "prescreens": PRESCREENS, "inspections": INSPECTIONS}


@pytest.mark.parametrize("queue", QUEUES.values(), ids=QUEUES)
def test_every_column_has_its_cell_and_its_fields(app, queue):
    cells = app.jinja_env.get_template(queue.cells).module
    for column in queue.columns:
        assert column.cell == "assignee" or callable(getattr(cells, column.cell))
    heads = [each.head for each in queue.csv]
    assert len(set(heads)) == len(heads)
    assert {column.label for tab in queue.tabs for column in queue.columns_on(tab)} == {c.label for c in queue.columns}


@pytest.mark.parametrize("queue", QUEUES.values(), ids=QUEUES)
def test_every_order_of_a_column_has_words(queue):
    assert {column.sort for column in queue.columns if column.sort} == set(queue.filters.orders)


def test_a_column_without_fields_is_refused():
    with pytest.raises(ValueError, match="says nothing in the CSV"):
        Column("Silent", "silent", (), css="title-cell")


def test_the_csv_shows_flags_and_tags(client, cast, database):
    made = factories.request(database, cast, postback_url=None, details={"interpreter": "Polish"}).id
    with database.write() as db:
        tags.add(db, "deposition", made, cast.marston.id, "urgent", by=cast.actor("ines"), now=now())
    ines = cast.sign_in(client, "ines")
    (row,) = csv.DictReader(io.StringIO(text(ines.get("/depositions/csv"))[1:], newline=""))
    page = text(ines.get("/depositions"))
    assert row["Tags"] == "urgent"
    assert "Polish interpreter" in row["Flags"]
    for flag in row["Flags"].split(", "):
        assert flag in page
