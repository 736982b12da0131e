"""A list as a file for a spreadsheet: streamed, and safe to open."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.dashboard.events import EXPORTED
from app.kernel import clock
from app.kernel.changes import events
from app.kernel.changes.events import Actor
from app.kernel.db.engine import Db

"""What the event says of its actor."""

MARK = "\ufeff"
"""The byte order mark, by which Excel knows UTF-8."""

# What a spreadsheet may take for a formula at the start of a cell: = + - @, a tab or a carriage return (OWASP, "CSV
# Injection"); full-width forms too, which some programs fold into the plain ones, and white space before any of them.
_FORMULA = re.compile(r"^\s*[=+\-@\t\r\n]|^[\t\r\n]")


def cell(value: Any) -> str:
    """A value as text that no spreadsheet runs: a moment as ISO 8601 in UTC, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return clock.iso(value) or ""
    text = str(value).replace("\x00", "")
    folded = unicodedata.normalize("NFKC", text[:8])
    return f"'{text}" if _FORMULA.match(folded) or _FORMULA.match(text) else text


def lines(head: Sequence[str], rows: Iterable[Sequence[Any]], at_once: int = 100) -> Iterator[str]:
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


def named(desk: str, view: str, now: datetime, zone: str) -> str:
    """The file's name: which list, on which day where the reader is."""
    plain = re.sub(r"[^a-z0-9]+", "-", view.lower()).strip("-")
    return "-".join(part for part in (desk, plain, now.astimezone(ZoneInfo(zone)).date().isoformat()) if part) + ".csv"


def note(
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
