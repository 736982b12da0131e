"""A number, in the conventions of the language."""

from collections.abc import Sequence
from typing import ClassVar

from app.kernel.text import normalization
from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import AnswerType, Reader, Refused, Widget
from app.prescreens.rules.questions import Answer, Question


class Number(AnswerType):
    """A number with its bounds; its criterion is a smallest or a largest one."""

    type = QuestionType.NUMBER
    title = "a number"
    widget = Widget(inputmode="decimal")
    read_back = True
    bounds: ClassVar[Sequence[str]] = ("at_least", "at_most", "step", "whole")
    criterion = ("at_least", "at_most")
    errors = {
        "two_readings": "This can be read as two numbers. Please type it again without a mark for thousands.",
        "not_a_number": "Please type a number in digits, for example 2500 or 2500.50.",
        "not_whole": "Please type a whole number.",
        "too_small": "Please type a number of at least {bound}.",
        "too_large": "Please type a number of at most {bound}.",
        "not_step": "Please type a multiple of {bound}.",
    }

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        try:
            value = normalization.number(values[0], reader.locale)
        except normalization.Ambiguous:
            raise Refused("two_readings") from None
        except normalization.NotANumber:
            raise Refused("not_a_number") from None
        code = question.bounds.broken_by(value, reader.today)
        if code:
            raise Refused(code)
        return value

    def fields(self, value: Answer, locale: str) -> list[str]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return super().fields(value, locale)
        return [normalization.written(value, locale)]
