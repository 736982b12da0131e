"""Every kind of event of a prescreen."""

from app.dashboard.events import decision_events, short_hash, tag_events
from app.kernel.changes.event_erasure import erased_kind
from app.kernel.changes.event_types import EventRow, EventType, EventTypes
from app.kernel.changes.message_events import MESSAGE_EVENTS
from app.kernel.text.template_filters import pluralize

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
BLIND_ON = EventType(
    "questionnaire.blind_on", "Blind first look switched on by {who}", "switched the blind first look on", "eye-off"
)
BLIND_OFF = EventType(
    "questionnaire.blind_off", "Blind first look switched off by {who}", "switched the blind first look off", "eye"
)
DELETED = EventType("questionnaire.deleted", "{name} deleted by {who}", "deleted it", "trash-2")

REASONS = "denial_reasons"
"""The subject type of an organization's list of reasons in events."""


def _reasons(row: EventRow) -> str:
    before, after = row.data.get("before") or [], row.data.get("after") or []
    changes = [f"new: {each}" for each in after if each not in before]
    changes += [f"removed: {each}" for each in before if each not in after]
    return " · ".join(changes) or "in another order"


REASONS_CHANGED = EventType(
    "denial_reasons.changed",
    "Reasons for denials changed by {who}",
    "changed the reasons",
    "pencil",
    details=_reasons,
)

MEASURES = "prescreen_measures"
"""The subject type of an organization's measures of its decisions in events."""

MEASURE_ON = EventType(
    "prescreen_measures.switched_on", "{measure} switched on by {who}", "switched a measure on", "scale"
)
MEASURE_OFF = EventType(
    "prescreen_measures.switched_off", "{measure} switched off by {who}", "switched a measure off", "scale"
)

ROUND_MADE = EventType(
    "prescreen_measures.round_made", "Calibration round {number} made by {who}", "made a calibration round", "scale"
)
ROUND_ANSWERED = EventType(
    "prescreen_measures.round_answered",
    "Calibration round {number} answered by {who}",
    "answered a calibration round",
    "circle-check",
)

STARTED = EventType("prescreen.started", "{who} opened the questionnaire", "opened it", "message-square")
FILES_ADDED = EventType(
    "prescreen.files_added",
    "{who} added files to an answer",
    "added files",
    "file-text",
    details=lambda row: pluralize(len(row.data.get("sha256", ())), "file"),
)
FILE_REMOVED = EventType("prescreen.file_removed", "{who} took a file out of an answer", "took a file out", "trash-2")
FILE_FAULTY = EventType(
    "prescreen.file_faulty",
    "A file of an answer does not lie in the store as it was sent",
    "found a faulty file",
    "circle-alert",
    details=lambda row: f"{row.data['fault']} · {short_hash(row)}",
)
FILE_WHOLE = EventType(
    "prescreen.file_whole",
    "A file of an answer lies in the store again as it was sent",
    "found the file whole again",
    "check",
    details=short_hash,
)
FILE_DOWNLOADED = EventType(
    "prescreen.file_downloaded",
    "File of an answer downloaded by {who}",
    "downloaded a file",
    "download",
    details=lambda row: f"{row.data['part']} · {short_hash(row)}",
)
LINK_SENT = EventType(
    "prescreen.link_sent", "{who} asked for a link to continue later", "asked for a link to continue later", "link"
)
COMPLETED = EventType(
    "prescreen.completed",
    "{who} sent the answers",
    "sent the answers",
    "clipboard-check",
    removes_from_list=True,
)
WITHDRAWN = EventType(
    "prescreen.withdrawn", "{who} withdrew the answers", "withdrew the answers", "undo-2", removes_from_list=True
)
EXPIRING = EventType(
    "prescreen.expiring",
    "Leads were reminded by {who} of what expires",
    "reminded the leads of what expires",
    "hourglass",
    details=lambda row: f"{pluralize(row.data['people'], 'person', 'people')}, about {row.data['day']}",
)
EXPIRED = EventType(
    "prescreen.expired",
    "Expired without a decision",
    "noted that it expired",
    "hourglass",
    "danger",
    details=lambda row: "nobody was notified" if row.data.get("told") is False else "",
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
FIRST_LOOK = EventType("prescreen.first_look", "First look by {who}", "looked at it for the first time", "eye-off")
REMINDED = EventType("prescreen.reminded", "Reminded once by {who}", "reminded the prospect", "bell")
RENEWED = EventType(
    "prescreen.renewed", "Fresh link sent by {who}", "sent a fresh link with the old answers", "refresh-cw"
)
NOTED = EventType("prescreen.noted", "Note by {who}", "wrote a note", "message-square-text")
ASKED = EventType(
    "prescreen.asked",
    "{who} asked the prospect again",
    "asked the prospect again",
    "message-square-text",
    details=lambda row: f"{row.data['questions']} questions" if row.data["questions"] != 1 else "one question",
)
ASKED_ANSWERED = EventType(
    "prescreen.asked_answered",
    "{who} answered what was asked",
    "answered what was asked",
    "clipboard-check",
    details=lambda row: f"{pluralize(row.data['changed'], 'answer')} changed" if row.data["changed"] else "",
)
PRESCREEN_ERASED = EventType(
    erased_kind(SUBJECT),
    "What is personal was erased by {who}",
    "erased what is personal",
    "trash-2",
    "warn",
    details=lambda row: row.data.get("reason", ""),
)

CONTACT = "contact"
"""The subject type of contacts in events."""

CONTACT_ERASED = EventType(
    erased_kind(CONTACT),
    "Erased by {who}",
    "erased what is kept of a contact",
    "trash-2",
    "warn",
    details=lambda row: f"{row.data['reason']} · {pluralize(row.data['prescreens'], 'prescreen')}",
)
CONTACT_EXPORTED = EventType(
    "contact.exported",
    "Exported by {who}",
    "exported what is kept of a contact",
    "download",
    details=lambda row: f"{row.data['reason']} · {short_hash(row)}",
)

CONTACT_FILES_REQUESTED = EventType(
    "contact.files_requested",
    "Export with case files made for {who}",
    "had an export with case files made",
    "file-text",
    details=lambda row: row.data["reason"],
)
CONTACT_FILES_DOWNLOADED = EventType(
    "contact.files_downloaded",
    "Export with case files downloaded by {who}",
    "downloaded an export with case files",
    "download",
    details=lambda row: f"{row.data['file']} · {short_hash(row)}",
)
PRESCREEN_EXPORTED = EventType(
    "prescreen.exported",
    "Exported by {who}",
    "exported what is kept of a prospect",
    "download",
    details=lambda row: f"{row.data['reason']} · {short_hash(row)}",
)

CASE_FILE_REQUESTED = EventType(
    "prescreen.case_file_requested",
    lambda row: "Case file " + ("with the team's notes " if row.data.get("notes") else "") + "made for {who}",
    "had a case file made",
    "file-text",
)
CASE_FILE_DOWNLOADED = EventType(
    "prescreen.case_file_downloaded",
    "Case file downloaded by {who}",
    "downloaded the case file",
    "download",
    details=lambda row: f"{row.data['file']} · {short_hash(row)}",
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
