"""A reader of mails in which an organization asks for a session: it proposes fields, with the words they are from.

`read()` is a pure function: the same text gives the same proposals. It decides nothing: whatever can be read in two
ways is proposed with the other way, and a person presses the button. Any text is read in linear time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from app.depositions.rules.mail import hours, people
from app.depositions.rules.mail.candidates import Candidate as Candidate
from app.depositions.rules.mail.days import days
from app.depositions.rules.mail.people import Headers

SEVERAL = ("invites",)
"""Fields that take every candidate, one a line."""

MOST = 200
"""Candidates that are kept of one field: more would help nobody."""

_SUBJECT = re.compile(r"(?:(?:re|fwd?|aw|wg)\s{0,2}:\s{0,3}){1,9}", re.I)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a mail. `fields` has the candidates of each field, the likeliest first."""

    fields: dict[str, list[Candidate]]

    def value(self, field: str) -> str:
        """What is proposed for a field; empty for nothing."""
        found = self.fields.get(field, [])
        if field in SEVERAL:
            return "\n".join(dict.fromkeys(each.value for each in found))
        return found[0].value if found else ""

    def others(self, field: str) -> list[str]:
        """Further readings of a field."""
        if field in SEVERAL:
            return []
        values = list(dict.fromkeys(each.value for each in self.fields.get(field, [])))
        return values[1:6]

    def why(self, field: str) -> str:
        """What makes the proposal doubtful, as a clause."""
        return next((each.why for each in self.fields.get(field, [])[:1]), "")

    @property
    def marks(self) -> list[Candidate]:
        """The passages that something was read from, in their order and without overlaps; the longer one stays."""
        found: list[Candidate] = []
        every = [each for candidates in self.fields.values() for each in candidates]
        for each in sorted(every, key=lambda one: (one.start, -one.end)):
            if each.end > each.start and (not found or each.start >= found[-1].end):
                found.append(each)
        return found


def read(text: str, today: date) -> Reading:
    """Proposals for the fields of a request. `tomorrow` counts from the date of the mail, or else from `today`."""
    headers = Headers(text)
    base = _dated(text, headers) or today
    fields: dict[str, list[Candidate]] = {}
    for each in _candidates(text, headers, base):
        known = fields.setdefault(each.field, [])
        if len(known) < MOST:
            known.append(each)
    for known in (fields.get("file_number", []), fields.get("deponent_name", [])):
        known.sort(key=lambda each: bool(each.why))
    deponent = fields.get("deponent_email", [])
    if deponent and "invites" in fields:
        own = deponent[0].value.casefold()
        fields["invites"] = [each for each in fields["invites"] if each.value.casefold() != own]
    if "title" not in fields and (names := fields.get("deponent_name")):
        fields["title"] = [replace(names[0], field="title", value=f"Deposition of {names[0].value}")]
    return Reading({field: found for field, found in fields.items() if found})


def _candidates(text: str, headers: Headers, base: date) -> Iterator[Candidate]:
    yield from people.labelled(text)
    yield from people.deponents(text)
    yield from people.captions(text)
    yield from people.details(text)
    yield from people.addresses(text, headers)
    dated = [(start, end) for name, start, end in headers.lines if name in ("date", "sent")]
    quoted = [found.span() for found in _ON_WROTE.finditer(text)]
    skipped = sorted([*dated, *quoted])
    times = [*days(text, base), *hours.hours(text), *hours.lengths(text), *hours.zones(text)]
    place = 0
    for each in sorted(times, key=lambda one: one.start):
        while place < len(skipped) and skipped[place][1] <= each.start:
            place += 1
        if place == len(skipped) or each.start < skipped[place][0]:
            yield each
    for name, start, end in headers.lines:
        if name == "subject" and (value := text[start:end].strip()):
            lead = _SUBJECT.match(text, start, end)
            start = lead.end() if lead else start
            value = text[start:end].strip()[:500]
            if value:
                yield Candidate("title", value, start, start + len(value))


_ON_WROTE = re.compile(r"^[ \t>]{0,8}On [^\n\r]{1,200} wrote:", re.M)


def _dated(text: str, headers: Headers) -> date | None:
    """The day on which the mail was sent, of its own header lines."""
    for name, start, end in headers.lines:
        if name in ("date", "sent"):
            for each in days(text[start:end], date(2000, 1, 1)):
                if "year" not in each.why:
                    return date.fromisoformat(each.value)
    return None
