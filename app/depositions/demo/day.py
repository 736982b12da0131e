"""The day on which the demonstration is loaded, as the board shows it: full on every day of the week.

Five people manage sessions, one is away, two sessions of one manager overlap, and some requests wait for a
manager. What is over by now took place; the two that overlap are live in the evening.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.depositions import emails
from app.depositions.actions import people
from app.depositions.models import Deposition, Kind
from app.depositions.rules import new_request
from app.depositions.rules.transitions import Span
from app.kernel.db.engine import Db
from app.kernel.text.time_zones import clock12, iana_name

VIEWER = "Europe/Paris"
"""The zone of the scheduler who looks at the board."""
INES, ANA, KWAME = "ines.moreau@example.com", "ana.ruiz@example.com", "kwame@partner.example.com"
QUARTZ, SALWA = "quartz.verbena@partner.example.com", "salwa@partner.example.com"
MANAGERS = (INES, ANA, QUARTZ, KWAME, INES, SALWA, ANA)
"""Who manages the other sessions, in turn."""
LIVE = (KWAME, SALWA, QUARTZ)
"""Who manages what is live, one each."""
HOLIDAYS = (12, 16)
"""The first and the last day of the holidays of one of them, in days from now: somebody else is needed for what she has
then."""
WEEKEND = ("saturday", "sunday")
_EAST, _CENTRAL, _PACIFIC = (f"{each} Time (US & Canada)" for each in ("Eastern", "Central", "Pacific"))


GAP = timedelta(minutes=30)
"""What lies between two sessions of a manager at least."""


class Booked(NamedTuple):
    """A session of the day: whose it is, when it begins by the viewer's clock, and how long it lasts. Where nobody is
    named it waits for somebody. `overlaps`: it stays though its manager has another one then."""

    manager: str
    begins: str
    hours: float
    zone: str
    deponent: str
    case: str
    overlaps: bool = False

    def span(self, day: date) -> Span:
        """When it is on this day."""
        begins = datetime.fromisoformat(f"{day} {self.begins}").replace(tzinfo=ZoneInfo(VIEWER))
        return Span(begins, begins + timedelta(hours=self.hours))


DAY = (
    Booked(SALWA, "11:30", 1.5, "Abu Dhabi", "خالد المنصوري", "تركة المنصوري"),
    Booked(KWAME, "13:00", 1.25, "London", "Oluwaseun Adeyemi", "Hollis & Sons v. Pemberton"),
    Booked(KWAME, "15:00", 2, "London", "Bram van der Heijden", "Marlowe Shipping"),
    Booked(INES, "14:15", 1.5, _EAST, "Nadia Petrov", "Keller v. Northline Freight"),
    Booked(INES, "18:00", 2, _EAST, "Rafael Achterberg", "In re Castellan Trust"),
    Booked(ANA, "16:15", 2, _EAST, "Henrike Solberg", "Solberg v. Tessera Labs", overlaps=True),
    Booked(ANA, "17:30", 1, _CENTRAL, "Mateus Bell", "Dunmore v. Ashby", overlaps=True),
    Booked(ANA, "20:00", 2, _PACIFIC, "Delphine Tanaka", "Quillon Pharma MDL 3102"),
    Booked(QUARTZ, "15:30", 3, _CENTRAL, "Tomasz Lindqvist", "Raghunathan v. Orchard Mutual"),
    Booked(QUARTZ, "20:00", 1.5, _CENTRAL, "Priya Halvorsen", "Carrow Estate, 2026-0917"),
    Booked("", "16:00", 2, _EAST, "Georgina Featherstonehaugh", "State ex rel. Varga"),
    Booked("", "18:15", 1, _CENTRAL, "Lucía Ibáñez", "Brightwater Homes, 2026-1184"),
    Booked("", "21:00", 1.5, _PACIFIC, "Ottoline Marchetti", "Quillon Pharma MDL 3102"),
)
TOMORROW = (
    Booked(QUARTZ, "16:00", 1.5, _EAST, "Yusuf Achterberg", "Raghunathan v. Orchard Mutual"),
    Booked(KWAME, "11:00", 1, "London", "Ingrid Pemberton", "Hollis & Sons v. Pemberton"),
    Booked(SALWA, "13:30", 1, "Abu Dhabi", "نورة المنصوري", "تركة المنصوري"),
    Booked(INES, "17:00", 1, _EAST, "Lionel Castellan", "In re Castellan Trust"),
    Booked(ANA, "19:00", 1, _CENTRAL, "Edda Dunmore", "Dunmore v. Ashby"),
)
"""So that there is something to confirm, whatever day of the week it is."""


class Due(NamedTuple):
    """A session of the day at its moment."""

    booked: Booked
    span: Span


def due(now: datetime, taken: dict[str, list[Span]]) -> Iterator[Due]:
    """The sessions of today and tomorrow, without those for which their managers have no time; `taken` is what they
    have. What waits lies ahead."""
    here = now.astimezone(ZoneInfo(VIEWER))
    later = _later(here)
    for one, days in (*((each, 0) for each in DAY), *((each, 1) for each in TOMORROW)):
        span = one.span(here.date() + timedelta(days=days))
        if one.overlaps:
            span = Span(span.starts_at + later, span.ends_at + later)
        free = not any(
            span.starts_at < each.ends_at + GAP and each.starts_at < span.ends_at + GAP
            for each in taken.get(one.manager, ())
        )
        if one.manager and (free or one.overlaps):
            yield Due(one, span)
        if not one.manager and span.starts_at > now:
            yield Due(one, span)


def _later(here: datetime) -> timedelta:
    """How much later than planned those are that overlap: once one of them is over, both have begun by now."""
    spans = [one.span(here.date()) for one in DAY if one.overlaps]
    if here < min(span.ends_at for span in spans):
        return timedelta()
    return here.replace(minute=here.minute // 15 * 15, second=0, microsecond=0) - max(s.starts_at for s in spans)


def request(each: Due, n: int) -> new_request.NewRequest:
    """What was asked for, in the words of its zone."""
    booked, wall = each.booked, each.span.starts_at.astimezone(ZoneInfo(iana_name(each.booked.zone)))
    return new_request.NewRequest(
        title=f"Deposition of {booked.deponent}",
        case_name=booked.case,
        start=new_request.parse_start(f"{wall:%Y-%m-%d}", clock12(wall), booked.zone),
        estimated_duration=booked.hours,
        deponent_name=booked.deponent,
        deponent_email=f"today{n}@example.com",
        deponent_role="witness",
        invites=(new_request.Invite(f"counsel{n}@example.com", "host"),),
    )


def manager(turn: int, starts: timedelta, *, live: bool) -> str:
    """Who manages another session that starts so far away."""
    if HOLIDAYS[0] <= starts.days <= HOLIDAYS[1]:
        return ANA
    return LIVE[turn % len(LIVE)] if live else MANAGERS[turn % len(MANAGERS)]


def hours_of_today(typed: dict[str, str]) -> dict[str, str]:
    """The row of the roster with the hours of a Monday on weekends too, for a demonstration on one."""
    return {**typed, **dict.fromkeys(WEEKEND, typed["monday"])} if "monday" in typed else typed


def attend(db: Db, deposition: Deposition, manager: str) -> None:
    """Lets those who take part in a live session come: its manager and the deponent are in, somebody has only opened
    the page."""
    begins, minute = deposition.starts_at, timedelta(minutes=1)
    people.entered(db, deposition, manager, now=begins - 8 * minute, kind=Kind.MANAGER)
    for at, one in enumerate(emails.participants(deposition)[:3]):
        people.opened(db, deposition, one.email, now=begins - (20 - at) * minute)
        if at != 1:
            people.entered(db, deposition, one.email, now=begins + at * minute)
