"""Shape of questions, answers, and what is written down of a call; no rules."""

from wtforms import Field, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import ValidationError

from app.depositions.rules.proposals import NOTE_LIMIT
from app.depositions.rules.questions import ANSWER_LIMIT, MOMENT, QUESTION_LIMIT, NewQuestion
from app.depositions.rules.questions import Kind as QuestionKind
from app.kernel.web.forms import DeskForm, VersionedForm, at_most, choices, needed


class AnswerForm(DeskForm):
    """A visitor’s answer: one that was prepared, and what is written besides."""

    answer = StringField("Answer", validators=[at_most(20)])
    note = TextAreaField("Remark", validators=[at_most(ANSWER_LIMIT)])


class HoursForm(DeskForm):
    """What a visitor writes beside their answers about offered hours; `zone` is what their browser names."""

    note = TextAreaField("Remark", validators=[at_most(NOTE_LIMIT)])
    zone = HiddenField(validators=[at_most(64)])


class AskForm(VersionedForm):
    """A question to the organization, and how it is answered."""

    question = TextAreaField("Question", validators=[needed("Write the question."), at_most(QUESTION_LIMIT)])
    kind = RadioField(
        "They answer",
        choices=choices(
            (QuestionKind.YES_NO.value, "yes or no"),
            (QuestionKind.HOURS.value, "with one of these hours"),
            (QuestionKind.TEXT.value, "in their own words"),
        ),
        default=QuestionKind.YES_NO.value,
        validators=[needed("Choose how they answer.")],
    )
    hour_1 = StringField("First hour", validators=[at_most(16)])
    hour_2 = StringField("Second hour", validators=[at_most(16)])
    hour_3 = StringField("Third hour", validators=[at_most(16)])

    @property
    def question_asked(self) -> NewQuestion:
        """What is asked, once the form is checked."""
        kind = QuestionKind(self.kind.data)
        hours = [field.data for field in self._hours() if field.data] if kind is QuestionKind.HOURS else []
        return NewQuestion(self.question.data, kind, tuple(dict.fromkeys(hours)))

    def _hours(self) -> tuple[Field, ...]:
        return (self.hour_1, self.hour_2, self.hour_3)

    def validate_kind(self, field: Field) -> None:
        if field.data != QuestionKind.HOURS.value:
            return
        if not any(hour.data for hour in self._hours()):
            raise ValidationError("Type at least one hour, or choose another kind of answer.")
        if not all(MOMENT.fullmatch(hour.data) for hour in self._hours() if hour.data):
            raise ValidationError("Write each hour as a date and a time, for example 2026-12-17T14:00.")


class ReconfirmForm(VersionedForm):
    """What somebody said on the phone. `person` is what links call them (queries/reconfirmation.py)."""

    person = HiddenField(validators=[needed("Reload the page: this form does not say who answered.")])
    answer = HiddenField(validators=[needed("Reload the page: this form does not say what was answered.")])
