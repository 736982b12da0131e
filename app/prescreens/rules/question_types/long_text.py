"""Long text: paragraphs."""

from collections.abc import Sequence

from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import AnswerType, Reader, Refused, Widget
from app.prescreens.rules.questions import Answer, Question


class LongText(AnswerType):
    """Text of several lines, kept as it was written."""

    type = QuestionType.LONGTEXT
    title = "longer text"
    widget = Widget("textarea", dir="auto")
    limit = 5000
    errors = {"too_long": "Please shorten this: at most 5,000 characters fit here."}

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        if len(values[0]) > self.limit:
            raise Refused("too_long")
        return values[0]
