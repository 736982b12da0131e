"""Short text: one line."""

from collections.abc import Sequence

from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import AnswerType, Reader, Refused, Widget
from app.prescreens.rules.questions import Answer, Question


class ShortText(AnswerType):
    """One line of text; line breaks and runs of spaces become one space."""

    type = QuestionType.TEXT
    title = "a line of text"
    widget = Widget(autocomplete="on", dir="auto")
    limit = 200
    errors = {"too_long": "Please shorten this: at most 200 characters fit here."}

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        if len(values[0]) > self.limit:
            raise Refused("too_long")
        return " ".join(values[0].split())
