"""Prescreens in words for staff: tabs, groups, badges, and the story. Icons are names in static/icons.svg."""

from collections.abc import Iterable
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
KINDS = {
    "prescreen.started": ("message-square", "Opened the questionnaire"),
    "prescreen.link_sent": ("link", "Asked for the link to go on later"),
    "prescreen.completed": ("clipboard-check", "Sent the answers"),
    "prescreen.approved": ("circle-check", "Approved by {who}"),
    "prescreen.denied": ("circle-x", "Denied by {who}"),
    "prescreen.held": ("hourglass", "{who} pressed {act}; it can be undone for {seconds} s"),
    "prescreen.hold_undone": ("undo-2", "{who} undid it before it was final; nothing was written"),
    "prescreen.hold_overtaken": ("circle-alert", "The {noun} that {holder} had on hold was overtaken and not written"),
    "prescreen.hold_returned": ("circle-alert", "The {noun} that {holder} had on hold was not written"),
    "prescreen.taken": ("user-check", "{who} took this"),
    "prescreen.released": ("user", "{who} gave this back"),
    "prescreen.tagged": ("tag", "{who} tagged this “{tag}”"),
    "prescreen.untagged": ("tag", "{who} took the tag “{tag}” off"),
    "delivery.sent_again": ("send", "{who} had a message sent again"),
    "delivery.set_aside": ("eye-off", "{who} set a message aside that was given up"),
    "delivery.put_back": ("undo-2", "{who} put a message back that had been set aside"),
}
TONES = {"prescreen.approved": "good", "prescreen.hold_overtaken": "warn", "prescreen.hold_returned": "warn"}
NOUNS = {"approve": "approval", "deny": "denial"}


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


OVER = {
    "prescreen.approved": Label("Approved by {who}", "circle-check", "good"),
    "prescreen.denied": Label("Denied by {who}", "circle-x"),
    "prescreen.taken": Label("Taken by {who}", "user-check"),
    "prescreen.released": Label("Given back by {who}", "undo-2"),
    "prescreen.completed": Label("Answers sent", "clipboard-check", "good"),
    "prescreen.untagged": Label("Tag taken off by {who}", "tag"),
}


def done(event: Any) -> Label:
    """What a row says that has left the list: `Approved by Mira Haddad`."""
    word = OVER.get(event.kind, Label("No longer in this list", "circle-check"))
    to = event.data.get("to") if event.kind == "prescreen.taken" else None
    text = "Given to {to} by {who}" if to else word.word
    return word._replace(word=text.format(who=event.actor_name, to=to))


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


def story(happened: Iterable[Any]) -> list[dict[str, Any]]:
    """What happened, newest first."""
    return sorted((_event(event) for event in happened), key=lambda entry: entry["at"], reverse=True)


def _event(event: Any) -> dict[str, Any]:
    icon, words = KINDS.get(event.kind, ("circle-dot", event.kind))
    data = event.data
    facts = {
        "act": str(data.get("act", "")).capitalize(),
        "noun": NOUNS.get(data.get("act", ""), "decision"),
        "holder": data.get("holder", ""),
        "seconds": data.get("seconds", 0),
        "tag": data.get("tag", ""),
    }
    if event.kind == "prescreen.taken" and data.get("to"):
        words = "Given to {to} by {who}"
        facts["to"] = data["to"]
    small = [
        "by the API" if event.via == "api" else "",
        f"after {data['held']} s on hold" if data.get("held") else "",
        "nobody was written to" if data.get("told") is False else "",
        data.get("why", ""),
    ]
    return {
        "icon": icon,
        "text": words.format(who=event.actor_name, **facts),
        "small": ", ".join(filter(None, small)),
        "at": event.created_at,
        "tone": TONES.get(event.kind, ""),
    }


def told(row: Any, workflow: Any) -> str:
    """Who hears of a decision just made."""
    if not row.email:
        return "Nobody was written to: no e-mail address was given."
    if not workflow.decision_emails:
        return f"Nobody was written to: {workflow.organization_name} sends its own letters."
    return f"An e-mail is on its way to {row.email}."
