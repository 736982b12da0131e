"""Shape of what people type in the prescreens room; no rules. What a question accepts is decided by rules.answers."""

from wtforms import HiddenField, TextAreaField

from app.kernel.forms import DeskForm, VersionedForm, at_most, needed
from app.prescreens.rules.review import NOTES_LIMIT


class PressForm(DeskForm):
    """A form of one button."""


class AnswerForm(DeskForm):
    """One step of the chat. The answer itself is read by its question; it may be one field or several boxes."""

    step = HiddenField(validators=[needed("Load the page again: this form does not say which question it answers.")])
    back_to = HiddenField()


class DecisionForm(VersionedForm):
    """Approve or deny, with notes for the team. The button's value is the digest of what it would send."""

    notes = TextAreaField("Notes for your team", validators=[at_most(NOTES_LIMIT)])


class TakeForm(DeskForm):
    """Take it from whoever has it now (empty: nobody)."""

    holder = HiddenField()
