"""Questions and answers in words, for prospects in their language and for staff in English."""

from collections.abc import Mapping, Sequence
from datetime import date

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_name

from app.kernel.text.i18n import Translator, language_of
from app.prescreens.locales import TRANSLATIONS
from app.prescreens.rules import texts
from app.prescreens.rules.bounds import LIMITING
from app.prescreens.rules.files import MEGABYTE, largest, most
from app.prescreens.rules.question_types import TYPES, plain_text
from app.prescreens.rules.questions import Answer, Condition, Question

ENGLISH = TRANSLATIONS.translator("en")


def answer_text(question: Question | None, value: Answer | None, t: Translator = ENGLISH) -> str:
    """An answer as text. Values are a prospect's: templates escape them."""
    if value is None:
        return ""
    return plain_text(value, t) if question is None else TYPES[question.type].format(question, value, t)


def fields(question: Question, value: Answer | None, locale: str) -> list[str]:
    """A stored answer as values of the form's fields."""
    return [] if value is None else TYPES[question.type].fields(value, locale)


def problem(question: Question, code: str, today: date | None, t: Translator) -> str:
    """Why an answer was refused, in the language of the prospect."""
    if code in LIMITING:
        return t(f"bound_{code}", bound=answer_text(question, question.bounds.limit(code, today), t))
    size = largest(question) // MEGABYTE
    return t(f"error_{code}", currency=currency_name(question.currency, t), most=most(question), size=size)


def condition_text(condition: Condition, questions: Sequence[Question]) -> str:
    """When a question is asked, as staff read it: `“Do you have pets?” is Yes or No`."""
    known = {question.key: question for question in questions}
    parts = []
    for clause in condition.clauses:
        question = known.get(clause.key)
        if clause.one_of:
            rest = "is " + " or ".join(answer_text(question, value) for value in clause.one_of)
        elif clause.at_least is not None:
            rest = f"is at least {answer_text(question, clause.at_least)}"
        else:
            rest = "is answered"
        parts.append(f"“{question.label if question else clause.key}” {rest}")
    return (" or " if condition.any else " and ").join(parts)


def language_name(locale: str) -> str:
    """What a language calls itself: `Español`; its code where nobody knows."""
    try:
        return str(Locale(language_of(locale)).display_name).capitalize()
    except (UnknownLocaleError, ValueError):
        return locale


def text_place(address: str, questions: Mapping[str, Question]) -> str:
    """Where a text stands that can be translated, as an editor reads it: `3 · help`."""
    if address in texts.NAMES:
        return texts.NAMES[address]
    for number, question in enumerate(questions.values(), 1):
        if address.startswith(f"{question.key}."):
            member = address.removeprefix(f"{question.key}.").partition(".")[0]
            return f"{number} · {_PLACES.get(member, member)}"
    return address


_PLACES = {"label": "question", "hint": "help", "options": "answer"}


def currency_name(currency: str, t: Translator) -> str:
    """What a language calls a currency: `US dollars`; empty for none."""
    return str(get_currency_name(currency, count=2, locale=t.lang)) if currency else ""
