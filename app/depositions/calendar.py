"""Calendar files: one UID a session and a rising SEQUENCE; REQUEST invites, CANCEL takes back (RFC 5545, 5546).

Both ends are in UTC. Wall times with a VTIMEZONE are read differently by programs where an hour comes twice, a duration
is added to the wall time by some, and generated rules of a zone end with the years that they were generated for.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from app.config import Config
from app.depositions.locales import time_and_zone
from app.depositions.models import Deposition, State
from app.depositions.rules.transitions import busy
from app.kernel.outbox.email import Attachment
from app.kernel.outbox.outbox import one_line
from app.kernel.text import normalization
from app.kernel.text.i18n import Translator

if TYPE_CHECKING:  # imported where it is used: most processes never write such a file
    from icalendar import Calendar, Event, vCalAddress


def invitation(
    deposition: Deposition,
    config: Config,
    *,
    to: str,
    name: str,
    url: str,
    now: datetime,
    t: Translator,
    chair: bool = False,
) -> Attachment:
    """The file that adds the session to the recipient's calendar, or updates it there. The manager is its `chair`."""
    event = _event(deposition, config, now, t)
    event.add("attendee", _attendee(to, name, answers=bool(config.imap_url), invited=True, chair=chair), encode=False)
    _confirm(event, url)
    when, zone = time_and_zone(deposition, t)
    event.add("description", f"{when} ({zone})\n\n{t('mail_join')}: {url}")
    return _file(event, "REQUEST", "invite.ics")


def published(deposition: Deposition, config: Config, *, url: str, now: datetime, t: Translator) -> Attachment:
    """The file that whoever opens the session's page may add to a calendar; nobody is invited by it."""
    event = _event(deposition, config, now, t)
    _confirm(event, url)
    return _file(event, "PUBLISH", "session.ics")


def cancellation(
    deposition: Deposition,
    config: Config,
    *,
    to: str = "",
    name: str = "",
    now: datetime,
    t: Translator,
    chair: bool = False,
) -> Attachment:
    """The file that removes the session from the recipient's calendar; without one, from that of whoever added it."""
    event = _event(deposition, config, now, t)
    if to:
        event.add("attendee", _attendee(to, name, chair=chair), encode=False)
    event.add("status", "CANCELLED")
    return _file(event, "CANCEL", "canceled.ics")


def feed(sessions: Iterable[Deposition], config: Config, name: str, t: Translator) -> Attachment:
    """A manager's sessions as a calendar to subscribe to: as they are now, those that were canceled marked so."""
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", one_line(t("feed_name", name=name)))
    calendar.add("refresh-interval", timedelta(minutes=30), parameters={"value": "DURATION"})
    for session in sessions:
        event = _event(session, config, session.updated_at, t)
        event.add("status", "CANCELLED" if session.state == State.CANCELED else "CONFIRMED")
        event.add("url", f"{config.public_base_url}/sessions/{session.slug}")
        if session.room_url:
            event.add("location", session.room_url)
        event.add("description", one_line(session.case_name))
        calendar.add_component(event)
    return Attachment("sessions.ics", "text/calendar; charset=UTF-8", calendar.to_ical())


def title(deposition: Deposition, t: Translator) -> str:
    """What the session is called by those who take part: `Deposition of Malachite Yarrow`, or the title of a session
    without a deponent."""
    deponent = normalization.shown(deposition.deponent_name)
    return one_line(t("what", deponent=deponent) if deponent else deposition.title)


def uid(deposition: Deposition, config: Config) -> str:
    """The identifier that all calendar files about one session share."""
    return f"{deposition.remote_session_id}@{urlsplit(config.public_base_url).hostname}"


def session_of_uid(text: str, config: Config) -> UUID | None:
    """The session's `remote_session_id` in an identifier of ours; None for another one."""
    known, _, host = text.strip().partition("@")
    try:
        found = UUID(known)
    except ValueError:
        return None
    return found if host == urlsplit(config.public_base_url).hostname and str(found) == known else None


def _event(deposition: Deposition, config: Config, now: datetime, t: Translator) -> "Event":
    """The event, with the organizer that every method requires (RFC 5546, 3.2)."""
    span = busy(deposition.starts_at, deposition.ends_at)
    from icalendar import Event, vCalAddress, vText

    event = Event()
    event.add("uid", uid(deposition, config))
    event.add("sequence", deposition.sequence)
    event.add("dtstamp", now.replace(microsecond=0))
    event.add("dtstart", span.starts_at.astimezone(UTC))
    event.add("dtend", span.ends_at.astimezone(UTC))
    event.add("summary", title(deposition, t), parameters={"language": t.lang})
    sender, address = parseaddr(config.mail_from)
    organizer = vCalAddress(f"mailto:{address}")
    organizer.params["cn"] = vText(sender or "Session Desk")
    event["organizer"] = organizer
    return event


def _confirm(event: "Event", url: str) -> None:
    event.add("status", "CONFIRMED")
    event.add("location", url)
    event.add("url", url)


def _attendee(to: str, name: str, *, chair: bool, invited: bool = False, answers: bool = False) -> "vCalAddress":
    """The recipient of the file. With `answers` their program is to answer the invitation: somebody reads it then."""
    from icalendar import vCalAddress, vText

    attendee = vCalAddress(f"mailto:{to}")
    attendee.params["cn"] = vText(one_line(name).replace('"', "'") or to)
    attendee.params["role"] = vText("CHAIR" if chair else "REQ-PARTICIPANT")
    if invited:
        attendee.params["partstat"] = vText("NEEDS-ACTION")
        attendee.params["rsvp"] = vText("TRUE" if answers else "FALSE")
    return attendee


def _file(event: "Event", method: str, filename: str) -> Attachment:
    calendar = _calendar(method)
    calendar.add_component(event)
    return Attachment(filename, f"text/calendar; method={method}; charset=UTF-8", calendar.to_ical())


def _calendar(method: str) -> "Calendar":
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Session Desk//Depositions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar
