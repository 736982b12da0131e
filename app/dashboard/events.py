"""Events that several desks share: tags, decisions that can be undone, CSV exports."""

from collections.abc import Callable
from typing import NamedTuple

from app.kernel.changes.event_types import EventRow, EventType

EXPORTED = EventType("desk.exported", "Exported a list as CSV", "exported a list", "download")

NOUNS = {"approve": "approval", "deny": "denial"}


def quoted_tag(row: EventRow) -> str:
    """The tag, in quotation marks."""
    return f"“{row.data.get('tag', '')}”"


def short_hash(row: EventRow) -> str:
    """The hash of a file, as long as it takes to tell it from others; the audit's facts have all of it."""
    return f"SHA-256 {row.data['sha256'][:16]}…" if row.data.get("sha256") else ""


class TagEvents(NamedTuple):
    """The two events of a desk's tags."""

    tagged: EventType
    untagged: EventType


def tag_events(subject_type: str) -> TagEvents:
    """The tag events of one kind of item."""
    return TagEvents(
        EventType(
            f"{subject_type}.tagged", "Tagged by {who}", "tagged it", "tag", removes_from_list=True, details=quoted_tag
        ),
        EventType(
            f"{subject_type}.untagged",
            "Tag removed by {who}",
            "removed a tag",
            "tag",
            removes_from_list=True,
            details=quoted_tag,
        ),
    )


class DecisionEvents(NamedTuple):
    """The four events of a decision that can be undone for a while (app/dashboard/undo)."""

    pending: EventType
    undone: EventType
    overtaken: EventType
    returned: EventType


def decision_events(subject_type: str) -> DecisionEvents:
    """The events of pending decisions about one kind of item."""
    return DecisionEvents(
        EventType(
            f"{subject_type}.decision_pending",
            _pressed,
            "decided it, not final yet",
            "hourglass",
            aliases=(f"{subject_type}.held",),
        ),
        EventType(
            f"{subject_type}.decision_undone",
            "{who} undid it before it was final; nothing was written",
            "undid a decision",
            "undo-2",
            aliases=(f"{subject_type}.hold_undone",),
        ),
        EventType(
            f"{subject_type}.decision_overtaken",
            _ended("was overtaken and not written"),
            "overtook a pending decision",
            "circle-alert",
            "warn",
            details=_why,
            aliases=(f"{subject_type}.hold_overtaken",),
        ),
        EventType(
            f"{subject_type}.decision_returned",
            _ended("was not written"),
            "changed it while a decision was pending",
            "circle-alert",
            "warn",
            details=_why,
            aliases=(f"{subject_type}.hold_returned",),
        ),
    )


def _pressed(row: EventRow) -> str:
    return "{who} pressed " + str(row.data.get("act", "")).capitalize() + "; it can be undone for {seconds} s"


def _ended(how: str) -> Callable[[EventRow], str]:
    """The sentence about a pending decision that came to nothing, with the noun of its verb."""
    return lambda row: f"The pending {NOUNS.get(row.data.get('act', ''), 'decision')} of {{holder}} {how}"


def _why(row: EventRow) -> str:
    return str(row.data.get("why", ""))
