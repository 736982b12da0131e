"""One of several answers."""

from collections.abc import Sequence

from app.kernel.text.i18n import Translator
from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import AnswerType, Reader, Refused, Widget, plain_text
from app.prescreens.rules.questions import Answer, Question


class OneOf(AnswerType):
    """One of the question's options; its criterion is some of them."""

    type = QuestionType.CHOICE
    title = "one of several"
    widget = Widget("radio")
    criterion = ("one_of",)
    empty = "Please choose one of the answers."
    errors = {"not_a_choice": "Please choose one of the answers."}

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        return self._chosen(question, values[0])

    def format(self, question: Question, value: Answer, t: Translator) -> str:
        if isinstance(value, list):
            return ", ".join(question.label_of(each) for each in value)
        return question.label_of(value) if isinstance(value, str) else plain_text(value, t)

    @staticmethod
    def _chosen(question: Question, value: str) -> str:
        if value not in (option.value for option in question.options):
            raise Refused("not_a_choice")
        return value
