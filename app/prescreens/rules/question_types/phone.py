"""A telephone number."""

from collections.abc import Sequence

from app.kernel.text import normalization
from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import AnswerType, Reader, Refused, Widget
from app.prescreens.rules.questions import Answer, Question


class Phone(AnswerType):
    """A telephone number as it is dialled in the organization's country; contacts are matched by its key in E.164."""

    type = QuestionType.PHONE
    title = "a telephone number"
    widget = Widget(type="tel", inputmode="tel", autocomplete="tel", dir="ltr")
    errors = {"not_a_phone": "Please type the number in digits, for example +1 555 010 4477."}

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        number = normalization.telephone(values[0])
        if not number:
            raise Refused("not_a_phone")
        return number
