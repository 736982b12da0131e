"""Every kind of event of a prescreen."""

from app.dashboard.events import decision_events, tag_events
from app.kernel.changes.event_types import EventRow, EventType, EventTypes
from app.kernel.changes.message_events import MESSAGE_EVENTS

SUBJECT = "prescreen"
"""The subject type of prescreens in events, messages, pending decisions, tags and search."""


def _assignment(row: EventRow) -> str:
    return "Assigned to {to} by {who}" if row.data.get("to") else "Assigned to {who}"


def _decision(row: EventRow) -> str:
    found = [
        f"after {row.data['held']} s in which it could be undone" if row.data.get("held") else "",
        "nobody was notified" if row.data.get("told") is False else "",
    ]
    return " · ".join(filter(None, found))


STARTED = EventType("prescreen.started", "{who} opened the questionnaire", "opened it", "message-square")
LINK_SENT = EventType(
    "prescreen.link_sent", "{who} asked for a link to continue later", "asked for a link to continue later", "link"
)
COMPLETED = EventType(
    "prescreen.completed",
    "Answers sent by {who}",
    "sent the answers",
    "clipboard-check",
    removes_from_list=True,
)
APPROVED = EventType(
    "prescreen.approved",
    "Approved by {who}",
    "approved it",
    "circle-check",
    "good",
    removes_from_list=True,
    details=_decision,
)
DENIED = EventType(
    "prescreen.denied", "Denied by {who}", "denied it", "circle-x", removes_from_list=True, details=_decision
)
ASSIGNED = EventType(
    "prescreen.assigned",
    _assignment,
    "assigned it",
    "user-check",
    removes_from_list=True,
    aliases=("prescreen.taken",),
)
UNASSIGNED = EventType(
    "prescreen.unassigned",
    "Unassigned by {who}",
    "unassigned it",
    "undo-2",
    removes_from_list=True,
    aliases=("prescreen.released",),
)
DECISION_PENDING, DECISION_UNDONE, DECISION_OVERTAKEN, DECISION_RETURNED = decision_events(SUBJECT)
TAGGED, UNTAGGED = tag_events(SUBJECT)

EVENTS = EventTypes.of_module(globals(), MESSAGE_EVENTS)
