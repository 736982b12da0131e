"""What an organization may choose about its depositions. Everything is off until it is switched on."""

from datetime import datetime
from typing import NamedTuple, TypedDict

from app.kernel.errors import FieldError, Invalid

PROMISED_HOURS = (1, 400)
"""The least and the most business hours within which a request may be promised an answer."""
PROMISED_RANGE = f"Use a whole number of business hours from {PROMISED_HOURS[0]} to {PROMISED_HOURS[1]}, or nothing."


class SettingsFields(TypedDict, total=False):
    """The choices of an organization."""

    postback_cancellations: bool
    reminders: bool
    reconfirmation: bool
    reconfirm_deponent: bool
    silence_is_yes: bool
    promised_hours: int | None


class Settings(NamedTuple):
    """The choices of an organization, and since when reminders and reconfirmation are on. `version` is 0 while nothing
    was ever chosen."""

    postback_cancellations: bool = False
    reminders: bool = False
    reconfirmation: bool = False
    reconfirm_deponent: bool = False
    silence_is_yes: bool = False
    promised_hours: int | None = None
    reminders_since: datetime | None = None
    reconfirmation_since: datetime | None = None
    version: int = 0

    def reminds(self, booked_at: datetime | None) -> bool:
        """Whether the participants of a session are reminded: of one booked since reminders were switched on."""
        return self.reminders and _since(self.reminders_since, booked_at)

    def reconfirms(self, booked_at: datetime | None) -> bool:
        """Whether a session is reconfirmed: one booked since reconfirmation was switched on."""
        return self.reconfirmation and _since(self.reconfirmation_since, booked_at)


def _since(switched_on_at: datetime | None, booked_at: datetime | None) -> bool:
    return switched_on_at is not None and booked_at is not None and booked_at >= switched_on_at


def check_promised_hours(hours: int | None) -> None:
    """Raises Invalid unless the promise is within bounds."""
    if hours is not None and not PROMISED_HOURS[0] <= hours <= PROMISED_HOURS[1]:
        raise Invalid(PROMISED_RANGE, errors=[FieldError("promised_hours", "range", PROMISED_RANGE)])
