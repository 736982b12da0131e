"""Shape of what is typed at the prescreens desk; no rules. What a question accepts is decided by rules.answers."""

import json
import re
from datetime import datetime

from flask import request
from wtforms import Field, HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import ValidationError

from app.kernel.text import normalization
from app.kernel.web.forms import NO_VERSION, DeskForm, VersionedForm, at_most, needed
from app.prescreens.queries.listing import Seen
from app.prescreens.rules import inquiries
from app.prescreens.rules.reasons import LENGTHS, Grounds, Reason
from app.prescreens.rules.review import NOTES_LIMIT

ELSE = ":else"
"""What a reason is about where it is no criterion; no question has such a key."""


class ButtonForm(DeskForm):
    """A form of one button."""


class StartForm(DeskForm):
    """Start. `website` is a field that people neither see nor hear of; programs that fill in every field fill it."""

    website = StringField()
    lang = HiddenField()


class LanguageForm(DeskForm):
    """Another language of the chat, by its button."""

    lang = StringField()


class AnswerForm(DeskForm):
    """One step of the chat. The answer itself is read by its question; it may be one field or several boxes."""

    step = HiddenField(validators=[needed("Reload the page: this form does not say which question it answers.")])


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
    """Approve or deny, with reasons, and notes for the team. The button's value is the fingerprint of the e-mails that
    it sends. `shown` is when the page was shown. A reason has two more fields that are named after it: what it is about
    (a criterion or `ELSE`), and what else."""

    reason = SelectMultipleField("Reasons for a denial", validate_choice=False)
    why = TextAreaField("Why nevertheless", validators=[at_most(LENGTHS["why"])])
    notes = TextAreaField("Notes for your team", validators=[at_most(NOTES_LIMIT)])
    shown = HiddenField()

    def validate_reason(self, field: Field) -> None:
        texts = [*field.data, *(_other(text) for text in field.data)]
        if any("\x00" in text for text in texts):
            raise ValidationError("This has a character in it that cannot be stored. Delete it and type it again.")

    @property
    def grounds(self) -> Grounds:
        """What the user says with the decision."""
        chosen = [(text, request.form.get(f"about:{text}", "")) for text in self.reason.data or ()]
        given = tuple(
            Reason(text, "", _other(text)) if about in ("", ELSE) else Reason(text, about) for text, about in chosen
        )
        try:
            shown = datetime.fromisoformat(self.shown.data or "")
        except ValueError:
            shown = None
        return Grounds(given, self.why.data or "", shown if shown and shown.tzinfo else None)

    def beside(self, reason: str) -> tuple[str, str]:
        """What was chosen as what a reason is about, and what was typed as what else."""
        return request.form.get(f"about:{reason}", ""), _other(reason)


def _other(reason: str) -> str:
    return normalization.text(request.form.get(f"other:{reason}", ""))


class LookForm(VersionedForm):
    """What the user would decide at a blind first look, by the button that they press."""

    choice = StringField()


class NoteForm(DeskForm):
    """A note for the team."""

    text = TextAreaField("Note", validators=[needed("Write the note first."), at_most(NOTES_LIMIT)])


class AskForm(VersionedForm):
    """What the prospect is asked again: questions of the questionnaire, and further ones, one a line."""

    keys = SelectMultipleField("Ask again", validate_choice=False)
    added = TextAreaField("Further questions, one a line")
    text = TextAreaField("What you write to them", validators=[at_most(inquiries.LENGTHS["text"])])

    @property
    def labels(self) -> list[str]:
        """The further questions."""
        return [label for line in (self.added.data or "").splitlines() if (label := normalization.name(line))]


class AssignForm(VersionedForm):
    """Assign or unassign, with the version and assignee that the user saw (queries.listing.Seen)."""

    def validate_version(self, field: Field) -> None:
        if field.data and not re.fullmatch(r"[0-9]{1,18}", str(field.data)):
            raise ValidationError(NO_VERSION)

    @property
    def seen(self) -> Seen:
        """The version and assignee that the user saw."""
        return Seen.read(int(self.version.data))
