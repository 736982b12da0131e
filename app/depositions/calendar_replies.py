"""Answers of calendar programs: what an e-mail with METHOD:REPLY or COUNTER says (RFC 5546). Pure: no mailbox.

Everything in such a mail is hostile: it counts only when its one ATTENDEE is its sender, and whoever asks decides
whether that person is invited to the session of its UID.
"""

from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses
from typing import TYPE_CHECKING, NamedTuple

from app.depositions.rules.proposals import Answer

if TYPE_CHECKING:
    from icalendar import Component

LARGEST = 256 * 1024
"""Bytes of a mail that is read; answers of calendar programs have a few thousand."""
_ANSWERS = {"ACCEPTED": Answer.YES, "TENTATIVE": Answer.MAYBE, "DECLINED": Answer.NO}


class Reply(NamedTuple):
    """What a calendar program answers: about the session of a UID, for whom, and about which hour. `suggests`: the hour
    is one that they suggest."""

    uid: str
    address: str
    starts_at: datetime
    answer: Answer
    suggests: bool


def read(message: Message) -> Reply | None:
    """The answer in a mail; None for any other mail, and for one whose sender answers for somebody else."""
    senders = [address for _, address in getaddresses(message.get_all("From", [])) if address]
    part = next((one for one in message.walk() if one.get_content_type() == "text/calendar"), None)
    if part is None or len(senders) != 1:
        return None
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or len(payload) > LARGEST:
        return None
    from icalendar import Calendar

    try:
        return _of_calendar(Calendar.from_ical(payload), senders[0])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None  # what the library raises for a file that is none


def _of_calendar(calendar: "Component", sender: str) -> Reply | None:
    method = str(calendar.get("METHOD", "")).upper()
    events = list(calendar.walk("VEVENT"))
    if method not in ("REPLY", "COUNTER") or len(events) != 1:
        return None
    event = events[0]
    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    theirs = [one for one in attendees if _address(str(one)) == sender.casefold()]
    if len(theirs) != 1 or (method == "REPLY" and len(attendees) != 1):
        return None
    starts_at = _moment(event)
    if starts_at is None:
        return None
    if method == "COUNTER":
        return Reply(str(event["UID"]), sender, starts_at, Answer.YES, suggests=True)
    answer = _ANSWERS.get(str(theirs[0].params.get("PARTSTAT", "")).upper())
    return Reply(str(event["UID"]), sender, starts_at, answer, suggests=False) if answer else None


def _address(attendee: str) -> str:
    scheme, _, address = attendee.partition(":")
    return address.casefold() if scheme.casefold() == "mailto" else ""


def _moment(event: "Component") -> datetime | None:
    """When the event of an answer begins; None where it does not say, names a day alone, or no zone."""
    if "DTSTART" not in event:
        return None
    value = event.decoded("DTSTART")
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    moment = value.astimezone(UTC).replace(microsecond=0)
    return moment if 2000 <= moment.year <= 2199 else None
