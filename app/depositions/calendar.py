"""Calendar files: one UID a session, a rising SEQUENCE, REQUEST to come and CANCEL to stay away (RFC 5545, 5546)."""

from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from app.config import Config
from app.depositions.rules.transitions import busy
from app.kernel.outbox.email import Attachment
from app.kernel.outbox.outbox import one_line


def invitation(d: Any, config: Config, *, to: str, name: str, url: str, now: datetime) -> Attachment:
    """The file that puts the session into somebody's calendar, or moves it there."""
    event = _event(d, config, to, name, now)
    event.add("status", "CONFIRMED")
    event.add("location", url)
    event.add("url", url)
    event.add("description", f"Join: {url}")
    return _file(event, "REQUEST", "invite.ics")


def cancellation(d: Any, config: Config, *, to: str, name: str, now: datetime) -> Attachment:
    """The file that takes the session out of somebody's calendar again."""
    event = _event(d, config, to, name, now)
    event.add("status", "CANCELLED")
    return _file(event, "CANCEL", "canceled.ics")


def title(d: Any) -> str:
    """`Deposition of Malachite Yarrow`, or the title of a session without a deponent."""
    return one_line(f"Deposition of {d.deponent_name}" if d.deponent_name else d.title)


def uid(d: Any, config: Config) -> str:
    """The same for all files about one session."""
    return f"{d.remote_session_id}@{urlsplit(config.public_base_url).hostname}"


def _event(d: Any, config: Config, to: str, name: str, now: datetime) -> Event:
    zone = ZoneInfo(d.zone)
    event = Event()
    event.add("uid", uid(d, config))
    event.add("sequence", d.sequence)
    event.add("dtstamp", now.replace(microsecond=0))
    event.add("dtstart", d.starts_at.astimezone(zone))
    event.add("dtend", busy(d.starts_at, d.ends_at).ends_at.astimezone(zone))
    event.add("summary", title(d))
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
    """The rules of a zone. Working them out takes longer than all the rest of a letter, so they are remembered."""
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
