"""The CSV of a list: the whole list, streamed, or the rows that were ticked; and what makes any CSV safe to open."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from flask import Response

from app.accounts.access import Me, me
from app.dashboard.events import EXPORTED
from app.dashboard.listing import Found
from app.dashboard.queue import AnyQueue, Exported, ListState
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db
from app.kernel.db.transaction import database, db, side_transaction
from app.kernel.web.htmx import personal

MARK = "\ufeff"
"""The byte order mark, by which Excel knows UTF-8."""

# What begins a formula (OWASP, "CSV Injection"), also in the forms that some programs fold into the plain ones.
_SIGN = r"[=+\-@＝＋－＠﹦﹢﹣﹫⁼⁺₌₊﬩−]"
_SEPARATORS = r",;|\t\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029，；｜"
"""What programs split a file at, whatever separates our own cells."""
_BETWEEN = rf'[{_SEPARATORS}\s:：\x00-\x1f"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]'
"""Separators, and what a program may drop before it looks at a cell: white space, quotes, marks without a width."""
_BEFORE_SIGN = re.compile(rf"(?:^{_BETWEEN}*+|(?<!{_BETWEEN}){_BETWEEN}++)(?={_SIGN})")
_SEPARATOR = re.compile(f"[{_SEPARATORS}]")
_HARMLESS = re.compile(rf"{_SIGN}(?:\s|$)|[+\-−][0-9]+(?:[.,][0-9]+)*(?:\s|$)")
"""A sign that stands alone in a text, and a plain number."""


def _guarded(found: re.Match[str]) -> str:
    """What stands before a sign, with an apostrophe when a formula could begin at the sign.

    That is so at the start of a cell and after a separator; after a space or a colon, where texts have signs, only when
    the sign neither stands alone nor begins a plain number.
    """
    between, text = found[0], found.string
    if found.start() and not _SEPARATOR.search(between):
        if not between.strip('"') or _HARMLESS.match(text, found.end()):
            return between
    return f"{between}'"


def cell(value: object) -> str:
    """A value as text in which no program finds a formula, wherever it splits: an apostrophe stands before each sign.

    A moment is ISO 8601 in UTC, nothing is nothing. Numbers stay numbers; text that looks like one, such as a telephone
    number, is text and gets the apostrophe, by which spreadsheets know text.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return clock.iso(value) or ""
    if isinstance(value, int | float):
        return str(value)
    return _BEFORE_SIGN.sub(_guarded, str(value).replace("\x00", ""))


def lines(head: Sequence[str], rows: Iterable[Sequence[object]], at_once: int = 100) -> Iterator[str]:
    """The file in pieces of some rows each; what was given is forgotten."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(MARK)
    writer.writerow([cell(word) for word in head])
    for n, row in enumerate(rows, 1):
        writer.writerow([cell(value) for value in row])
        if n % at_once == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def file_name(desk: str, view: str, now: datetime, zone: str) -> str:
    """The file's name: which list, on which day where the reader is."""
    plain = re.sub(r"[^a-z0-9]+", "-", view.lower()).strip("-")
    return "-".join(part for part in (desk, plain, now.astimezone(ZoneInfo(zone)).date().isoformat()) if part) + ".csv"


def record_export(
    db: Db,
    desk: str,
    *,
    address: str,
    rows: int | None,
    ticked: bool = False,
    organization_id: int | None,
    by: Actor,
    now: datetime,
) -> None:
    """Writes who takes a copy of which list and how many rows it has, before the first row leaves.

    A stream that breaks has still shown rows, so the note must not wait for its end.
    """
    events.record(
        db,
        EXPORTED,
        subject_type="desk",
        subject_id=desk,
        organization_id=organization_id,
        by=by,
        now=now,
        data={"address": address, "rows": rows, "ticked": ticked},
    )


CHUNK = 200
"""Rows whose tags and other facts are read at once."""


def export(queue: AnyQueue) -> Response:
    """The CSV of exactly the list that the address asks for, streamed. Writes an event before the first row leaves."""
    viewer, now = me(), clock.now()
    list_state = queue.ask(now)
    list_state.check_readable()
    rows = list_state.listing.count_all(db())
    with side_transaction() as own:
        _record(queue, list_state, own, rows, ticked=False)
    data = database()

    def records() -> Iterator[Sequence[object]]:
        with data.read() as own:
            yield from _records(queue, list_state, own, list_state.listing.stream(own), viewer)

    return _file(queue, list_state, viewer, records())


def export_ticked(queue: AnyQueue, list_state: ListState, found: Sequence[tuple[str | None, Found]]) -> Response:
    """The same of the rows that were ticked."""
    viewer = me()
    _record(queue, list_state, db(), len(found), ticked=True)
    return _file(queue, list_state, viewer, iter(list(_records(queue, list_state, db(), found, viewer))))


def _records(
    queue: AnyQueue, list_state: ListState, db: Db, found: Iterable[tuple[str | None, Found]], viewer: Me
) -> Iterator[Sequence[object]]:
    """The rows as the columns say them, read some at a time."""
    rest = iter(found)
    while chunk := list(islice(rest, CHUNK)):
        shown = queue.rows(db, list_state, chunk, viewer)
        facts = queue.export_facts(db, [row for _, row in chunk])
        for _, row in chunk:
            each = Exported(row, shown[row[0]], facts.get(row[0], {}), viewer.time_zone, list_state.now)
            yield [column.value(each) for column in queue.csv]


def _record(queue: AnyQueue, list_state: ListState, session: Db, rows: int, ticked: bool) -> None:
    homes = list_state.chosen.organization_ids
    record_export(
        session,
        queue.desk,
        address=queue.url(**list_state.args),
        rows=rows,
        ticked=ticked,
        organization_id=homes[0] if homes and len(homes) == 1 else None,
        by=me().actor(),
        now=list_state.now,
    )


def _file(queue: AnyQueue, list_state: ListState, viewer: Me, records: Iterator[Sequence[object]]) -> Response:
    name = file_name(queue.desk, list_state.tab.key, list_state.now, viewer.time_zone)
    head = [column.head for column in queue.csv]
    answer = Response((piece.encode() for piece in lines(head, records)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)
