"""Shape of what the scheduling team types; no rules."""

import re
from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email
from wtforms import BooleanField, DateField, EmailField, Field, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import ValidationError

from app.depositions.actions import Booking, Move
from app.depositions.models import Manager
from app.depositions.rules.new_request import LONGEST_HOURS, Start, clock_of, parse_start
from app.depositions.rules.roster import COLUMNS, NOTE_LIMIT, RosterFacts
from app.depositions.rules.roster import read as read_roster
from app.depositions.rules.settings import PROMISED_HOURS, PROMISED_RANGE, SettingsFields
from app.depositions.rules.transitions import NOTICE_LIMIT, REASON_LIMIT, ROOM_LIMIT
from app.kernel.web.forms import DeskForm, NameField, VersionedForm, at_most, needed, optional

OTHER = "other"
"""The choice for a manager who is not in the roster."""


class ScheduleForm(VersionedForm):
    """Who manages the session, and where it takes place. `manager` is the id of a row of the roster, or OTHER with name
    and e-mail of somebody who gets one. Without a room the manager's own is meant."""

    manager = RadioField("Manager", validators=[needed("Choose who manages the session.")])
    manager_name = NameField("Their name", validators=[at_most(200)])
    manager_email = EmailField("Their e-mail", validators=[at_most(254)])
    provider = StringField("Video provider", validators=[at_most(100)])
    room_url = StringField("Room", validators=[at_most(ROOM_LIMIT)])
    reason = TextAreaField(
        "Reason to book despite an overlap",
        validators=[at_most(REASON_LIMIT)],
        description="Kept in the activity, not sent to anyone.",
    )

    def offer(self, team: Sequence[Manager]) -> None:
        """Offers the team as managers, and somebody else."""
        self.manager.choices = [*((str(one.id), one.name) for one in team), (OTHER, "Somebody else")]

    def booking(self, team: Sequence[Manager]) -> Booking:
        """What was decided, once the form is checked."""
        chosen = next((one for one in team if str(one.id) == self.manager.data), None)
        return Booking(
            manager_id=chosen.id if chosen else None,
            manager_name=chosen.name if chosen else self.manager_name.data,
            manager_email=chosen.email if chosen else self.manager_email.data,
            room_url=self.room_url.data or "",
            provider=self.provider.data or "",
            reason=self.reason.data or "",
        )

    def validate_manager_name(self, field: Field) -> None:
        if self.manager.data == OTHER and not field.data:
            raise ValidationError("Write the manager’s name, or choose a person from the list.")

    def validate_manager_email(self, field: Field) -> None:
        if self.manager.data != OTHER:
            return
        try:
            validate_email(field.data or "", check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise ValidationError("Write the manager’s e-mail address, for example name@example.com.") from None


class MomentForm(DeskForm):
    """When a session takes place, as it is typed: any usual way to write an hour, and the hours that it lasts."""

    start_date = StringField("Day", validators=[needed("Say on which day."), at_most(10)])
    start_time = StringField("Hour", validators=[needed("Say at what hour."), at_most(20)])
    time_zone = StringField("Time zone", validators=[needed("Name the time zone of the session."), at_most(80)])
    estimated_duration = StringField("Hours it takes", validators=[at_most(8)])

    @property
    def start(self) -> Start:
        """The moment, once the form is checked. Raises Invalid for one that does not exist, as the API does."""
        return parse_start(self.start_date.data, _wire_time(self.start_time.data), self.time_zone.data)

    @property
    def hours(self) -> int | float | None:
        """How long it takes, once the form is checked; None when that is not known."""
        text = (self.estimated_duration.data or "").replace(",", ".")
        return (float(text) if "." in text and float(text) % 1 else int(float(text))) if text else None

    def validate_estimated_duration(self, field: Field) -> None:
        text = field.data or ""
        if text and not (_HOURS.fullmatch(text) and 0 < float(text.replace(",", ".")) <= LONGEST_HOURS):
            raise ValidationError(
                f"Write a number of hours, for example 1.25: more than 0 and at most {LONGEST_HOURS}."
            )


_HOURS = re.compile(r"[0-9]{1,2}([.,][0-9]{1,4})?")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::00)? ?([AP]M)?", re.IGNORECASE)


def _wire_time(text: str) -> str:
    """`13:30`, as browsers send it, or `1:30 pm` in the form of the API: `01:30 PM`. Other text stays as it is."""
    found = _CLOCK.fullmatch(text)
    if found is None or int(found[1]) > 23:
        return text
    if found[3]:
        return f"{found[1]:0>2}:{found[2]} {found[3].upper()}"
    hour = int(found[1])
    return f"{(hour + 11) % 12 + 1:02d}:{found[2]} {'AM' if hour < 12 else 'PM'}"


def typed_time(wire: str) -> str:
    """`13:30`, as the field of a browser takes it, of `01:30 PM`."""
    clock = clock_of(wire)
    return f"{clock:%H:%M}" if clock else wire


class MoveForm(MomentForm, VersionedForm):
    """The moment that a session is moved to, and whether everybody is told."""

    notice = TextAreaField("Notice to the organization", validators=[at_most(NOTICE_LIMIT)])
    notify = BooleanField("Tell the participants and the organization’s system")
    reason = TextAreaField(
        "Reason", validators=[at_most(REASON_LIMIT)], description="Kept in the activity, not sent to anyone."
    )

    @property
    def move(self) -> Move:
        """What was decided, once the form is checked."""
        return Move(self.start, self.hours, notice=self.notice.data or "", reason=self.reason.data or "")


class RoomForm(VersionedForm):
    """Where people meet."""

    room_url = StringField("Room", validators=[needed("Say where people meet."), at_most(ROOM_LIMIT)])


class CancelForm(VersionedForm):
    """Whether every invitee is notified by e-mail; when those who were informed are not, why."""

    notify = BooleanField("Notify the participants by e-mail")
    reason = TextAreaField(
        "Reason for telling nobody",
        validators=[at_most(REASON_LIMIT)],
        description="Kept in the activity, not sent to anyone.",
    )


class NoticeForm(VersionedForm):
    """The note the organization reads as `notice`."""

    notice = TextAreaField("Notice to the organization", validators=[at_most(NOTICE_LIMIT)])


class ButtonForm(VersionedForm):
    """A form of one button."""


class HoursField(IntegerField):
    """Whole business hours; text that is no whole number gets the message of the range too."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(PROMISED_RANGE) from None


class SettingsForm(VersionedForm):
    """What an organization chose about its depositions."""

    reminders = BooleanField(
        "Remind the participants 24 hours and 1 hour before the session",
        description="By e-mail, for sessions that are booked from then on.",
    )
    reconfirmation = BooleanField(
        "Ask on the business day before whether the session takes place",
        description="At 10:00 on the session’s own clock, by e-mail to the organization and the hosts, for sessions "
        "that are booked from then on.",
    )
    reconfirm_deponent = BooleanField("Ask the deponent too")
    silence_is_yes = BooleanField(
        "Silence counts as yes", description="Otherwise the team calls those who have not answered by the afternoon."
    )
    postback_cancellations = BooleanField(
        "Send cancellations to the webhook",
        description="For systems that expect them: the document describes the webhook of a booking only.",
    )
    promised_hours = HoursField(
        "Requests are answered within, in business hours",
        validators=[optional()],
        description="Empty: the team’s own promise.",
        render_kw={"min": PROMISED_HOURS[0], "max": PROMISED_HOURS[1]},
    )

    def fields(self) -> SettingsFields:
        """What was chosen, once the form is checked."""
        return {
            "reminders": self.reminders.data,
            "reconfirmation": self.reconfirmation.data,
            "reconfirm_deponent": self.reconfirm_deponent.data,
            "silence_is_yes": self.silence_is_yes.data,
            "postback_cancellations": self.postback_cancellations.data,
            "promised_hours": self.promised_hours.data,
        }


class RosterForm(VersionedForm):
    """A row of the roster as it is typed; rules/roster.py reads it."""

    name = NameField("Name", validators=[needed("Write the manager’s name."), at_most(200)])
    email = EmailField("E-mail", validators=[needed("Write the manager’s e-mail address."), at_most(254)])
    zone = StringField(
        "Time zone",
        validators=[needed("Choose the manager’s time zone."), at_most(64)],
        description="Of their working hours and absences: Europe/Paris, Pacific Time (US & Canada).",
    )
    languages = StringField(
        "Languages", validators=[at_most(1300)], description="With commas between them: English, Polish."
    )
    skills = StringField(
        "Skills", validators=[at_most(1300)], description="With commas between them: patents, live exhibits."
    )
    buffer_before = StringField("Minutes free before", validators=[at_most(4)])
    buffer_after = StringField("Minutes free after", validators=[at_most(4)])
    rooms = TextAreaField(
        "Rooms",
        validators=[at_most(10_000)],
        description="A line for each: the provider, a space, the web address. {id}, {case} and {code} stand for those "
        "of the session.",
    )
    monday = StringField("Monday", validators=[at_most(200)])
    tuesday = StringField("Tuesday", validators=[at_most(200)])
    wednesday = StringField("Wednesday", validators=[at_most(200)])
    thursday = StringField("Thursday", validators=[at_most(200)])
    friday = StringField("Friday", validators=[at_most(200)])
    saturday = StringField("Saturday", validators=[at_most(200)])
    sunday = StringField("Sunday", validators=[at_most(200)])
    active = BooleanField("Active", description="Can be chosen for new sessions.")

    def facts(self) -> RosterFacts:
        """What was typed, once the form is checked. Raises Invalid."""
        typed = {name: str(self[name].data or "") for name in COLUMNS if name != "active"}
        return read_roster({**typed, "active": "yes" if self.active.data else "no"})


class AbsenceForm(VersionedForm):
    """Days on which a manager is away."""

    first_day = DateField("First day", validators=[needed("Choose the first day.")])
    last_day = DateField("Last day", validators=[needed("Choose the last day.")])
    note = StringField("Note", validators=[at_most(NOTE_LIMIT)], description="The team reads it where it schedules.")
