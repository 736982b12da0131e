"""Shape of what the scheduling team types; no rules."""

from email_validator import EmailNotValidError, validate_email
from wtforms import BooleanField, Field, SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError

from app.depositions.rules.transitions import NOTICE_LIMIT, REASON_LIMIT, ROOM_LIMIT
from app.kernel.web.forms import VersionedForm, at_most, needed

OTHER = "other"
"""The choice for a manager who has no account here."""


class ScheduleForm(VersionedForm):
    """Who manages the session, and where it takes place. `manager` is a person's id, or OTHER with name and e-mail."""

    manager = SelectField("Manager", validators=[needed("Choose who manages the session.")])
    manager_name = StringField("Their name", validators=[at_most(200)])
    manager_email = StringField("Their e-mail", validators=[at_most(254)])
    provider = StringField("Video provider", validators=[at_most(100)])
    room_url = StringField("Room", validators=[needed("Say where people meet."), at_most(ROOM_LIMIT)])
    reason = TextAreaField("Why over an overlap?", validators=[at_most(REASON_LIMIT)])

    def validate_manager_name(self, field: Field) -> None:
        if self.manager.data == OTHER and not field.data:
            raise ValidationError("Write the manager’s name, or choose somebody from the list.")

    def validate_manager_email(self, field: Field) -> None:
        if self.manager.data != OTHER:
            return
        try:
            validate_email(field.data or "", check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise ValidationError("Write the manager’s e-mail address, for example name@example.com.") from None


class RoomForm(VersionedForm):
    """Where people meet."""

    room_url = StringField("Room", validators=[needed("Say where people meet."), at_most(ROOM_LIMIT)])


class CancelForm(VersionedForm):
    """Whether everybody invited is told by e-mail."""

    tell = BooleanField("Tell everybody invited by e-mail")


class NoticeForm(VersionedForm):
    """The note the organization reads as `notice`."""

    notice = TextAreaField("Notice to the organization", validators=[at_most(NOTICE_LIMIT)])


class MoveForm(VersionedForm):
    """A form of one button."""
