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


def _content(row: EventRow) -> str:
    """Which questions differ, and by what: `budget: criterion, expects · pets: new`."""
    before, after = row.data.get("before") or {}, row.data.get("after") or {}
    parts = []
    for key in [*before, *(key for key in after if key not in before)]:
        was, is_now = before.get(key), after.get(key)
        if not (isinstance(was, dict) and isinstance(is_now, dict)):
            parts.append(str(key)[:60].strip("()"))
        elif all(value is None for value in was.values()):
            parts.append(f"{key[:60]}: new")
        elif all(value is None for value in is_now.values()):
            parts.append(f"{key[:60]}: removed")
        else:
            parts.append(f"{key[:60]}: {', '.join(was)}")
    return " · ".join(filter(None, [str(row.data.get("reason", "")), *parts[:8], "…" if len(parts) > 8 else ""]))


def _published(row: EventRow) -> str:
    restored = row.data.get("restored")
    return "Version {version} published by {who}" + (f", with what version {restored} said" if restored else "")


QUESTIONNAIRE = "questionnaire"
"""The subject type of questionnaires in events."""

QUESTIONNAIRE_MADE = EventType("questionnaire.made", "Made by {who}", "made it", "plus")
QUESTIONNAIRE_RENAMED = EventType(
    "questionnaire.renamed",
    "Renamed by {who}",
    "renamed it",
    "pencil",
    details=lambda row: f"{row.data['before']} → {row.data['after']}",
)
DRAFT_CHANGED = EventType(
    "questionnaire.draft_changed", "Draft changed by {who}", "changed the draft", "pencil", details=_content
)
DRAFT_DISCARDED = EventType(
    "questionnaire.draft_discarded", "Draft discarded by {who}", "discarded the draft", "trash-2", details=_content
)
PUBLISHED = EventType("questionnaire.published", _published, "published a version", "send", "good", details=_content)
OPENED = EventType("questionnaire.opened", "Opened by {who}", "opened it", "door-open")
CLOSED = EventType("questionnaire.closed", "Closed by {who}", "closed it", "lock")
DELETED = EventType("questionnaire.deleted", "{name} deleted by {who}", "deleted it", "trash-2")

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
