"""Keyset pages: every row once, in order, across groups, whatever is added meanwhile; cursors cannot be forged."""

import pytest
from sqlalchemy import select

from app.kernel.changes.event_types import EventType
from app.kernel.changes.events import WORKER, Event, record
from app.kernel.db.engine import Database
from app.kernel.db.pagination import Group, decode_cursor, encode_cursor, page_of
from app.kernel.errors import BadRequest
from tests.clocks import Clock

e = Event.__table__.c


def groups() -> list[Group]:
    base = select(e.id, e.kind, e.created_at)
    return [
        Group("odd", base.where(e.kind == "odd"), (e.created_at, e.id)),
        Group("none", base.where(e.kind == "none"), (e.created_at, e.id)),
        Group("even", base.where(e.kind == "even"), (e.created_at, e.id), descending=True),
    ]


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


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_pages_hold_every_row_once_in_order(database: Database, clock: Clock, size: int) -> None:
    fill(database, clock, 23)
    seen, after = [], None
    with database.read() as db:
        while True:
            page = page_of(db, groups(), after, purpose="test", size=size)
            seen += [(key, row.id) for key, row in page.rows]
            assert len(page.rows) <= size
            after = page.next_cursor
            if after is None:
                break
        odd = db.execute(select(e.id).where(e.kind == "odd").order_by(e.created_at, e.id)).scalars().all()
        even = db.execute(select(e.id).where(e.kind == "even").order_by(e.created_at.desc(), e.id.desc())).scalars()
        assert seen == [("odd", i) for i in odd] + [("even", i) for i in even.all()]


def test_a_cursor_carries_moments_exactly(database: Database) -> None:
    from app.kernel.clock import now

    with database.read() as db:
        moment = now()
        assert decode_cursor(db, "a", encode_cursor(db, "a", [moment, 7, "x"])) == [moment, 7, "x"]


def test_a_cursor_is_good_for_its_own_list_alone(database: Database) -> None:
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
