"""An e-mail address."""

from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email

from app.kernel.text import normalization
from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import AnswerType, Reader, Refused, Widget
from app.prescreens.rules.questions import Answer, Question


class Email(AnswerType):
    """An e-mail address. The first one that is answered gets the decision."""

    type = QuestionType.EMAIL
    title = "an e-mail address"
    widget = Widget(type="email", inputmode="email", autocomplete="email", dir="ltr")
    errors = {"not_an_email": "Please check this e-mail address. It should look like name@example.com."}

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        try:
            return validate_email(normalization.email(values[0]), check_deliverability=False).normalized
        except EmailNotValidError:
            raise Refused("not_an_email") from None
