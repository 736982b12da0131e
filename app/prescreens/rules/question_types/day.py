"""A date."""

import re
from collections.abc import Sequence
from datetime import date

from babel.dates import format_date

from app.kernel.text import normalization
from app.kernel.text.i18n import Translator
from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import AnswerType, Reader, Refused, Widget, plain_text
from app.prescreens.rules.questions import Answer, Question

_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)


class Day(AnswerType):
    """A day of the calendar. Its bounds are days before and after the day on which it is answered."""

    type = QuestionType.DATE
    title = "a date"
    widget = Widget(type="date")
    bounds = ("days_before", "days_after")
    errors = {
        "not_a_date": "Please type a date as year-month-day, for example 2027-04-01.",
        "too_early": "Please type a date that is not before {bound}.",
        "too_late": "Please type a date that is not after {bound}.",
    }

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        found = _DATE.fullmatch(normalization.plain(values[0]))
        try:
            day = date(*map(int, found.groups())) if found else None
        except ValueError:
            day = None
        if day is None or not 1900 <= day.year <= 2200:
            raise Refused("not_a_date")
        code = question.bounds.broken_by(day, reader.today)
        if code:
            raise Refused(code)
        return day.isoformat()

    def format(self, question: Question, value: Answer, t: Translator) -> str:
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            return plain_text(value, t)
        # British order in English, as on every page: 1 April 2027.
        return str(format_date(day, "long", locale="en_GB" if t.lang == "en" else t.lang))
