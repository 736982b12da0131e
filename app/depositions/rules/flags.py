"""Flags: what is unusual about a request, so that a scheduler looks twice before booking it."""

from calendar import day_name
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol

from babel import Locale

from app.depositions.models import BOOKED, State
from app.depositions.rules import business_days
from app.depositions.rules.checklist import LABELS, OPEN_LABELS, Item
from app.depositions.rules.reconfirmation import Reconfirmation
from app.depositions.rules.timed import Timed
from app.kernel.text import datetimes

OFFICE = OFFICE_OPENS, OFFICE_CLOSES = time(7), time(20)
WAITING = (State.INITIAL, *BOOKED)


@dataclass(frozen=True, slots=True)
class Flag:
    """One badge. `key` names its kind, `label` is the text of the badge, `sentence` says it in full."""

    key: str
    label: str
    sentence: str


class Flagged(Timed, Protocol):
    """What the flags are computed from: a row of the list, or the whole deposition."""

    @property
    def state(self) -> str: ...
    @property
    def ambiguous(self) -> bool: ...
    @property
    def cancellation_open(self) -> bool: ...
    @property
    def hour_moved(self) -> bool: ...
    @property
    def reconfirmation(self) -> str | None: ...
    @property
    def question(self) -> str | None: ...
    @property
    def agreement(self) -> str | None: ...
    @property
    def postback_url(self) -> object: ...
    @property
    def details(self) -> Mapping[str, str]: ...


def flags_of(
    deposition: Flagged,
    now: datetime,
    country: str | None = None,
    overlaps: int = 0,
    twice: bool = False,
    open_items: Sequence[str] = (),
) -> list[Flag]:
    """Every flag of a deposition, the gravest first. What is over or canceled has none.

    Holidays and weekends are those of `country`, the organization's. `overlaps` is how many others it overlaps, `twice`
    whether one of them asks for the same session. `open_items` are those of its checklist.
    """
    if deposition.state not in WAITING:
        return []
    found: list[Flag] = []
    if deposition.cancellation_open:
        sentence = "The organization requested the cancellation of this session."
        found.append(Flag("cancellation", "Cancellation requested", sentence))
    if deposition.reconfirmation == Reconfirmation.NO:
        found.append(Flag("reconfirmed_no", "Does not take place", "Somebody answered that it does not take place."))
    if deposition.reconfirmation == Reconfirmation.CALL:
        found.append(Flag("reconfirmed_call", "Asks for a call", "Somebody asks to be called about this session."))
    if deposition.question == "answered":
        found.append(Flag("answered", "Answer came", "The organization answered the team’s question."))
    if deposition.agreement == "agreed":
        found.append(Flag("agreed", "Hour agreed", "The participants agree to another hour, and it is not moved yet."))
    if deposition.starts_at < now:
        found.append(Flag("passed", "Date has passed", "The requested time is already over."))
    if deposition.hour_moved:
        sentence = "The rules of its time zone changed, so its hour on the clock is another moment now."
        found.append(Flag("moved", "The hour moved", sentence))
    if overlaps:
        found.append(overlap_flag(overlaps, twice))
    start = datetimes.local(deposition.starts_at, deposition.zone)
    end = datetimes.local(deposition.ends_at, deposition.zone)
    if deposition.ambiguous:
        sentence = "The clocks are put back that day, so this hour comes twice. The first of the two is taken."
        found.append(Flag("ambiguous", "Hour comes twice", sentence))
    if outside_office_hours(start, end):
        hour = datetimes.hour(start, deposition.zone)
        sentence = f"{hour} is outside 7 AM to 8 PM at the session’s own place."
        if OFFICE_OPENS <= start.time() < OFFICE_CLOSES:
            hour = f"Until {datetimes.hour(end, deposition.zone)}"
            sentence = "The session runs past 8 PM at its own place."
        found.append(Flag("hour", hour, sentence))
    holiday = business_days.holiday_of(start.date(), country)
    if holiday:
        found.append(Flag("holiday", holiday, f"{holiday} is a public holiday in {country_name(country)}."))
    if start.weekday() in business_days.weekend_of(country):
        weekday = day_name[start.weekday()]
        found.append(Flag("weekend", weekday, f"The session falls on a {weekday}."))
    if deposition.question == "open":
        found.append(Flag("asked", "Question open", "The organization was asked something and has not answered."))
    if deposition.agreement == "open":
        found.append(Flag("offered", "Hours offered", "The participants are asked which other hours suit them."))
    interpreter = deposition.details.get("interpreter")
    if interpreter:
        label = f"{interpreter} interpreter" if len(interpreter) <= 24 else "Interpreter"
        found.append(Flag("interpreter", label, f"The organization requested an interpreter: {interpreter}."))
    for item in open_items:
        label = OPEN_LABELS[Item(item)]
        found.append(Flag("checklist", label, f"On the checklist, and not done: {LABELS[Item(item)].lower()}."))
    if deposition.state == State.INITIAL and not deposition.postback_url:
        sentence = "There is no webhook: the organization’s system sees the link only when it lists its requests."
        found.append(Flag("webhook", "No webhook", sentence))
    return found


def overlap_flag(others: int, twice: bool) -> Flag:
    """The badge of a session that overlaps others; its page says which."""
    number = "99+ others" if others > 99 else f"{others} others" if others > 1 else "another"
    label = "Requested twice" if twice else f"Overlaps {number}"
    return Flag("overlap", label, f"The session overlaps {number}.")


def outside_office_hours(start: datetime, end: datetime) -> bool:
    """Whether any part of it lies outside 07:00 to 20:00 on the wall clock of its place."""
    if not OFFICE_OPENS <= start.time() < OFFICE_CLOSES:
        return True
    return end.date() != start.date() or end.time() > OFFICE_CLOSES


def country_name(country: str | None) -> str:
    """The name of a country in English: `the United States`."""
    name = Locale("en").territories.get(country or "", country or "")
    return f"the {name}" if name.startswith(("United", "Netherlands", "Philippines", "Bahamas")) else name
