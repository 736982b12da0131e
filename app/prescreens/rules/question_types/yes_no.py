"""Yes or no."""

from collections.abc import Sequence

from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import AnswerType, Reader, Refused, Widget
from app.prescreens.rules.questions import Answer, Question


class YesNo(AnswerType):
    """Yes or no; its criterion is one of them."""

    type = QuestionType.YESNO
    title = "yes or no"
    widget = Widget("radio")
    criterion = ("one_of",)
    empty = "Please choose yes or no."
    errors = {"not_a_choice": "Please choose yes or no."}

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        if values[0] not in ("yes", "no"):
            raise Refused("not_a_choice")
        return values[0] == "yes"

    def fields(self, value: Answer, locale: str) -> list[str]:
        return ["yes" if value else "no"] if isinstance(value, bool) else super().fields(value, locale)
