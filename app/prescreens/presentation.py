"""Prescreens in words for staff: tabs, groups, badges, and the story. Icons are names in static/icons.svg."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.dashboard.queue import Label
from app.kernel.text import datetimes
from app.prescreens.models import ReviewStatus, Status
from app.prescreens.rules import review

TABS = (
    ("waiting", None),
    ("waiting", 3),
    ("waiting", 7),
    ("answering", None),
    ("decided", None),
    ("expired", None),
    ("all", None),
)
TAB_LABELS = {
    ("waiting", None): "To review",
    ("waiting", 3): "Within 3 days",
    ("waiting", 7): "Within 7 days",
    ("answering", None): "Answering",
    ("decided", None): "Decided",
    ("expired", None): "Expired",
    ("all", None): "Everything",
}
TITLES = {
    ("waiting", None): "Pre-screens to review",
    ("waiting", 3): "To review within three days",
    ("waiting", 7): "To review within seven days",
    ("answering", None): "Prospects still answering",
    ("decided", None): "Decided pre-screens",
    ("approved", None): "Approved pre-screens",
    ("denied", None): "Denied pre-screens",
    ("expired", None): "Expired pre-screens",
    ("all", None): "All pre-screens",
}
STATE_CHOICES = (
    ("", "to review"),
    ("answering", "answering"),
    ("decided", "decided"),
    ("approved", "approved"),
    ("denied", "denied"),
    ("expired", "expired"),
    ("all", "everything"),
)
GROUPS = {
    "within-3": Label("Three days or fewer", "hourglass", "danger"),
    "within-7": Label("Four to seven days", "calendar-clock", "warn"),
    "within-10": Label("Four to ten days", "calendar-clock", "warn"),
    "later": Label("More than ten days", "calendar"),
    "active": Label("Answering", "message-square-text"),
    "draft": Label("Started, nothing answered yet", "message-square"),
    "expired-completed": Label("Sent, but never decided", "hourglass", "warn"),
    "expired-active": Label("Never finished", "message-square-x"),
    "expired-draft": Label("Never begun", "message-square"),
    "approved": Label("Approved, the latest first", "circle-check"),
    "denied": Label("Denied, the latest first", "circle-x"),
    "decided": Label("The latest decision first", "check-check"),
    "all": Label("The newest first", "list"),
    "found": Label("Found", "search"),
}
STATE_WORDS = {
    "approved": "Approved",
    "denied": "Denied",
    "expired": "Expired",
    "completed": "Waiting for a decision",
    "active": "Answering",
    "draft": "Started, nothing answered yet",
}
TYPES = {
    "name": "a name",
    "text": "a line of text",
    "longtext": "longer text",
    "number": "a number",
    "date": "a date",
    "yesno": "yes or no",
    "choice": "one of several",
    "choices": "any of several",
    "email": "an e-mail address",
    "phone": "a phone number",
}


def name_of(prescreen: Any) -> str:
    """Who answered, as far as they said."""
    return prescreen.name or prescreen.email or prescreen.phone or "No name yet"


def until(expires_at: datetime, zone: str, now: datetime) -> Markup:
    """When the days left are over, as short as it can be said: `Thu 26 Nov`, on the last day `Mon, 5:08 AM CST`."""
    local = expires_at.astimezone(ZoneInfo(zone))
    words = datetimes.day(local, now.astimezone(ZoneInfo(zone)))
    if expires_at - now <= timedelta(days=1):
        words = f"{words[:3]}, {datetimes.hour(local, zone)} {datetimes.zone_abbreviation(local)}"
    return datetimes.tag(expires_at, words)


class Badge(NamedTuple):
    """`odd`: it has a ground of its own."""

    word: str
    icon: str
    tone: str = ""
    odd: bool = False


def badges(row: Any, not_met: int, again: bool, now: datetime, *, mixed: bool) -> tuple[Badge, ...]:
    """What is odd about a prescreen, in words; in a list of mixed states the state too."""
    found = []
    if row.review_status != ReviewStatus.PENDING:
        return (_state(row, now),)
    if mixed or review.has_expired(row, now):
        found.append(_state(row, now))
    if not_met:
        criteria = "1 criterion" if not_met == 1 else f"{not_met} criteria"
        found.append(Badge(f"{criteria} not met", "scale", "warn", odd=True))
    if row.other_contact_id:
        found.append(Badge("Two contacts match", "users", "warn", odd=True))
    if again:
        found.append(Badge("Here before", "history", odd=True))
    if row.status == Status.COMPLETED and not row.email:
        found.append(Badge("No e-mail given", "mail-x", "warn", odd=True))
    return tuple(found)


def state_badge(row: Any, now: datetime) -> Badge:
    """The state in a word, for the head of the page."""
    return _state(row, now)


def _state(row: Any, now: datetime) -> Badge:
    state = review.state_of(row, now)
    by = f" by {row.reviewed_by}" if row.reviewed_by else ""
    who, icon, tone = {
        "approved": (by, "circle-check", "good"),
        "denied": (by, "circle-x", ""),
        "expired": ("", "hourglass", ""),
        "completed": ("", "circle-dot", ""),
        "active": ("", "message-square-text", ""),
        "draft": ("", "message-square", ""),
    }[state]
    return Badge(STATE_WORDS[state] + who, icon, tone)


def earlier(row: Any, now: datetime) -> dict[str, Any]:
    """One line about another prescreen of the same contact."""
    state = review.state_of(row, now)
    word = {
        "approved": f"approved by {row.reviewed_by}",
        "denied": f"denied by {row.reviewed_by}",
        "expired": "expired, never reviewed" if row.status == Status.COMPLETED else "expired, never finished",
        "completed": "waiting for a decision",
        "active": "still answering",
        "draft": "nothing answered yet",
    }[state]
    return {"id": row.id, "template": row.template_name, "word": word, "at": row.created_at}


def told(row: Any, workflow: Any) -> str:
    """Who hears of a decision just made."""
    if not row.email:
        return "Nobody was written to: no e-mail address was given."
    if not workflow.decision_emails:
        return f"Nobody was written to: {workflow.organization_name} sends its own letters."
    return f"An e-mail is on its way to {row.email}."
