"""Copies of a list for a spreadsheet: the whole list, streamed, or the rows that were ticked."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response
from sqlalchemy import Row

from app.accounts.access import Me, me
from app.dashboard import csv_files
from app.dashboard.queue import ListState, Queue
from app.kernel import clock
from app.kernel.db.engine import Db
from app.kernel.db.transaction import database, db, side_transaction
from app.kernel.web.htmx import personal


def take(room: Queue) -> Response:
    """The CSV of exactly the list that the address asks for, streamed. Leaves an event before the first row leaves."""
    viewer, now = me(), clock.now()
    asked = room.ask(now)
    rows = asked.listing.count_all(db())
    with side_transaction() as own:
        _note(room, asked, own, rows, ticked=False)
    house = database()

    def records() -> Iterator[Sequence[Any]]:
        with house.read() as its_own:
            for key, row in asked.listing.stream(its_own):
                yield room.record(row, key, viewer)

    return _file(room, asked, viewer, records())


def take_ticked(room: Queue, asked: ListState, found: Sequence[tuple[str | None, Row]]) -> Response:
    """The same of the rows that were ticked."""
    viewer = me()
    _note(room, asked, db(), len(found), ticked=True)
    return _file(room, asked, viewer, iter([room.record(row, key or "", viewer) for key, row in found]))


def _note(room: Queue, asked: ListState, session: Db, rows: int, ticked: bool) -> None:
    home = asked.organization_id
    reach = room.reach()
    if home is None and reach is not None and len(reach) == 1:
        home = next(iter(reach))
    address = room.url(**asked.args)
    csv_files.note(
        session,
        room.desk,
        address=address,
        rows=rows,
        ticked=ticked,
        organization_id=home,
        by=me().actor(),
        now=asked.now,
    )


def _file(room: Queue, asked: ListState, viewer: Me, records: Iterator[Sequence[Any]]) -> Response:
    name = csv_files.named(room.desk, asked.view, asked.now, viewer.time_zone)
    answer = Response((piece.encode() for piece in csv_files.lines(room.export, records)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)
