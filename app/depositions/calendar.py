"""Calendar files: one UID a session and a rising SEQUENCE; REQUEST invites, CANCEL takes back (RFC 5545, 5546)."""

from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from app.config import Config
from app.depositions.models import Deposition
from app.depositions.rules.transitions import busy
from app.kernel.outbox.email import Attachment
from app.kernel.outbox.outbox import one_line
from app.kernel.text import normalization


def invitation(deposition: Deposition, config: Config, *, to: str, name: str, url: str, now: datetime) -> Attachment:
    """The file that adds the session to the recipient's calendar, or updates it there."""
    event = _event(deposition, config, to, name, now)
    event.add("status", "CONFIRMED")
    event.add("location", url)
    event.add("url", url)
    event.add("description", f"Join: {url}")
    return _file(event, "REQUEST", "invite.ics")


def cancellation(deposition: Deposition, config: Config, *, to: str, name: str, now: datetime) -> Attachment:
    """The file that removes the session from the recipient's calendar."""
    event = _event(deposition, config, to, name, now)
    event.add("status", "CANCELLED")
    return _file(event, "CANCEL", "canceled.ics")


def title(deposition: Deposition) -> str:
    """`Deposition of Malachite Yarrow`, or the title of a session without a deponent."""
    deponent = normalization.shown(deposition.deponent_name)
    return one_line(f"Deposition of {deponent}" if deponent else deposition.title)


def uid(deposition: Deposition, config: Config) -> str:
    """The identifier that all calendar files about one session share."""
    return f"{deposition.remote_session_id}@{urlsplit(config.public_base_url).hostname}"


def _event(deposition: Deposition, config: Config, to: str, name: str, now: datetime) -> Event:
    zone = ZoneInfo(deposition.zone)
    event = Event()
    event.add("uid", uid(deposition, config))
    event.add("sequence", deposition.sequence)
    event.add("dtstamp", now.replace(microsecond=0))
    event.add("dtstart", deposition.starts_at.astimezone(zone))
    event.add("dtend", busy(deposition.starts_at, deposition.ends_at).ends_at.astimezone(zone))
    event.add("summary", title(deposition))
    sender, address = parseaddr(config.mail_from)
    organizer = vCalAddress(f"MAILTO:{address}")
    organizer.params["cn"] = vText(sender or "Session Desk")
    event["organizer"] = organizer
    attendee = vCalAddress(f"MAILTO:{to}")
    attendee.params["cn"] = vText(one_line(name).replace('"', "'") or to)
    attendee.params["role"] = vText("REQ-PARTICIPANT")
    attendee.params["partstat"] = vText("NEEDS-ACTION")
    attendee.params["rsvp"] = vText("TRUE")
    event.add("attendee", attendee, encode=False)
    return event


@lru_cache(maxsize=512)
def _zone(tzid: str) -> Timezone:
    """The rules of a zone, cached: working them out takes longer than the rest of an e-mail."""
    return Timezone.from_tzid(tzid)


def _file(event: Event, method: str, filename: str) -> Attachment:
    calendar = Calendar()
    calendar.add("prodid", "-//Session Desk//Depositions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    for zone in sorted(calendar.get_missing_tzids()):
        calendar.subcomponents.insert(0, _zone(zone))
    return Attachment(filename, f"text/calendar; method={method}; charset=UTF-8", calendar.to_ical())
