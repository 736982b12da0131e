"""Answers as people read them: staff in English, prospects in the language of their chat."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from app.kernel.text.i18n import Translator
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.models import QuestionType as Type
from app.prescreens.rules.answers import Question

ENGLISH = TRANSLATIONS.translator("en")
SHORTEST_LONG = 280
"""Characters from which on an answer is folded away behind its beginning."""


def answer(question: Question | None, value: Any, t: Translator = ENGLISH) -> str:
    """One answer as text. Values come from prospects: whoever prints them escapes them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return t("yes" if value else "no")
    if isinstance(value, list):
        return ", ".join(answer(question, one, t) for one in value)
    if isinstance(value, int | float):
        return str(format_decimal(value, locale=t.lang))
    if question is not None and question.type in (Type.CHOICE, Type.CHOICES):
        return question.label_of(value)
    if question is not None and question.type is Type.DATE:
        return _day(str(value), t)
    return str(value)


def _day(text: str, t: Translator) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    # British order in English: the house writes 1 April 2027 everywhere.
    return str(format_date(day, "long", locale="en_GB" if t.lang == "en" else t.lang))


def beside_criteria(questions: Sequence[Question], submission: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every answer for staff, in template order; at the end what the template does not know, under its own key."""
    rows = [
        {
            "question": q.label,
            "answer": answer(q, submission.get(q.key)),
            "criterion": q.criterion,
            "met": q.met(submission),
            "asked": q.key in submission,
            "long": len(str(submission.get(q.key, ""))) > SHORTEST_LONG,
        }
        for q in questions
        if q.key in submission or q.condition is None
    ]
    known = {q.key for q in questions}
    rows += [
        {"question": key, "answer": answer(None, value), "criterion": "", "met": None, "asked": True, "long": False}
        for key, value in submission.items()
        if key not in known
    ]
    return rows


def headlines(questions: Sequence[Question], submission: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The few facts that decide, for the list: (short name, answer)."""
    found = [
        (q.short or q.label, answer(q, submission[q.key])) for q in questions if q.headline and q.key in submission
    ]
    return found[:2]


def not_met(questions: Sequence[Question], submission: Mapping[str, Any]) -> int:
    """How many criteria a machine can say are not met."""
    return sum(q.met(submission) is False for q in questions)
