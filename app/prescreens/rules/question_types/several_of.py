"""Any of several answers."""

from collections.abc import Sequence

from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import Reader, Widget
from app.prescreens.rules.question_types.one_of import OneOf
from app.prescreens.rules.questions import Answer, Question


class SeveralOf(OneOf):
    """Any of the question's options, in their order; its criterion allows some of them."""

    type = QuestionType.CHOICES
    title = "any of several"
    widget = Widget("checkbox")
    several = True
    empty = "Please choose at least one of the answers."

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        chosen = {self._chosen(question, value) for value in values}
        return [option.value for option in question.options if option.value in chosen]
