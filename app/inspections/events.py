"""Every kind of event of an inspection and its invites."""

from collections.abc import Callable

from app.accounts.rules import LOCALES
from app.dashboard.events import short_hash, tag_events
from app.inspections import user_agents
from app.kernel.changes.event_types import EventRow, EventType, EventTypes
from app.kernel.changes.message_events import MESSAGE_EVENTS

SUBJECT = "inspection"
"""The subject type of inspections in events, messages, tags and search."""

EVIDENCE_KINDS = {"photo": "Photo", "note": "Note", "document": "Document"}
CONSENT_SUBJECTS = {"camera": "Camera", "gps": "Place", "recording": "Recording"}


def _recipient(sentence: str) -> Callable[[EventRow], str]:
    """A sentence about an invite that names its recipient as well as the event does."""

    def chosen(row: EventRow) -> str:
        known = next((key for key in ("recipient", "email", "phone") if row.data.get(key)), "")
        found = sentence.replace("{recipient}", f"{{{known}}}" if known else "a recipient face to face")
        return found[0].upper() + found[1:]

    return chosen


def _assignment(row: EventRow) -> str:
    return "Assigned to {to} by {who}" if row.data.get("to") else "Assigned to {who}"


def _tries_left(row: EventRow) -> str:
    return f"tries left: {row.data.get('left')}"


def _consents(row: EventRow) -> str:
    return ", ".join(f"{label} {row.data[key]}" for key, label in CONSENT_SUBJECTS.items() if key in row.data)


def _stop(row: EventRow) -> str:
    without = {"joined": "Recording stopped: {who} joined", "withdrawn": "Recording stopped: {who} no longer allows it"}
    return without.get(str(row.data.get("because")), "Recording stopped by {who}")


def _browser(row: EventRow) -> str:
    return user_agents.describe(str(row.data.get("agent", "")))


def _fact(name: str) -> Callable[[EventRow], str]:
    return lambda row: str(row.data.get(name, ""))


def _captured(row: EventRow) -> str:
    late = ", captured before the end" if row.data.get("late") else ""
    return f"{EVIDENCE_KINDS[row.data['kind']]} added by {{who}}{late}"


def _downloaded(row: EventRow) -> str:
    what = {"copy": "A copy was", "original": "An original was", "bundle": "The bundle was"}[row.data["part"]]
    return f"{what} downloaded by {{who}}"


def _reason(row: EventRow) -> str:
    return f"{short_hash(row)}: {row.data['reason']}"


def _subjects_changed(row: EventRow) -> str:
    named = [CONSENT_SUBJECTS[subject].lower() for subject in row.data.get("after", ())]
    return f"field users are asked about: {', '.join(named) or 'nothing'}"


def _notes_before(row: EventRow) -> str:
    return f"before: {row.data.get('before') or 'none'}"


CREATED = EventType("inspection.created", "Created by {who}", "created it", "plus")
INVITED = EventType("inspection.invited", _recipient("{recipient} invited by {who}"), "invited somebody", "user-plus")
CODE_RENEWED = EventType(
    "inspection.code_renewed", _recipient("New code for {recipient}, by {who}"), "sent a new code", "hash"
)
INVITE_REISSUED = EventType(
    "inspection.invite_reissued", _recipient("New link for {recipient}, by {who}"), "issued a new link", "refresh-cw"
)
INVITE_REVOKED = EventType(
    "inspection.invite_revoked",
    _recipient("Invite of {recipient} revoked by {who}"),
    "revoked an invite",
    "ban",
    "warn",
)
INVITE_SEEN = EventType(
    "inspection.invite_seen", "The page of {who} was opened", "opened the page", "eye", details=_browser
)
INVITE_OPENED = EventType(
    "inspection.invite_opened",
    "{who} pressed Continue",
    "pressed Continue",
    "mouse-pointer-click",
    details=_browser,
)
CODE_WRONG = EventType(
    "inspection.code_wrong", "{who} typed a wrong code", "typed a wrong code", "hash", "warn", details=_tries_left
)
INVITE_LOCKED = EventType(
    "inspection.invite_locked", "The invite of {who} is locked", "typed too many wrong codes", "lock", "danger"
)
JOINED = EventType("inspection.joined", "{who} joined", "joined", "door-open", "good", removes_from_list=True)
CONSENT_GIVEN = EventType(
    "inspection.consent_given",
    "{who} answered what they allow",
    "answered what they allow",
    "check-check",
    details=_consents,
)
CONSENT_WITHDRAWN = EventType(
    "inspection.consent_withdrawn",
    "{who} no longer allows something",
    "took back what they allowed",
    "ban",
    "warn",
    details=_consents,
)
ATTENDED = EventType("inspection.attended", "{who} is with them", "went to them", "user-check", removes_from_list=True)
RECORDING_STARTED = EventType(
    "inspection.recording_started",
    "Recording started by {who}",
    "started the recording",
    "circle-dot",
    removes_from_list=True,
)
RECORDING_STOPPED = EventType("inspection.recording_stopped", _stop, "stopped the recording", "circle-stop")
NOTES_CHANGED = EventType(
    "inspection.notes_changed",
    "Notes changed by {who}",
    "changed the notes",
    "pencil",
    removes_from_list=True,
    details=_notes_before,
)
SUBJECTS_CHANGED = EventType(
    "inspection.subjects_changed",
    "What is asked was changed by {who}",
    "changed what is asked",
    "list-checks",
    details=_subjects_changed,
)
REMARK_ADDED = EventType(
    "inspection.remark_added", "Remark by {who}", "added a remark", "message-square", details=_fact("text")
)
EVIDENCE_CAPTURED = EventType("inspection.evidence_captured", _captured, "added evidence", "camera", details=short_hash)
EVIDENCE_REMARKED = EventType(
    "inspection.evidence_remarked",
    "Remark on a piece of evidence by {who}",
    "remarked on evidence",
    "message-square",
    details=_fact("text"),
)
EVIDENCE_DOWNLOADED = EventType(
    "inspection.evidence_downloaded", _downloaded, "downloaded evidence", "download", details=short_hash
)
BUNDLE_REQUESTED = EventType(
    "inspection.bundle_requested", "A bundle was requested by {who}", "had a bundle made", "download"
)
EVIDENCE_ERASED = EventType(
    "inspection.evidence_erased", "Evidence erased by {who}", "erased evidence", "trash-2", "warn", details=_reason
)
RECEIPT_SENT = EventType("inspection.receipt_sent", _recipient("Receipt for {recipient}"), "had a receipt sent", "mail")
REPORT_REQUESTED = EventType(
    "inspection.report_requested", "A report was requested by {who}", "had a report made", "file-text"
)
REPORT_DOWNLOADED = EventType(
    "inspection.report_downloaded",
    "The report was downloaded by {who}",
    "downloaded the report",
    "download",
    details=short_hash,
)
HOLD_PLACED = EventType(
    "inspection.hold_placed", "Legal hold by {who}", "placed a legal hold", "lock", "warn", details=_fact("reason")
)
HOLD_RELEASED = EventType(
    "inspection.hold_released",
    "Legal hold released by {who}",
    "released the legal hold",
    "lock",
    details=_fact("reason"),
)
ITEM_HOLD_PLACED = EventType(
    "inspection.item_hold_placed",
    "Legal hold on one piece of evidence by {who}",
    "placed a legal hold on a piece of evidence",
    "lock",
    "warn",
    details=_reason,
)
ITEM_HOLD_RELEASED = EventType(
    "inspection.item_hold_released",
    "Legal hold on one piece of evidence released by {who}",
    "released the legal hold on a piece of evidence",
    "lock",
    details=_reason,
)
ASSIGNED = EventType("inspection.assigned", _assignment, "assigned it", "user-check", removes_from_list=True)
UNASSIGNED = EventType(
    "inspection.unassigned",
    "Unassigned by {who}",
    "unassigned it",
    "undo-2",
    removes_from_list=True,
    aliases=("inspection.given_back",),
)
REMINDED = EventType("inspection.reminded", "Reminded, {hours} h before", "reminded them", "bell")
ENDED = EventType("inspection.ended", "Ended by {who}", "ended it", "circle-stop", removes_from_list=True)
ANCHORED = EventType(
    "inspection.anchored",
    "Time-stamped by {authority}",
    "had it time-stamped",
    "shield-check",
    "good",
    removes_from_list=True,
)
CHECKPOINTED = EventType(
    "inspection.checkpointed",
    "The record so far, time-stamped by {authority}",
    "had the record so far time-stamped",
    "shield-check",
)
RENEWED = EventType(
    "inspection.renewed",
    "Earlier time stamps stamped anew by {authority}",
    "had earlier time stamps stamped anew",
    "shield-check",
)
ANCHOR_FAILED = EventType(
    "inspection.anchor_failed",
    "{authority} did not stamp the chain",
    "got no time stamp",
    "circle-alert",
    "danger",
    details=_fact("reason"),
)
ANCHOR_RETRIED = EventType(
    "inspection.anchor_retried",
    "{authority} asked again by {who}",
    "asked for a time stamp again",
    "refresh-cw",
    removes_from_list=True,
)
PERSON_ERASED = EventType(
    "inspection.person_erased",
    "What was personal about a participant was erased by {who}",
    "erased what was personal about a participant",
    "trash-2",
    "warn",
    details=_fact("reason"),
)
FOUND_BROKEN = EventType(
    "inspection.found_broken",
    "The record does not hold",
    "found that the record does not hold",
    "circle-alert",
    "danger",
    details=_fact("fault"),
)
FOUND_WHOLE = EventType(
    "inspection.found_whole",
    "The record holds again",
    "found that the record holds again",
    "shield-check",
    "good",
    removes_from_list=True,
)
WORDING = "consent_wording"
"""The subject type of an organization's own words about consent in events."""


def wording_of(organization_id: int, locale: str) -> str:
    """The words of one organization in one language, as a subject of events."""
    return f"{organization_id}-{locale}"


def _wording_changed(row: EventRow) -> str:
    what = CONSENT_SUBJECTS.get(str(row.data.get("subject")), "")
    language = LOCALES.get(str(row.data.get("locale")), "")
    goes_back = " went back to the product’s by" if not row.data.get("after") else " changed by"
    return f"Wording about {what.lower()} in {language}{goes_back} {{who}}"


WORDING_CHANGED = EventType(
    "consent_wording.changed",
    _wording_changed,
    "changed the wording",
    "pencil",
    details=lambda row: f"version {row.data.get('number')}: {row.data.get('reason')}",
)
TAGGED, UNTAGGED = tag_events(SUBJECT)

EVENTS = EventTypes.of_module(globals(), MESSAGE_EVENTS)
