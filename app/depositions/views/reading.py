"""What was read of a mail, as the form of a new request shows it: the mail with its passages marked, the readings."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, Protocol

from app.depositions.rules.mail import SEVERAL, Candidate, Reading
from app.depositions.rules.mail.days import written

LABELS = {"deponent_name": "Deponent", "deponent_email": "Deponent’s e-mail", "deponent_role": "Role of the deponent"}
"""What fields are called that the form shows under a heading."""

PASSAGE = 60
"""Characters of a passage that are repeated beside a reading."""


class Piece(NamedTuple):
    """A part of the mail; with a label one that was read as that field."""

    text: str
    label: str = ""


class Option(NamedTuple):
    """A reading that can be chosen instead: the value of its button, and how it is written."""

    value: str
    text: str


class Proposal(NamedTuple):
    """What was read for one field: the passage, what makes it doubtful, and what else may be meant."""

    label: str
    field: str
    taken: str
    passage: str
    why: str
    options: tuple[Option, ...]


class _Label(Protocol):
    text: str


class _Field(Protocol):
    data: str | None
    label: _Label


class _Form(Protocol):
    def __getitem__(self, name: str) -> _Field: ...
    def __contains__(self, name: str) -> bool: ...


def pieces(text: str, reading: Reading, form: _Form) -> list[Piece]:
    """The mail in parts, those that something was read from with the field's label."""
    found, at = [], 0
    for mark in reading.marks:
        found += [Piece(text[at : mark.start]), Piece(text[mark.start : mark.end], _label(mark.field, form))]
        at = mark.end
    return [piece for piece in (*found, Piece(text[at:])) if piece.text]


def proposals(text: str, reading: Reading, form: _Form) -> list[Proposal]:
    """The readings of each field in the order of the mail, those that need a look first."""
    found = [_proposal(text, name, candidates, form) for name, candidates in reading.fields.items()]
    return sorted(found, key=lambda one: not (one.why or one.options))


def _label(name: str, form: _Form) -> str:
    return LABELS.get(name) or form[name].label.text


def _proposal(text: str, name: str, candidates: list[Candidate], form: _Form) -> Proposal:
    typed = (form[name].data or "").strip()
    by_value: Mapping[str, int] = {each.value: number for number, each in reversed(list(enumerate(candidates)))}
    taken = next((each for each in candidates if each.value == typed), None)
    shown = taken or candidates[0]
    options = (
        ()
        if name in SEVERAL
        else tuple(
            Option(f"{name}.{number}", _written(name, value))
            for value, number in sorted(by_value.items(), key=lambda pair: pair[1])[:6]
            if value != typed
        )
    )
    passage = " ".join(text[shown.start : shown.end].split())
    passage = passage if len(passage) <= PASSAGE else f"{passage[:PASSAGE]}…"
    several = f"{len(by_value)} addresses" if name in SEVERAL and len(by_value) > 1 else ""
    value = several or (_written(name, taken.value) if taken else "")
    return Proposal(_label(name, form), name, value, passage, shown.why, options)


def _written(name: str, value: str) -> str:
    if name == "start_date":
        return written(date.fromisoformat(value))
    return value if len(value) <= PASSAGE else f"{value[:PASSAGE]}…"
