"""Shape of what operators and field users type; no rules."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    EmailField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

from app.accounts.rules import LOCALES
from app.inspections.payloads import NOTES_LENGTH, NewParticipant
from app.inspections.rules import ANSWERS, FIELD, SUBJECT_NAMES, SUBJECTS, WORDING_LENGTH, WORDING_REASON
from app.kernel.api.validation import read
from app.kernel.web.forms import CodeField, DeskForm, NameField, VersionedForm, at_most, choices, needed, optional

LIFETIMES = (("60", "1 hour"), ("1440", "1 day"), ("4320", "3 days"), ("10080", "7 days"), ("43200", "30 days"))
"""Lifetimes of a link that the form offers, in minutes; the API takes any number from 5 to 43200."""


ROLES = {
    "field": "Field user, who shows and answers",
    "observer": "Observer, who looks on",
    "auditor": "Auditor, who looks on",
}
"""Roles of an invite, as the form offers them."""


class ButtonForm(DeskForm):
    """A form of one button. `version` is that of the inspection or the invite as the page showed it."""

    version = HiddenField()


class AssignForm(VersionedForm):
    """Assigning or unassigning an inspection."""


SUBJECT_CHOICES = choices(*((subject, name.capitalize()) for subject, name in SUBJECT_NAMES.items()))
"""What an inspection can use, as forms offer it."""


class NewInspectionForm(DeskForm):
    """A new inspection. Its time is local to the organization. `asking` says that the form offered the subjects, since
    boxes of which none is ticked are not sent: a form without them asks for everything."""

    organization = SelectField("Organization")
    notes = TextAreaField("Notes for the field user", validators=[at_most(NOTES_LENGTH)])
    scheduled_for = DateTimeLocalField("When", format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], validators=[optional()])
    locale = SelectField("Language", choices=choices(*LOCALES.items()))
    campaign = SelectField("Campaign")
    subjects = SelectMultipleField("What you ask field users to allow", choices=SUBJECT_CHOICES)
    asking = HiddenField()

    def asked(self) -> Sequence[str]:
        """What field users are asked to allow."""
        return self.subjects.data or () if self.asking.data else SUBJECTS


class InviteForm(DeskForm):
    """Who is invited, and how they are notified."""

    recipient_first_name = NameField("First name", validators=[at_most(100)])
    recipient_last_name = NameField("Last name", validators=[at_most(100)])
    recipient_email = EmailField("E-mail", validators=[at_most(320)])
    recipient_phone = StringField("Telephone", validators=[at_most(40)])
    send_email = BooleanField("Send the link too, not only the code", default=True)
    role = SelectField("They take part as", choices=choices(*ROLES.items()), default=FIELD)
    ttl_minutes = SelectField("The link works for", choices=choices(*LIFETIMES), default="1440")

    def participant(self) -> NewParticipant:
        """The invite that was typed, judged like the API's body. Raises Invalid."""
        return read(
            NewParticipant,
            {
                "recipient_first_name": self.recipient_first_name.data or "",
                "recipient_last_name": self.recipient_last_name.data or "",
                "recipient_email": self.recipient_email.data or "",
                "recipient_phone": self.recipient_phone.data or "",
                "send_email": bool(self.send_email.data),
                "ttl_minutes": int(self.ttl_minutes.data),
                "role": self.role.data,
            },
        )


class NotesForm(DeskForm):
    """The notes that the invitee sees. `version` is the digest of the notes that this form was filled with, since
    every picture that arrives makes a new version of the inspection.
    """

    notes = TextAreaField("Notes for the field user", validators=[at_most(NOTES_LENGTH)])
    version = HiddenField(validators=[needed("Reload the page: this form does not say which notes it shows.")])


class SubjectsForm(DeskForm):
    """What field users are asked to allow. `seen` are the subjects that this form was filled with."""

    subjects = SelectMultipleField("Asked of field users", choices=SUBJECT_CHOICES)
    seen = HiddenField()


class RemarkForm(DeskForm):
    """A remark for the record."""

    text = TextAreaField("Remark", validators=[needed("Write the remark first."), at_most(NOTES_LENGTH)])


class EraseForm(DeskForm):
    """Why what is personal about a participant, or evidence, is erased, and why a legal hold is placed or released."""

    reason = StringField("Reason", validators=[needed("Say why: it is kept in the activity."), at_most(300)])


class FieldForm(DeskForm):
    """The forms of the field user's pages: the token of the link, and on one page the code."""

    t = HiddenField()
    code = CodeField()


class ConsentForm(DeskForm):
    """What the field user allows, each granted or denied. `wording` is the digest of the words that the page showed."""

    camera = StringField()
    gps = StringField()
    recording = StringField()
    wording = HiddenField()

    def answers(self) -> dict[str, str]:
        """The answers that were given, by subject."""
        given = {subject: self[subject].data for subject in SUBJECTS}
        return {subject: str(answer) for subject, answer in given.items() if answer in ANSWERS}


class WordingForm(VersionedForm):
    """The words in which an organization asks for consent, in one language; an empty one is the product's."""

    camera = TextAreaField("Camera", validators=[at_most(WORDING_LENGTH)])
    gps = TextAreaField("Place", validators=[at_most(WORDING_LENGTH)])
    recording = TextAreaField("Recording", validators=[at_most(WORDING_LENGTH)])
    reason = NameField("Why this change?", validators=[at_most(WORDING_REASON)])

    def texts(self) -> dict[str, str]:
        """What was typed, by subject."""
        return {subject: self[subject].data or "" for subject in SUBJECTS}


class WithdrawForm(DeskForm):
    """What a field user takes back on their receipt."""

    subject = HiddenField()
