"""The roster as a CSV: its text is read, and what an import would change is known before it does. Pure: no database."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.depositions.rules.roster import COLUMNS, RosterFacts, read
from app.kernel.errors import Invalid
from app.kernel.text import normalization

MOST_ROWS = 1000
MOST_CHARACTERS = 200_000
_GUARDED = re.compile(r"^'(?=[=+\-@＝＋－＠])")
"""The apostrophe that an export puts before what a spreadsheet could take for a formula."""


class Line(NamedTuple):
    """A row of the file: where it stands, and its cells by column."""

    number: int
    cells: Mapping[str, str]

    @property
    def email(self) -> str:
        return normalization.email(self.cells.get("email", "")).lower()


class Planned(NamedTuple):
    """What an import does with a row: `add`, `change`, `keep`, or a `fault` in words. `changes` are (name, before,
    after)."""

    line: int
    name: str
    email: str
    kind: str
    facts: RosterFacts | None = None
    changes: tuple[tuple[str, str, str], ...] = ()
    faults: tuple[str, ...] = ()


def lines(text: str) -> list[Line]:
    """The rows of a file. Raises Invalid for a text that is none, an unknown column, or too many rows."""
    if len(text) > MOST_CHARACTERS:
        raise Invalid(f"The file has more than {MOST_CHARACTERS:,} characters. Nothing was saved. Split it.")
    text = text.removeprefix("\ufeff")
    first, _, _ = text.partition("\n")
    separator = ";" if first.count(";") > first.count(",") else "\t" if "\t" in first else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator, strict=True) if any(row)]
    except csv.Error:
        raise Invalid("This is no CSV: a quotation mark is open or a line is broken. Nothing was saved.") from None
    if len(rows) < 2:
        raise Invalid("The file has no rows. The first line names the columns, each further line is a manager.")
    head = [re.sub(r"[\s-]+", "_", cell.strip().lower().lstrip("'")) for cell in rows[0]]
    unknown = [cell for cell in head if cell not in COLUMNS]
    if unknown or "email" not in head or len(set(head)) < len(head):
        raise Invalid(f"The first line names the columns, email among them, each once: {', '.join(COLUMNS)}.")
    if len(rows) > MOST_ROWS + 1:
        raise Invalid(f"The file has more than {MOST_ROWS:,} rows. Nothing was saved. Split it.")
    return [
        Line(number, dict(zip(head, (_GUARDED.sub("", cell) for cell in row), strict=False)))
        for number, row in enumerate(rows[1:], 2)
    ]


def plan(found: Iterable[Line], present: Mapping[str, RosterFacts]) -> list[Planned]:
    """What an import does with each row; `present` is the roster by address. What the file has no column for stays."""
    planned, seen = [], set()
    for line in found:
        before = present.get(line.email)
        typed = {**(cells_of(before) if before else {}), **line.cells}
        name = typed.get("name", "")
        try:
            if line.email in seen:
                raise Invalid("This address stands in the file twice.")
            facts = read(typed)
        except Invalid as refusal:
            sentences = [f"{each.field.replace('_', ' ')}: {each.detail}" for each in refusal.errors]
            faults = tuple(sentences or [refusal.detail])
            planned.append(Planned(line.number, name, line.email, "fault", faults=faults))
            continue
        seen.add(facts.email)
        if before is None:
            planned.append(Planned(line.number, facts.name, facts.email, "add", facts))
            continue
        old, new = cells_of(before), cells_of(facts)
        changes = tuple((key, old[key], new[key]) for key in COLUMNS if old[key] != new[key])
        kind = "change" if changes else "keep"
        planned.append(Planned(line.number, facts.name, facts.email, kind, facts, changes))
    return planned


def cells_of(facts: RosterFacts) -> dict[str, str]:
    """A row of the roster as text, by column, as `read` reads it."""
    return {
        name: ("yes" if value else "no") if isinstance(value, bool) else str(value)
        for name, value in facts.as_data().items()
    }
