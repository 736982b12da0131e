"""Keyset pages: every row once, in order, while rows are added; cursors cannot be forged."""

import pytest
from sqlalchemy import select

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import WORKER, Event, record
from app.kernel.db.engine import Database
from app.kernel.db.pagination import decode_cursor, encode_cursor, page_of
from app.kernel.errors import BadRequest
from tests.clocks import Clock

ORDER = (Event.created_at, Event.id)


def fill(database: Database, clock: Clock, count: int) -> None:
    from app.kernel.clock import now

    with database.write() as db:
        for number in range(count):
            kind = "odd" if number % 2 else "even"
            # Three rows share each moment, so that ties are broken by id.
            record(
                db,
                EventType(kind, "Counted"),
                subject_type="x",
                subject_id=number,
                organization_id=None,
                by=WORKER,
                now=now().replace(second=number // 3 % 60, microsecond=0),
            )


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_hold_every_row_once_in_order(database: Database, clock: Clock, size: int, descending: bool) -> None:
    fill(database, clock, 23)
    statement = select(Event.id, Event.kind, Event.created_at).where(Event.kind == "odd")
    seen, after = [], None
    with database.read() as db:
        while True:
            page = page_of(db, statement, ORDER, after, purpose="test", size=size, descending=descending)
            assert page.first is (after is None)
            seen += [row.id for row in page.rows]
            assert len(page.rows) <= size
            after = page.next_cursor
            if after is None:
                break
        odd = db.execute(select(Event.id).where(Event.kind == "odd").order_by(*ORDER)).scalars().all()
    assert seen == (odd[::-1] if descending else odd)


def test_a_cursor_of_another_tab_leads_to_the_first_page(database: Database, clock: Clock) -> None:
    fill(database, clock, 4)
    with database.read() as db:
        first = page_of(db, select(*ORDER), ORDER, None, purpose="test", tab="sent", size=2)
        same = page_of(db, select(*ORDER), ORDER, first.next_cursor, purpose="test", tab="sent", size=2)
        other = page_of(db, select(*ORDER), ORDER, first.next_cursor, purpose="test", tab="failing", size=2)
    assert other.rows == first.rows
    assert same.rows != first.rows


def test_a_cursor_of_another_order_is_refused(database: Database) -> None:
    with database.read() as db:
        token = encode_cursor(db, "test", [1])
        with pytest.raises(BadRequest) as caught:
            page_of(db, select(*ORDER), ORDER, token, purpose="test")
    assert caught.value.code == "invalid_cursor"


def test_a_cursor_keeps_times_exactly(database: Database) -> None:
    from app.kernel.clock import now

    with database.read() as db:
        moment = now()
        assert decode_cursor(db, "a", encode_cursor(db, "a", [moment, 7, "x"])) == [moment, 7, "x"]


def test_a_cursor_is_valid_for_its_own_list_alone(database: Database) -> None:
    with database.read() as db:
        token = encode_cursor(db, "organization:1", [1])
        for wrong in (
            ("organization:2", token),
            ("organization:1", token[:-2]),
            ("organization:1", "x.y"),
            ("organization:1", ""),
            ("organization:1", "é"),
            ("organization:1", "\x00"),
        ):
            with pytest.raises(BadRequest) as caught:
                decode_cursor(db, *wrong)
            assert caught.value.code == "invalid_cursor"
