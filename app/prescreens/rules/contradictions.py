"""Answers that do not go together. They are shown, and judged by nobody but a reader."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import NamedTuple

from app.kernel.text import normalization
from app.prescreens.models import QuestionType, Submission
from app.prescreens.rules.bounds import MOVING, PEOPLE, default
from app.prescreens.rules.questions import Question

_WORDS = (
    "one two three four five six seven eight nine ten",
    "uno dos tres cuatro cinco seis siete ocho nueve diez",
    "un deux trois quatre cinq six sept huit neuf dix",
    "واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
    "واحدة اثنين ثلاث أربع خمس ست سبع ثماني تسع عشر",
)
NUMBERS = {word: number for words in _WORDS for number, word in enumerate(words.split(), 1)}
_COUNT = rf"(\d{{1,2}}|{'|'.join(NUMBERS)})"
_PEOPLE = (
    rf"\b(?:family of {_COUNT}|we are {_COUNT}|{_COUNT} (?:of us|people|persons|adults|occupants)"
    rf"|familia de {_COUNT}|somos {_COUNT}|{_COUNT} (?:personas|adultos)"
    rf"|famille de {_COUNT}|nous sommes {_COUNT}|{_COUNT} (?:personnes|adultes)"
    rf"|(?:عائلة|أسرة) من {_COUNT}|نحن {_COUNT}|{_COUNT} (?:أشخاص|أفراد|بالغين))\b"
)
"""How texts say a number of people."""


@cache
def _pattern() -> re.Pattern[str]:
    """Compiled by the first text that is read: with so many words it takes a fortieth of the start of a process."""
    return re.compile(_PEOPLE, re.IGNORECASE)


class Contradiction(NamedTuple):
    """An answer, what it says, and what does not go with it. `key` is that of its question."""

    key: str
    kind: str
    value: str
    other: str


def contradictions(questions: Sequence[Question], submission: Submission, sent_on: date) -> list[Contradiction]:
    """The contradictions within the answers of one prescreen that was sent on a day."""
    return [*_people(questions, submission), *_past(questions, submission, sent_on)]


def _people(questions: Sequence[Question], submission: Submission) -> Iterator[Contradiction]:
    """A number of people, and another one in a text."""
    texts = [
        str(submission[question.key])
        for question in questions
        if question.type in (QuestionType.LONGTEXT, QuestionType.TEXT) and question.key in submission
    ]
    for question in questions:
        value = submission.get(question.key)
        counts_people = question.type is QuestionType.NUMBER and default(question.key, question.type) == PEOPLE
        if not counts_people or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        for text in texts:
            for found in _pattern().finditer(" ".join(normalization.plain(text).split())):
                word = next(filter(None, found.groups())).lower()
                number = NUMBERS.get(word) or int(word)
                if number != value:
                    yield Contradiction(question.key, "people", f"{value:g}", found[0])


def _past(questions: Sequence[Question], submission: Submission, sent_on: date) -> Iterator[Contradiction]:
    """A day of moving in before the answers were sent."""
    for question in questions:
        moves = question.type is QuestionType.DATE and default(question.key, question.type) == MOVING
        if not moves or question.key not in submission:
            continue
        try:
            day = date.fromisoformat(str(submission[question.key]))
        except ValueError:
            continue
        if day < sent_on:
            yield Contradiction(question.key, "past", day.isoformat(), sent_on.isoformat())
