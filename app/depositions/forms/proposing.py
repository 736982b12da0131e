"""Shape of the hours that participants are offered; no rules."""

from datetime import datetime

from wtforms import BooleanField, Field, IntegerField, SelectMultipleField, StringField, TextAreaField, widgets
from wtforms.validators import ValidationError

from app.depositions.rules.proposals import NewProposal, read_slot
from app.depositions.rules.questions import MOMENT, start_of
from app.depositions.rules.transitions import BECAUSE_LIMIT
from app.kernel.web.forms import VersionedForm, at_most, optional


class ProposeForm(VersionedForm):
    """Which hours are offered, how many people have to be able to come, and until when they answer."""

    slots = SelectMultipleField("Hours", validate_choice=False, option_widget=widgets.CheckboxInput())
    quorum = IntegerField("How many have to be able to come", validators=[optional()])
    answers_until = StringField("They answer until")
    because = TextAreaField("Why it is to be moved", validators=[at_most(BECAUSE_LIMIT)])
    own_clock_only = BooleanField("Look at the session’s own clock only")

    def validate_slots(self, field: Field) -> None:
        try:
            for slot in field.data or ():
                read_slot(slot)
        except ValueError:
            raise ValidationError("Choose among the hours on the page. Reload it to see them.") from None

    def validate_answers_until(self, field: Field) -> None:
        if field.data and not MOMENT.fullmatch(field.data):
            raise ValidationError("Type a date and a time, for example 2026-12-17T14:00.")

    def proposal(self, time_zone: str) -> NewProposal:
        """What is offered, once the form is checked. Raises Invalid for a moment that does not exist in the zone."""
        until: datetime | None = None
        if self.answers_until.data:
            until = start_of(self.answers_until.data, time_zone).starts_at
        return NewProposal(
            tuple(sorted(read_slot(slot) for slot in self.slots.data or ())),
            self.quorum.data or 0,
            until,
            self.because.data or "",
            bool(self.own_clock_only.data),
        )
