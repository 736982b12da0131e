"""A start in any zone, on any kind of day, reads as one instant wherever it is printed: on the page, in the e-mail, in
the calendar file, in the webhook and in the CSV."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.config import Config
from app.depositions import calendar, locales, presentation
from app.depositions.locales import TRANSLATIONS, hours, own_time, time_and_zone
from app.depositions.payloads import documents
from app.depositions.rules import new_request
from app.depositions.views.list import QUEUE
from app.kernel.errors import Invalid
from app.kernel.outbox.email import Attachment
from app.kernel.text import datetimes, time_zones
from app.kernel.text.i18n import Translator
from tests.printed_times import DAY, changes, read

CONFIG = Config.for_tests()
ENGLISH = TRANSLATIONS.translator("en")
OTHERS = [TRANSLATIONS.translator(language) for language in ("es", "fr", "ar")]
LENGTH = timedelta(minutes=45)
NAMES = sorted({*time_zones.RAILS, *time_zones.IANA, *(f"(GMT-08:00) {name}" for name in time_zones.RAILS)})


@cache
def days(zone: str) -> tuple[tuple[str, datetime], ...]:
    """Wall times of a zone: the day before each change of its clocks, within it, 31 December, and far ahead."""
    there, found = ZoneInfo(zone), []
    for change in changes(zone, 2027):
        before, after = ((change + n * timedelta(minutes=1)).astimezone(there) for n in (-1, 0))
        shift = (after.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
        wall = (before + timedelta(minutes=1)).replace(tzinfo=None)  # the minute that the old offset would have shown
        found.append(("day before", wall - DAY))
        found.append(("gap", wall) if shift > timedelta() else ("fold", wall - timedelta(minutes=15)))
    return (*found, ("31 December", datetime(2026, 12, 31, 23, 30)), ("2040", datetime(2040, 7, 16, 9, 30)))


def parsed(wall: datetime, name: str) -> new_request.Start:
    return new_request.parse_start(f"{wall:%Y-%m-%d}", time_zones.clock12(wall), name)


CSV: dict[str, Any] = {
    column.head: attrgetter(f"row.{column.value}") if isinstance(column.value, str) else column.value
    for column in QUEUE.csv
}
"""The columns of the desk's CSV, by their heads."""


def printed(zone: str, starts_at: datetime) -> dict[str, list[datetime]]:
    """The two ends of a session as each channel prints them, read back."""
    ends_at = starts_at + LENGTH
    session: Any = SimpleNamespace(
        starts_at=starts_at, ends_at=ends_at, zone=zone, time_zone=zone, deponent_name="", title="One",
        remote_session_id=UUID(int=1), sequence=1, state="scheduled", slug="x", room_url="", case_name="",
        updated_at=starts_at,
    )  # fmt: skip
    mail, _ = time_and_zone(session, ENGLISH)
    elsewhere = "Europe/Madrid" if zone != "Europe/Madrid" else "Asia/Tokyo"
    invitation = calendar.invitation(
        session, CONFIG, to="a@example.com", name="", url="https://x.example", now=starts_at, t=ENGLISH
    )
    row: Any = SimpleNamespace(row=session)
    return {
        "page": read(page(starts_at, ends_at, zone, ENGLISH), zone),
        "page in another language": read(page(starts_at, ends_at, zone, OTHERS[len(zone) % 3]), zone),
        "mail": read(mail, zone),
        "mail to a manager elsewhere": [theirs(starts_at, zone, elsewhere), ends_at],
        "staff": read(presentation.hours(session), zone),
        "CSV": [*read(CSV["Starts, where it is"](row), zone), CSV["Ends"](row)],
        "CSV, both ends": read(CSV["From and to, where it is"](row), zone),
        "CSV, UTC": [CSV["Starts"](row), ends_at],
        "calendar file": stamps(invitation),
        "its words": read(described(invitation), zone),
    }


def stamps(file: Attachment) -> list[datetime]:
    """Both ends in a calendar file."""
    found = re.findall(r"^DT(?:START|END):(\d{8}T\d{6}Z)\r$", file.content.decode(), re.M)
    return [datetime.strptime(each, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for each in found]


def described(file: Attachment) -> str:
    """When the session is, in the words of a calendar file."""
    (line,) = re.findall(r"^DESCRIPTION:(.*?)\r\n\S", file.content.decode().replace("\r\n ", ""), re.M | re.S)
    return str(line).replace("\\,", ",").partition(" (")[0]


def theirs(starts_at: datetime, zone: str, elsewhere: str) -> datetime:
    """The start as a manager in another zone reads it; the start itself where both have the same hour."""
    text = own_time(starts_at, zone, elsewhere, ENGLISH)
    if not text:
        return starts_at
    there = starts_at.astimezone(ZoneInfo(elsewhere))
    hour, _, word = text.rpartition(" ")
    return read(f"{datetimes.day(there)}, {hour[-5:]} {word}", elsewhere)[0]


def page(starts_at: datetime, ends_at: datetime, zone: str, t: Translator) -> str:
    """The hours of the session's page as the reader puts them together, in the words of the English e-mails."""
    shown = hours(starts_at, ends_at, zone, t)
    english = hours(starts_at, ends_at, zone, ENGLISH)
    day = datetime.strptime(f"{english.day} +0000", "%A %d %B %Y %z").date()
    clock, into, _ = shown.clock.partition(" (")
    first, last = clock.split(" – ")
    if into:
        last = f"{datetimes.day(day + DAY)}, {last}"
    word = "" if re.search(r"\d [A-Z]{3,}|\d [AP]M [A-Z]|GMT", last) else f" {re.split('[,،]', shown.zone)[0]}"
    return f"{datetimes.day(day)}, {first} to {last}{word}"


def cases() -> Iterator[tuple[str, str, datetime]]:
    for name in NAMES:
        for kind, wall in days(time_zones.iana_name(name)):
            yield name, kind, wall


def test_every_zone_name_on_every_kind_of_day() -> None:
    seen: dict[str, int] = {}
    read_before: set[tuple[str, datetime]] = set()
    for name, kind, wall in cases():
        if kind == "gap":
            with pytest.raises(Invalid) as refusal:
                parsed(wall, name)
            assert refusal.value.errors[0].code == "nonexistent"
            seen[kind] = seen.get(kind, 0) + 1
            continue
        start = parsed(wall, name)
        assert start.ambiguous == (kind == "fold"), (name, wall)
        if (start.zone, wall) not in read_before:
            assert not wrong(start.zone, start.starts_at), (name, wall)
            read_before.add((start.zone, wall))
        webhook = sent(start)
        assert parsed_back(webhook) == start, (name, wall)
        seen[kind] = seen.get(kind, 0) + 1
    assert min(seen[kind] for kind in ("day before", "gap", "fold", "31 December", "2040")) > 100


def wrong(zone: str, starts_at: datetime) -> set[str]:
    """The channels that do not read as the instants of the session."""
    expected = [starts_at, starts_at + LENGTH]
    return {name for name, ends in printed(zone, starts_at).items() if ends != expected}


def later(function: Callable[..., Any], argument: int = 0) -> Callable[..., Any]:
    """The function with one argument, a moment, an hour later."""

    def shifted(*given: Any) -> Any:
        return function(*given[:argument], given[argument] + timedelta(hours=1), *given[argument + 1 :])

    return shifted


PLANTED: dict[str, tuple[object, str, set[str]]] = {
    "hours of the page": (locales, "_clock", {"page", "page in another language"}),
    "span": (datetimes, "span", {"mail", "staff", "CSV, both ends", "its words"}),
    "moment": (datetimes, "moment", {"CSV"}),
    "the manager's clock": (datetimes, "viewer_time", {"mail to a manager elsewhere"}),
    "calendar file": (calendar, "busy", {"calendar file"}),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_an_hour_too_many_is_found_in_each_channel(monkeypatch: pytest.MonkeyPatch, planted: str) -> None:
    zone, starts_at = "America/Los_Angeles", datetime(2026, 12, 8, 15, 50, tzinfo=UTC)
    assert wrong(zone, starts_at) == set()
    place, name, channels = PLANTED[planted]
    monkeypatch.setattr(place, name, later(getattr(place, name)))
    assert wrong(zone, starts_at) == channels


def test_an_hour_too_many_in_the_webhook_is_found() -> None:
    start = parsed(datetime(2026, 12, 8, 7, 50), "Pacific Time (US & Canada)")
    moment = sent(start)
    assert parsed_back(moment) == start
    for member, value in (("start_time", "08:50 AM"), ("time_zone", "Mountain Time (US & Canada)")):
        assert parsed_back({**moment, member: value}) != start


def sent(start: new_request.Start) -> dict[str, str]:
    """What webhook and API say of the moment."""
    session: Any = SimpleNamespace(
        id=1, state="scheduled", booked_at=start.starts_at, ended_at=None, slug="x", remote_session_id=UUID(int=1),
        session_type="", deponent_name=None, deponent_email=None, deponent_role=None, invites=[], title="One",
        case_name="", file_number=None, start_date=start.start_date, start_time=start.start_time,
        time_zone=start.time_zone, estimated_duration="0.75", details={}, notice=None, cancellation_requested_at=None,
    )  # fmt: skip
    (request,) = documents.posted(session, "https://x.example")["requests"]  # type: ignore[misc]
    return request["remote_session"]  # type: ignore[no-any-return]


def parsed_back(moment: dict[str, str]) -> new_request.Start:
    assert date.fromisoformat(moment["start_date"])
    return new_request.parse_start(moment["start_date"], moment["start_time"], moment["time_zone"])
