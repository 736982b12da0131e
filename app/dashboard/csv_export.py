"""The CSV of a list: the whole list, streamed, or the rows that were ticked; and what makes any CSV safe to open."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter
from types import MappingProxyType, NoneType
from typing import Any, cast
from zoneinfo import ZoneInfo

import orjson
from flask import Response

from app.accounts.access import Me, me
from app.dashboard import tags
from app.dashboard.events import EXPORTED
from app.dashboard.listing import Found
from app.dashboard.queue import AnyExported, AnyQueue, Csv, Exported, ListState, ShownRow
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
_RISKY = re.compile(rf"{_SIGN}(?<!(?!{_BETWEEN}).{_SIGN})", re.DOTALL)
"""A sign that stands first or after one of these. A cell without one and without NUL is written as it is."""
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


_END = "\x1e"
"""What stands between the cells of a column that are looked through at once; a separator, so that each begins anew."""


_ISO = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


def _column(values: Sequence[object]) -> Sequence[str]:
    """The cells of a column as the file has them. Most columns hold nothing to guard or quote, which is found out for
    all of their cells at once."""
    kinds = set(map(type, values))
    if kinds <= {datetime, NoneType}:
        return [moment or "" for moment in orjson.loads(orjson.dumps(values, option=_ISO))]
    if kinds == {int}:
        return list(map(str, values))
    if kinds <= {str, NoneType}:
        texts = cast(Sequence[str], values if kinds == {str} else [value or "" for value in values])
        whole = _END.join(texts)
        if _plain(whole):
            return _quoted(texts, whole)
    texts = list(map(cell, values))
    return _quoted(texts, _END.join(texts))


def _plain(whole: str) -> bool:
    """Whether no formula can begin in cells, and none holds NUL."""
    signs = not whole.isascii() or any(sign in whole for sign in "=+-@")
    return "\x00" not in whole and not (signs and _RISKY.search(whole))


def _quoted(texts: Sequence[str], whole: str) -> Sequence[str]:
    """The cells, in quotes where they hold what ends one (RFC 4180)."""
    ends = [end for end in ',"\r\n' if end in whole]
    if not ends:
        return texts
    if ends == [","]:
        return [f'"{text}"' if "," in text else text for text in texts]
    return ['"' + text.replace('"', '""') + '"' if any(end in text for end in ends) else text for text in texts]


def _written(rows: Sequence[Sequence[object]]) -> str:
    """Rows as the file has them."""
    columns = map(_column, zip(*rows, strict=True))
    return "\r\n".join(map(",".join, zip(*columns, strict=True))) + "\r\n"


CELLS = 100_000
"""The most that is in memory of a file at once."""


def lines(head: Sequence[str], rows: Iterable[Sequence[object]], at_once: int = 500) -> Iterator[str]:
    """The file in pieces of some rows each, few where columns are thousands; what was given is forgotten."""
    written, rest = MARK + _written([head]), iter(rows)
    at_once = max(1, min(at_once, CELLS // len(head)))
    while chunk := list(islice(rest, at_once)):
        yield written + _written(chunk)
        written = ""
    yield written


def file_name(desk: str, view: str, now: datetime, zone: str) -> str:
    """The file's name: which list, on which day where the reader is."""
    plain = re.sub(r"[^a-z0-9]+", "-", view.lower()).strip("-")
    return "-".join(part for part in (desk, plain, now.astimezone(ZoneInfo(zone)).date().isoformat()) if part) + ".csv"


SEARCHED = "q"
"""The argument with the words that a list was searched for: they name people, so events do not hold them."""


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


Columns = Sequence[Csv[Any, Any, Any]]
"""Columns of a CSV. `Any`: rows and lines of the queue's own types."""

NOTHING: Mapping[str, object] = MappingProxyType({})

CHUNK = 500
"""Rows whose tags and other facts are read at once."""


def export(queue: AnyQueue) -> Response:
    """The CSV of exactly the list that the address asks for, streamed. Writes an event before the first row leaves."""
    viewer, now = me(), clock.now()
    list_state = queue.ask(now)
    list_state.check_readable()
    rows = list_state.listing.count_all(db())
    with side_transaction() as own:
        _record(queue, list_state, own, rows, ticked=False)
    data, columns = database(), _columns(queue, db(), list_state)

    def records() -> Iterator[Sequence[object]]:
        with data.read(keep=True) as own:
            yield from _records(queue, columns, list_state, own, list_state.listing.stream(own), viewer)

    return _file(queue, columns, list_state, viewer, records())


def export_ticked(queue: AnyQueue, list_state: ListState, found: Sequence[tuple[str | None, Found]]) -> Response:
    """The same of the rows that were ticked."""
    viewer = me()
    _record(queue, list_state, db(), len(found), ticked=True)
    columns = _columns(queue, db(), list_state)
    records = list(_records(queue, columns, list_state, db(), found, viewer))
    return _file(queue, columns, list_state, viewer, iter(records))


def _columns(queue: AnyQueue, db: Db, list_state: ListState) -> Columns:
    """The columns of a list's CSV."""
    return (*queue.csv, *queue.further_csv(db, list_state.chosen))


def _records(
    queue: AnyQueue,
    columns: Columns,
    list_state: ListState,
    db: Db,
    found: Iterable[tuple[str | None, Found]],
    viewer: Me,
) -> Iterator[Sequence[object]]:
    """The rows as the columns say them, read some at a time."""

    def show(each: AnyExported) -> ShownRow:
        return queue.row(list_state, each.known, each.group, each.row, each.tags, viewer)

    rest = iter(found)
    while chunk := list(islice(rest, CHUNK)):
        read = queue.readable(db, [row for _, row in chunk], viewer)
        known, facts = queue.read_more(db, read), queue.export_facts(db, read)
        tags_of = tags.tags_of(db, queue.subject, [row.id for row in read])
        every = [
            Exported(
                row,
                group or "",
                known,
                tags_of.get(row.id, ()),
                facts.get(row.id, NOTHING),
                viewer.time_zone,
                list_state.now,
                show,
            )
            for (group, _), row in zip(chunk, read, strict=True)
        ]
        columns_of = (
            map(attrgetter(one.value), read) if isinstance(one.value, str) else map(one.value, every) for one in columns
        )
        yield from zip(*columns_of, strict=True)


def _record(queue: AnyQueue, list_state: ListState, session: Db, rows: int, ticked: bool) -> None:
    homes = list_state.chosen.organization_ids
    record_export(
        session,
        queue.desk,
        address=queue.url(**{name: value for name, value in list_state.args.items() if name != SEARCHED}),
        rows=rows,
        ticked=ticked,
        organization_id=homes[0] if homes and len(homes) == 1 else None,
        by=me().actor(),
        now=list_state.now,
    )


def _file(
    queue: AnyQueue, columns: Columns, list_state: ListState, viewer: Me, records: Iterator[Sequence[object]]
) -> Response:
    name = file_name(queue.desk, list_state.tab.key, list_state.now, viewer.time_zone)
    head = [column.head for column in columns]
    answer = Response((piece.encode() for piece in lines(head, records)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return personal(answer)
