"""The types of questions, one file each. A new one is listed here and named in `models.QuestionType`."""

from app.prescreens.models import QuestionType
from app.prescreens.rules.question_types._base import ANYBODY, AnswerType, Reader, Refused, Widget, plain_text
from app.prescreens.rules.question_types.day import Day
from app.prescreens.rules.question_types.email import Email
from app.prescreens.rules.question_types.file import File
from app.prescreens.rules.question_types.long_text import LongText
from app.prescreens.rules.question_types.money import Money
from app.prescreens.rules.question_types.name import Name
from app.prescreens.rules.question_types.number import Number
from app.prescreens.rules.question_types.one_of import OneOf
from app.prescreens.rules.question_types.phone import Phone
from app.prescreens.rules.question_types.several_of import SeveralOf
from app.prescreens.rules.question_types.text import ShortText
from app.prescreens.rules.question_types.yes_no import YesNo

__all__ = ["ANYBODY", "TYPES", "AnswerType", "Reader", "Refused", "Widget", "plain_text"]

_ALL: tuple[AnswerType, ...] = (
    ShortText(),
    LongText(),
    Name(),
    Number(),
    Money(),
    Day(),
    YesNo(),
    OneOf(),
    SeveralOf(),
    Email(),
    Phone(),
    File(),
)
TYPES: dict[QuestionType, AnswerType] = {each.type: each for each in _ALL}
"""Every type, in the order in which an editor offers them."""
