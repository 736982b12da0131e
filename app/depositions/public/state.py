"""What the page of a session says: what happens now, what to bring, and what the hour was before."""

from datetime import datetime, timedelta
from typing import NamedTuple

from babel.lists import format_list
from babel.units import format_unit

from app.depositions.emails import Participant, manager_of, participants
from app.depositions.locales import formerly, in_words, language_name
from app.depositions.models import BOOKED, State
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.people import Arrivals, address_key
from app.depositions.rules.new_request import LONGEST_HOURS
from app.kernel.hosts import Host
from app.kernel.text.i18n import Translator

SOON = timedelta(hours=1)
LATE = timedelta(minutes=15)
"""How long after the planned hour nobody has opened the room."""
LONGEST = timedelta(hours=LONGEST_HOURS)


class Card(NamedTuple):
    """What happens now, and what can be done: `entry` names the button for the visitor's calendar. `because` is why
    the session was moved, in the words of the team."""

    kind: str
    tone: str
    icon: str
    title: str
    text: str
    entry: str = ""
    because: str = ""


def card(deposition: DepositionDetail, host: Host, arrivals: Arrivals | None, now: datetime, t: Translator) -> Card:
    """The card of a session's state; `arrivals` once its room is open."""
    entry = calendar_label(deposition, t)
    left = deposition.starts_at - now
    if deposition.state == State.CANCELED:
        return Card("canceled", "danger", "calendar-x", t("canceled"), t("canceled_text"), entry)
    if deposition.state == State.ENDED:
        how = t("took_place") if _ran(deposition) else t("ended_text")
        return Card("ended", "", "check", t("ended"), f"{how} {t('ended_more', organization=host.name)}")
    if deposition.state == State.ACTIVE and deposition.room_url:
        return Card("open", "good", "video", t("open"), " ".join([t("open_text"), *_came(deposition, arrivals, t)]))
    if deposition.state == State.ACTIVE:
        return Card("begun", "good", "hourglass", t("begun"), t("begun_wait"))
    if left < -LATE:
        return Card("late", "warn", "clock", t("late"), t("late_text"))
    if left <= SOON:
        return Card("soon", "", "clock", _begins(left, t), t("early_wait"))
    if former_hour(deposition, t):
        why = deposition.moved_because or ""
        return Card("moved", "warn", "calendar-clock", t("moved"), _moved(deposition, t), entry, why)
    return Card("early", "", "clock", _begins(left, t), t("early_wait"), entry)


def _moved(deposition: DepositionDetail, t: Translator) -> str:
    """When it was moved, and what that means for the hour that is struck out."""
    if not deposition.moved_at:
        return t("moved_struck")
    day, _ = in_words(deposition.moved_at, deposition.moved_at, deposition.zone, t)
    return f"{t('moved_on', day=day)} {t('moved_struck')}"


def _came(deposition: DepositionDetail, arrivals: Arrivals | None, t: Translator) -> list[str]:
    """Who has come. The number is left out where somebody came who is not known: it would be too low."""
    if arrivals is None:
        return []
    manager, invited = manager_of(deposition), participants(deposition)
    there = manager is not None and address_key(manager.email) in arrivals.managers
    number = sum(address_key(one.email) in arrivals.participants for one in invited)
    found = [t("manager_came", name=deposition.manager_name)] if there else []
    return found + ([t("came", n=number, invited=len(invited))] if number and not arrivals.unknown else [])


def span(deposition: DepositionDetail) -> tuple[datetime, datetime]:
    """When the session takes place; of one that is over, when it took place."""
    return _ran(deposition) or (deposition.starts_at, deposition.ends_at)


def _ran(deposition: DepositionDetail) -> tuple[datetime, datetime] | None:
    """When a session that is over was started and ended; None where its end was forgotten for more than a day."""
    starts_at, ends_at = deposition.started_at, deposition.ended_at
    if deposition.state != State.ENDED or not starts_at or not ends_at or ends_at - starts_at > LONGEST:
        return None
    return starts_at, ends_at


def calendar_label(deposition: DepositionDetail, t: Translator) -> str:
    """What the calendar file does for the visitor; empty where there is none."""
    if deposition.booked_at is None or deposition.state == State.ENDED:
        return ""
    if deposition.state == State.CANCELED:
        return t("calendar_remove")
    return t("moved_calendar" if former_hour(deposition, t) else "calendar")


def former_hour(deposition: DepositionDetail, t: Translator) -> str:
    """When a session that was moved was planned before; empty where the hour is the same, or no longer matters."""
    return formerly(deposition, t) if deposition.state in BOOKED else ""


def seconds_between_polls(deposition: DepositionDetail, now: datetime) -> int:
    """How often the page asks for its state: often around the beginning; 0 once nothing changes any more."""
    if deposition.state in (State.CANCELED, State.ENDED):
        return 0
    return 5 if deposition.starts_at - now <= SOON else 60


class Need(NamedTuple):
    """Something to have at hand. `test`: it can be tested."""

    icon: str
    text: str
    small: str = ""
    test: bool = False


def needs(deposition: DepositionDetail, host: Host, guest: Participant | None, t: Translator) -> list[Need]:
    """What a participant needs, until the session is over.

    From the request come the length and the interpreter. Its additional details are written for the scheduling team,
    and may say what no witness is to read.
    """
    if deposition.state in (State.CANCELED, State.ENDED):
        return []
    yours = guest is not None and guest.email.casefold() == (deposition.deponent_email or "").casefold()
    found = [
        Need("monitor", t("need_device"), t("need_device_small"), test=True),
        Need("id-card", t("need_id"), t("need_id_yours" if yours else "need_id_theirs")),
        Need("file-text", t("need_papers"), t("need_papers_small", organization=host.name)),
    ]
    lasts = deposition.ends_at - deposition.starts_at
    small = t("need_room_small", length=_length(lasts, t)) if lasts else ""
    found.append(Need("door-open", t("need_room"), small))
    if interpreter := deposition.details.get("interpreter"):
        language = language_name(interpreter, t)
        found.append(Need("languages", t("need_interpreter", language=language), t("need_interpreter_small")))
    return found


def _length(lasts: timedelta, t: Translator) -> str:
    """`1 hour and 15 minutes`."""
    hours, minutes = divmod(round(lasts.total_seconds() / 60), 60)
    parts = [(hours, "duration-hour"), (minutes, "duration-minute")]
    written = [format_unit(number, unit, locale=t.lang) for number, unit in parts if number]
    return format_list(written, locale=t.lang) if written else ""


def _begins(left: timedelta, t: Translator) -> str:
    """`Begins in 6 days`, in whole units, the largest."""
    minutes = int(left.total_seconds() // 60)
    if minutes < 1:
        return t("soon")
    if minutes < 60:
        return t("begins_minutes", n=minutes)
    return t("begins_hours", n=minutes // 60) if minutes < 48 * 60 else t("begins_days", n=minutes // 1440)
