"""Shape of what people type in the inspections room; no rules."""

from __future__ import annotations

from wtforms import BooleanField, DateTimeLocalField, HiddenField, SelectField, StringField, TextAreaField

from app.accounts.rules import LOCALES
from app.inspections.payloads import NOTES_LENGTH
from app.kernel.web.forms import DeskForm, VersionedForm, at_most, choices, needed, optional

LIVES = (("60", "1 hour"), ("1440", "1 day"), ("4320", "3 days"), ("10080", "7 days"), ("43200", "30 days"))
"""How long a link may work, in minutes, as the desk offers it; the API takes any number from 5 to 43200."""


class PressForm(DeskForm):
    """A form of one button. `version` says how the reader saw the inspection, or the invite it stands at."""

    version = HiddenField()


class TakeForm(VersionedForm):
    """Taking it, or giving it back."""


class NewInspectionForm(DeskForm):
    """A new inspection. The time is wall time of the organization."""

    organization = SelectField("Organization")
    notes = TextAreaField("Notes the invitee sees", validators=[at_most(NOTES_LENGTH)])
    scheduled_for = DateTimeLocalField("When", format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], validators=[optional()])
    locale = SelectField("Language", choices=choices(*LOCALES.items()))
    campaign = SelectField("Campaign")


class InviteForm(DeskForm):
    """Who is let in, and how they hear of it."""

    recipient_first_name = StringField("First name", validators=[at_most(100)])
    recipient_last_name = StringField("Last name", validators=[at_most(100)])
    recipient_email = StringField("E-mail", validators=[at_most(320)])
    recipient_phone = StringField("Telephone", validators=[at_most(40)])
    send_email = BooleanField("Send the link too, not only the code", default=True)
    ttl_minutes = SelectField("The link works for", choices=choices(*LIVES), default="1440")


class NotesForm(DeskForm):
    """What the invitee is told. `version` is the digest of the notes this form was filled with: of them alone, since
    every picture that arrives makes a new version of the inspection.
    """

    notes = TextAreaField("Notes the invitee sees", validators=[at_most(NOTES_LENGTH)])
    version = HiddenField(validators=[needed("Load the page again: this form does not say which notes it shows.")])


class RemarkForm(DeskForm):
    """A remark that is sealed into the record."""

    text = TextAreaField("Remark", validators=[needed("Write the remark first."), at_most(NOTES_LENGTH)])


class FieldForm(DeskForm):
    """What the pages of the field user send: the link's token, and on one of them the code."""

    t = HiddenField()
    code = StringField()


class ConsentForm(DeskForm):
    """What the field user allows: granted or denied, each."""

    camera = StringField()
    gps = StringField()
