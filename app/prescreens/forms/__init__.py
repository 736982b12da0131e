"""Shape of what is typed at the prescreens desk; no rules. What a question accepts is decided by rules.answers."""

import json
import re

from wtforms import Field, HiddenField, TextAreaField
from wtforms.validators import ValidationError

from app.kernel.web.forms import NO_VERSION, DeskForm, VersionedForm, at_most, needed
from app.prescreens.queries.listing import Seen
from app.prescreens.rules.review import NOTES_LIMIT


class ButtonForm(DeskForm):
    """A form of one button."""


class AnswerForm(DeskForm):
    """One step of the chat. The answer itself is read by its question; it may be one field or several boxes."""

    step = HiddenField(validators=[needed("Load the page again: this form does not say which question it answers.")])


class SendForm(DeskForm):
    """The review of the answers. `seen` are the digests of the answers that it shows (rules.answers.seen)."""

    seen = HiddenField()

    @property
    def reviewed(self) -> dict[str, str] | None:
        """What the prospect saw of each answer; None when the form says nothing, as that of the former version."""
        if self.seen.data is None:
            return None
        try:
            found = json.loads(self.seen.data)
        except (ValueError, RecursionError):
            return {}
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


class DecisionForm(VersionedForm):
    """Approve or deny, with notes for the team. The button's value is the fingerprint of the e-mail that it sends."""

    notes = TextAreaField("Notes for your team", validators=[at_most(NOTES_LIMIT)])


class AssignForm(VersionedForm):
    """Assign or unassign, with the version and assignee that the user saw (queries.listing.Seen)."""

    def validate_version(self, field: Field) -> None:
        if field.data and not re.fullmatch(r"[0-9]{1,18}", str(field.data)):
            raise ValidationError(NO_VERSION)

    @property
    def seen(self) -> Seen:
        """The version and assignee that the user saw."""
        return Seen.read(int(self.version.data))
