"""Shape of what the scheduling team types; no rules."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from email_validator import EmailNotValidError, validate_email
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import ValidationError

from app.depositions.actions import Booking, Move
from app.depositions.models import Deposition, Manager
from app.depositions.rules.mail.hours import clock_written
from app.depositions.rules.new_request import LONGEST_HOURS, Start, clock_of, parse_start
from app.depositions.rules.roster import COLUMNS, NOTE_LIMIT, RosterFacts
from app.depositions.rules.roster import read as read_roster
from app.depositions.rules.settings import PROMISED_HOURS, PROMISED_RANGE, SettingsFields
from app.depositions.rules.transitions import BECAUSE_LIMIT, NOTICE_LIMIT, REASON_LIMIT, ROOM_LIMIT
from app.kernel.api.validation import without_nulls
from app.kernel.text.normalization import email
from app.kernel.text.time_zones import clock12
from app.kernel.web.forms import (
    DeskForm,
    FigureField,
    NameField,
    Needed,
    VersionedForm,
    at_most,
    choices,
    needed,
    optional,
)

NO_TOKEN = "Reload the page: this form does not say which one it is."
OTHER = "other"
"""The choice for a manager who is not in the roster."""

NOBODY = "nobody"
"""The choice of a session that is to have no manager for the time being."""


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
            raise ValidationError("Type the manager’s name, or choose a person from the list.")

    def validate_manager_email(self, field: Field) -> None:
        if self.manager.data != OTHER:
            return
        try:
            validate_email(field.data or "", check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise ValidationError("Type the manager’s e-mail address, for example name@example.com.") from None


class ManagerForm(ScheduleForm):
    """Who manages a booked session from now on, or NOBODY. Without a room it keeps its own, or gets the manager's."""

    def offer(self, team: Sequence[Manager]) -> None:
        """Offers the team, somebody else, and nobody."""
        super().offer(team)
        self.manager.choices = [*self.manager.choices, (NOBODY, "Nobody for now")]

    @property
    def nobody(self) -> bool:
        """Whether the session is left without a manager."""
        return bool(self.manager.data == NOBODY)


class MomentForm(DeskForm):
    """When a session takes place, as it is typed: any usual way to write an hour, and the hours that it lasts."""

    start_date = FigureField("Date", validators=[needed("Choose the day.")])
    start_time = FigureField("Time", validators=[needed("Type the time.")])
    time_zone = StringField("Time zone", validators=[needed("Type the time zone of the session."), at_most(80)])
    estimated_duration = FigureField("Hours", validators=[at_most(24)])

    @property
    def start(self) -> Start:
        """The moment, once the form is checked. Raises Invalid for one that does not exist, as the API does."""
        return parse_start(self.start_date.data, _wire_time(self.start_time.data), self.time_zone.data)

    @property
    def hours(self) -> int | float | None:
        """How long it takes, once the form is checked; None when that is not known."""
        text = _decimal(self.estimated_duration.data)
        return (float(text) if float(text) % 1 else int(float(text))) if text else None

    def validate_estimated_duration(self, field: Field) -> None:
        text = _decimal(field.data)
        if text and not (_HOURS.fullmatch(text) and 0 < float(text) <= LONGEST_HOURS):
            raise ValidationError(f"Type a number of hours, for example 1.25: more than 0 and at most {LONGEST_HOURS}.")


_HOURS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?(e-[0-9]{1,2})?")
"""A number of hours as it is typed, and as the API's clients send it: four thirds is `1.3333333333333333`."""
_TIME_FIELD = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _decimal(typed: str | None) -> str:
    """Hours with a point for the decimal mark, whichever was typed."""
    return re.sub("[,٫]", ".", typed or "")


def _wire_time(text: str) -> str:
    """The time in the form of the API: as a browser's field sends it (`12:00` is noon), or as people write it. What
    cannot be read stays as it is."""
    if found := _TIME_FIELD.fullmatch(text):
        return clock12(datetime(2000, 1, 1, int(found[1]), int(found[2]), tzinfo=UTC))
    return clock_written(text) or text


def typed_time(wire: str) -> str:
    """`13:30`, as the field of a browser takes it, of `01:30 PM`."""
    clock = clock_of(wire)
    return f"{clock:%H:%M}" if clock else wire


class MoveForm(MomentForm, VersionedForm):
    """The moment that a session is moved to, and whether everybody is told."""

    manager = SelectField("Manager", default="")
    room_url = StringField("Room", validators=[at_most(ROOM_LIMIT)])
    notice = TextAreaField("Notice to the organization", validators=[at_most(NOTICE_LIMIT)])
    because = TextAreaField("Why, for the participants", validators=[at_most(BECAUSE_LIMIT)])
    notify = BooleanField("Notify the participants and the organization’s system")
    reason = TextAreaField(
        "Reason", validators=[at_most(REASON_LIMIT)], description="Kept in the activity, not sent to anyone."
    )

    def offer(self, team: Sequence[Manager], present: Deposition) -> None:
        """Offers to stay with the present manager, and the others of the team."""
        others = [one for one in team if one.id != present.manager_id]
        stays = f"Stay with {present.manager_name}" if present.manager_id else "Nobody"
        self.manager.choices = [("", stays), *((str(one.id), one.name) for one in others)]

    @property
    def move(self) -> Move:
        """What was decided, once the form is checked."""
        manager_id, room_url = int(self.manager.data or 0) or None, self.room_url.data or ""
        return Move(
            self.start,
            self.hours,
            Booking(manager_id=manager_id, room_url=room_url) if manager_id or room_url else None,
            notice=self.notice.data or "",
            because=self.because.data or "",
            reason=self.reason.data or "",
        )


class RoomForm(VersionedForm):
    """Where people meet."""

    room_url = StringField("Room", validators=[needed("Type the room’s web address."), at_most(ROOM_LIMIT)])


class KeepHourForm(VersionedForm):
    """What is typed where a session keeps its clock time or its moment: why in spite of a conflict."""

    reason = TextAreaField(
        "Reason to book despite an overlap",
        validators=[at_most(REASON_LIMIT)],
        description="Kept in the activity, not sent to anyone.",
    )


class CancelForm(VersionedForm):
    """Whether every invitee is notified by e-mail; when those who were informed are not, why."""

    notify = BooleanField("Notify the participants by e-mail")
    reason = TextAreaField(
        "Reason for notifying nobody",
        validators=[at_most(REASON_LIMIT)],
        description="Kept in the activity, not sent to anyone.",
    )


class NoticeForm(VersionedForm):
    """The note the organization reads as `notice`."""

    notice = TextAreaField("Notice to the organization", validators=[at_most(NOTICE_LIMIT)])


class DeclineForm(VersionedForm):
    """Why the session stays, which the organization reads as `notice`."""

    notice = TextAreaField(
        "Why it stays",
        validators=[needed("Write why the session stays. The organization reads it."), at_most(NOTICE_LIMIT)],
    )


class StartForm(VersionedForm):
    """Why a session is started long before its planned start; otherwise nothing."""

    reason = TextAreaField(
        "Reason to start early",
        validators=[at_most(REASON_LIMIT)],
        description="Kept in the activity, not sent to anyone.",
    )


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

    name = NameField("Name", validators=[needed("Type the manager’s name."), at_most(200)])
    email = EmailField("E-mail", validators=[needed("Type the manager’s e-mail address."), at_most(254)])
    telephone = TelField(
        "Telephone", validators=[at_most(100)], description="The team calls it when a session is in doubt."
    )
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
    buffer_before = FigureField("Minutes free before", validators=[at_most(4)])
    buffer_after = FigureField("Minutes free after", validators=[at_most(4)])
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


class TestWebhookForm(DeskForm):
    """Where a test webhook is sent."""

    url = StringField(
        "Address",
        validators=[needed("Type the address that is to be called."), at_most(2048)],
        description="An example of a scheduled session is sent there, marked as a test and signed with their key.",
    )


class RequestForm(DeskForm):
    """A request that staff enter for an organization. Its values are checked as those of the API are; `token` makes a
    second press of the same form no second request."""

    organization = SelectField("Organization", validators=[needed("Choose the organization.")])
    how = RadioField(
        "Asked", choices=choices(("phone", "by phone"), ("mail", "by e-mail")), default="phone", validators=[optional()]
    )
    asked_by = NameField("Asked by", validators=[at_most(200)], description="Who asked for it. Kept in the activity.")
    title = StringField("Title", validators=[needed("Type a title.")])
    case = StringField("Case", validators=[needed("Type the case.")])
    file_number = StringField("File number")
    start_date = FigureField("Date", validators=[needed("Choose the day.")])
    start_time = FigureField(
        "Time", validators=[needed("Type the time.")], description="2:30 PM, or 14:30 where it is clear."
    )
    time_zone = StringField("Time zone", validators=[needed("Type the time zone.")])
    estimated_duration = FigureField("Hours", description="How long it takes: 1.25 is an hour and a quarter.")
    deponent_name = StringField("Name")
    deponent_email = StringField("E-mail")
    deponent_role = SelectField(
        "Role", choices=choices(("", "not said"), ("deponent", "Deponent"), ("witness", "Witness"))
    )
    invites = TextAreaField(
        "Invited", description="One address a line. Write “host” after that of the host: ana@example.com host."
    )
    language = StringField("Language")
    languages = StringField("Further languages")
    interpreter = StringField("Interpreter")
    preferred_manager = StringField("Preferred manager")
    video_provider = StringField("Video provider")
    session_type = StringField("Kind of session")
    additional_details = TextAreaField("Further details")
    postback_url = StringField("Webhook", description="Where their system wants to hear that it is scheduled.")
    mail = TextAreaField("The e-mail", description="Paste it, with its header lines if you have them. It is not kept.")
    token = HiddenField(validators=[Needed(NO_TOKEN), at_most(100)])

    def body(self) -> dict[str, object]:
        """The request as a client of the API would send it."""
        text = {name: self[name].data or None for name in (*_SESSION, *_DETAILS, "session_type", "postback_url")}
        deponent = {name: self[f"deponent_{name}"].data or None for name in ("name", "email", "role")}
        return without_nulls(
            {
                "session_request": {
                    "session_type": text["session_type"],
                    "invites": self._invites(),
                    "deponent": deponent if any(deponent.values()) else None,
                    "remote_session": {
                        **{name: text[name] for name in _SESSION},
                        "start_time": clock_written(text["start_time"] or "") or text["start_time"],
                        "estimated_duration": self._hours(),
                    },
                    "session_details": {name: text[name] for name in _DETAILS},
                    "postback_url": text["postback_url"],
                }
            }
        )

    def _invites(self) -> list[dict[str, str]]:
        found = []
        for line in re.split(r"[\n\r,;]+", self.invites.data or ""):
            typed = email(line)
            address, _, role = typed.partition(" ")
            if address:
                host = role.strip(" ()").lower() == "host"
                found.append({"email": address if host else typed, "access_level": "host" if host else "participant"})
        return found

    def _hours(self) -> int | float | str | None:
        text = _decimal(self.estimated_duration.data)
        if not _HOURS.fullmatch(text):
            return text or None
        return int(text) if text.isdigit() else float(text)


_SESSION = ("title", "case", "file_number", "start_date", "start_time", "time_zone")
_DETAILS = ("language", "languages", "interpreter", "additional_details", "preferred_manager", "video_provider")
