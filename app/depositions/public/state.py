"""What the page of a session says: what happens now, what to bring, and what the hour was before."""

from datetime import datetime, timedelta
from typing import NamedTuple

from babel.lists import format_list
from babel.units import format_unit

from app.depositions.emails import Participant
from app.depositions.locales import formerly, language_name
from app.depositions.models import BOOKED, State
from app.depositions.queries.detail import DepositionDetail
from app.kernel.hosts import Host
from app.kernel.text.i18n import Translator

SOON = timedelta(hours=1)
LATE = timedelta(minutes=15)
"""How long after the planned hour nobody has opened the room."""


class Card(NamedTuple):
    """What happens now, and what can be done: `entry` names the button for the visitor's calendar."""

    kind: str
    tone: str
    icon: str
    title: str
    text: str
    entry: str = ""


def card(deposition: DepositionDetail, host: Host, now: datetime, t: Translator) -> Card:
    """The card of a session's state."""
    entry = calendar_label(deposition, t)
    left = deposition.starts_at - now
    if deposition.state == State.CANCELED:
        return Card("canceled", "danger", "calendar-x", t("canceled"), t("canceled_text"), entry)
    if deposition.state == State.ENDED:
        text = f"{t('ended_text')} {t('ended_more', organization=host.name)}"
        return Card("ended", "", "check", t("ended"), text)
    if deposition.state == State.ACTIVE and deposition.room_url:
        return Card("open", "good", "video", t("open"), t("open_text"))
    if deposition.state == State.ACTIVE:
        return Card("begun", "good", "hourglass", t("begun"), t("begun_wait"))
    if left < -LATE:
        return Card("late", "warn", "clock", t("late"), t("late_text"))
    if left <= SOON:
        return Card("soon", "", "clock", _begins(left, t), t("early_wait"))
    if former_hour(deposition, t):
        return Card("moved", "warn", "calendar-clock", t("moved"), t("moved_struck"), entry)
    return Card("early", "", "clock", _begins(left, t), t("early_wait"), entry)


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
