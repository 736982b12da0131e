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


def take(queue: Queue) -> Response:
    """The CSV of exactly the list that the address asks for, streamed. Leaves an event before the first row leaves."""
    viewer, now = me(), clock.now()
    list_state = queue.ask(now)
    list_state.check_readable()
    rows = list_state.listing.count_all(db())
    with side_transaction() as own:
        _note(queue, list_state, own, rows, ticked=False)
    house = database()

    def records() -> Iterator[Sequence[Any]]:
        with house.read() as its_own:
            for key, row in list_state.listing.stream(its_own):
                yield queue.record(row, key, viewer)

    return _file(queue, list_state, viewer, records())


def take_ticked(queue: Queue, list_state: ListState, found: Sequence[tuple[str | None, Row]]) -> Response:
    """The same of the rows that were ticked."""
    viewer = me()
    _note(queue, list_state, db(), len(found), ticked=True)
    return _file(queue, list_state, viewer, iter([queue.record(row, key or "", viewer) for key, row in found]))


def _note(queue: Queue, list_state: ListState, session: Db, rows: int, ticked: bool) -> None:
    home = list_state.chosen.organization_id
    reach = queue.organization_ids()
    if home is None and reach is not None and len(reach) == 1:
        home = next(iter(reach))
    address = queue.url(**list_state.args)
    csv_files.note(
        session,
        queue.desk,
        address=address,
        rows=rows,
        ticked=ticked,
        organization_id=home,
        by=me().actor(),
        now=list_state.now,
    )


def _file(queue: Queue, list_state: ListState, viewer: Me, records: Iterator[Sequence[Any]]) -> Response:
    name = csv_files.named(queue.desk, list_state.tab.key, list_state.now, viewer.time_zone)
    answer = Response((piece.encode() for piece in csv_files.lines(queue.export, records)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)
