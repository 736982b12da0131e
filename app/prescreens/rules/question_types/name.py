"""The name of the prospect."""

from collections.abc import Sequence

from app.kernel.text import normalization
from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import Reader, Widget
from app.prescreens.rules.question_types.text import ShortText
from app.prescreens.rules.questions import Answer, Question


class Name(ShortText):
    """A name. The first one that is answered names the prescreen."""

    type = QuestionType.NAME
    title = "a name"
    widget = Widget(autocomplete="name", dir="auto")

    def parse(self, question: Question, values: Sequence[str], reader: Reader) -> Answer:
        return normalization.name(str(super().parse(question, values, reader)))
