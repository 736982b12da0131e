"""Files in answers: how an answer names them, what a question takes, and which of them are kept.

An answer is a list of texts, one a file: its name and its SHA-256, `lease.pdf (sha256:…)`. So whoever reads the answers
reads the names, and whatever is computed of the answers (the digests of a review, the hash of a decision's snapshot)
is computed of what the files say. Pure: no database, no Flask, no clock.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from app.files.pictures import PDF, Facts
from app.files.rules import LARGEST, NAME_LENGTH, UnfitFile
from app.prescreens.models import Status
from app.prescreens.rules.questions import Answer, Question

MEGABYTE = 1024 * 1024
MOST_MEGABYTES = LARGEST // MEGABYTE
MOST, MOST_EVER = 5, 20
"""Files of one answer: where its question says nothing, and what a question may say."""
LARGEST_ALL = 2 * LARGEST
"""Bytes of all files of one prescreen that are kept."""
MOST_ADDED = 60
"""Files that can be added to one prescreen, also those that were removed again."""
ADDS_A_MINUTE, ADDS_AN_HOUR = 30, 240
"""Forms with files from one network, which a household or an office may share."""
PORTION, PORTIONS_AN_HOUR = 4 * MEGABYTE, 256
"""Bytes from one network are counted in portions, one a form at least: a gigabyte an hour."""
KEPT_AFTER = timedelta(days=7)
"""How long files of answers that were never sent are kept once the 30 days are over."""
KINDS = ("pictures", "pdf")
"""What a question may take alone; without one it takes both."""

_NAMED = re.compile(r"(.*) \(sha256:([0-9a-f]{64})\)", re.DOTALL)


class Named(NamedTuple):
    """A file as an answer names it. `sha256` is empty in a preview, where nothing is kept."""

    name: str
    sha256: str


def written(name: str, sha256: str) -> str:
    """A file as an answer names it."""
    return f"{name[:NAME_LENGTH]} (sha256:{sha256})"


def named(value: Answer | None) -> list[Named]:
    """The files that an answer names; none in an answer of another type."""
    if not isinstance(value, list):
        return []
    found = ((text, _NAMED.fullmatch(text)) for text in map(str, value))
    return [Named(match[1], match[2]) if match else Named(text, "") for text, match in found]


def without(value: Answer | None, sha256: str) -> list[str] | None:
    """An answer without one of its files; None where it does not name that one."""
    former = named(value)
    left = [written(each.name, each.sha256) for each in former if each.sha256 != sha256]
    return left if len(left) < len(former) else None


def hashes(answers: Mapping[str, Answer] | None) -> set[str]:
    """The SHA-256 of every file that some answers name."""
    return {each.sha256 for value in (answers or {}).values() for each in named(value) if each.sha256}


def shown(answers: Mapping[str, Answer], inquiries: Iterable["Asked"]) -> set[str]:
    """The SHA-256 of the files that staff see: of the answers as they are, and as they were before they were asked
    again. What is added to an answer that was not sent yet is not among them."""
    return hashes(answers).union(*(hashes(each.former) for each in inquiries))


def most(question: Question) -> int:
    """How many files an answer has at most."""
    return question.bounds.files or MOST


def largest(question: Question) -> int:
    """How many bytes one of them has at most."""
    return min(LARGEST, (question.bounds.megabytes or MOST_MEGABYTES) * MEGABYTE)


def check(question: Question, facts: Facts, size: int) -> None:
    """Raises UnfitFile for a file that this question does not take."""
    if size > largest(question):
        raise UnfitFile("too_large", 413)
    if (question.bounds.only == "pictures") is (facts.mime == PDF) and question.bounds.only in KINDS:
        raise UnfitFile("not_taken", 415)


class Answers(Protocol):
    """What the rules need to know of a prescreen."""

    @property
    def submission(self) -> Mapping[str, Answer]: ...
    @property
    def status(self) -> str: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def erased_at(self) -> datetime | None: ...


class Asked(Protocol):
    """What they need to know of an inquiry."""

    @property
    def given(self) -> Mapping[str, Answer]: ...
    @property
    def adding(self) -> Mapping[str, Answer]: ...
    @property
    def former(self) -> Mapping[str, Answer] | None: ...
    @property
    def answered_at(self) -> datetime | None: ...


def kept(prescreen: Answers, inquiries: Iterable[Asked], now: datetime) -> set[str]:
    """The SHA-256 of the files that stay: those of answers that were sent, and of such that can still be.

    What stood in an answer before it was asked again stays readable.
    """
    if prescreen.erased_at:
        return set()
    open_still = now < prescreen.expires_at + KEPT_AFTER
    found = hashes(prescreen.submission) if prescreen.status == Status.COMPLETED or open_still else set()
    for each in inquiries:
        found |= hashes(each.former)
        if each.answered_at or open_still:
            found |= hashes(each.given)
        if each.answered_at is None and open_still:
            found |= hashes(each.adding)
    return found


def added(former: Sequence[Named], new: Iterable[Named]) -> list[str]:
    """An answer with further files, each once."""
    found = {each.sha256: each for each in (*former, *new)}
    return [written(each.name, each.sha256) for each in found.values()]
