"""Every kind of event of a deposition."""

from datetime import date, timedelta

from app.dashboard.events import tag_events
from app.depositions.models import Deposition
from app.kernel.changes.event_types import EventRow, EventType, EventTypes
from app.kernel.changes.message_events import MESSAGE_EVENTS
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize

SUBJECT = "deposition"
"""The subject type of depositions in events, messages, tags and search."""

WEBHOOK_TEST = "webhook_test"
"""The subject type of test webhooks; the id is that of their organization."""

MANAGER = "manager"
"""The subject type of the rows of the roster."""


def _scheduled_or_booked(row: EventRow) -> str:
    return "Booked by {who} through Self-Service" if row.data.get("self_service") else "Scheduled by {who}"


def _requested(row: EventRow) -> str:
    return "Created by {who}" if row.data.get("how") else "Requested by {who}"


HOW = {"phone": "asked by phone", "mail": "asked by e-mail"}


def _asked(row: EventRow) -> str:
    """`asked by phone by Dana Whitfield`, of a request that staff entered."""
    how, who = HOW.get(str(row.data.get("how") or ""), ""), row.data.get("asked_by")
    return f"{how} by {who}" if how and who else how


def _assignment(row: EventRow) -> str:
    return "Assigned to {to} by {who}" if row.data.get("to") else "Assigned to {who}"


def _booking(row: EventRow) -> str:
    manager, overlaps, reason = row.data.get("manager"), row.data.get("overlaps"), row.data.get("reason")
    found = [
        f"managed by {manager}" if manager else "",
        f"in spite of an overlap{': ' if reason else ''}{reason or ''}"
        if overlaps
        else f"“{reason}”"
        if reason
        else "",
    ]
    return " · ".join(filter(None, found))


def _notified(row: EventRow) -> str:
    if row.data.get("told"):
        return "all participants are notified by e-mail"
    reason = row.data.get("reason")
    return f"nobody is notified by e-mail: {reason}" if reason else "nobody is notified by e-mail"


def _moved(row: EventRow) -> str:
    data = row.data
    found = [
        f"from {data['from']}" if data.get("from") else "",
        f"managed by {data['manager']}" if data.get("manager") else "",
        "with another room" if data.get("room") else "",
        "in spite of an overlap" if data.get("overlaps") else "",
        _notified(row),
        f"participants read: “{data['because']}”" if data.get("because") else "",
        # Where nobody is notified, the reason is said beside that.
        f"“{data['reason']}”" if data.get("told") and data.get("reason") else "",
    ]
    return " · ".join(filter(None, found))


def _manager(row: EventRow) -> str:
    return "Manager changed to {manager} by {who}" if row.data.get("manager") else "Manager removed by {who}"


def _manager_before(row: EventRow) -> str:
    before, reason = row.data.get("before"), row.data.get("reason")
    return " · ".join(
        filter(None, [f"before: {before}" if before else "", f"in spite of an overlap: {reason}" if reason else ""])
    )


def _early(row: EventRow) -> str:
    early = row.data.get("early")
    return f"{datetimes.duration(timedelta(seconds=early))} early: {row.data.get('reason', '')}" if early else ""


def _changed(row: EventRow) -> str:
    data = row.data
    added, removed = (", ".join(data.get(name) or []) for name in ("added", "removed"))
    found = [
        f"title: {data['title']}, before: {data['before']}" if data.get("title") else "",
        f"invited: {added}" if added else "",
        f"no longer invited: {removed}" if removed else "",
    ]
    return " · ".join(filter(None, found))


def _notice(row: EventRow) -> str:
    return f"“{row.data['notice']}”" if row.data.get("notice") else ""


SETTING_LABELS = {
    "postback_cancellations": "Webhook of cancellations",
    "reminders": "Reminders",
    "reconfirmation": "Reconfirmation",
    "reconfirm_deponent": "Reconfirmation with the deponent",
    "silence_is_yes": "Silence counts as yes",
    "promised_hours": "Answered within, in business hours",
}
"""What each choice of an organization is called."""


def _checklist(row: EventRow) -> str:
    before, after = row.data.get("before", {}), row.data.get("after", {})
    return ", ".join(f"{item}: {_progress(before.get(item))} → {_progress(value)}" for item, value in after.items())


def _progress(value: object) -> str:
    return {"open": "to do", "done": "done"}.get(str(value), "not needed")


def _settings(row: EventRow) -> str:
    before, after = row.data.get("before", {}), row.data.get("after", {})
    return ", ".join(
        f"{SETTING_LABELS.get(name, name)}: {setting(before.get(name))} → {setting(value)}"
        for name, value in after.items()
    )


def setting(value: object) -> str:
    """A choice in words: on, off, a number, or that there is none."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "as the team promises" if value is None else str(value)


def _question(row: EventRow) -> str:
    return f"“{row.data.get('question', '')}” · to {row.data.get('to', '')}"


def _answer(row: EventRow) -> str:
    answer, note = row.data.get("answer") or "", row.data.get("note") or ""
    chosen = {"none": "none of the hours"}.get(answer, answer.replace("T", ", "))
    return " · ".join(filter(None, (chosen, f"“{note}”" if note else "")))


def _proposed(row: EventRow) -> str:
    return "Other hours changed by {who}" if row.data.get("changed") else "Other hours offered by {who}"


def _offered_hours(row: EventRow) -> str:
    people, quorum = row.data.get("people", 0), row.data.get("quorum", 0)
    return " · ".join((*row.data.get("slots", ()), f"to {pluralize(people, 'person', 'people')}, {quorum} needed"))


SUITS = {"yes": "suits", "maybe": "only if needed", "no": "does not suit"}
"""Each answer about an hour in words."""


def _hours(row: EventRow) -> str:
    found = [f"{hour}: {SUITS.get(answer, '')}" for hour, answer in row.data.get("answers", ())]
    agreed, note = row.data.get("agreed"), row.data.get("note")
    return " · ".join(
        filter(None, (*found, f"“{note}”" if note else "", f"agreed by all needed: {agreed}" if agreed else ""))
    )


def _roster_row(row: EventRow) -> str:
    return f"{row.data.get('name', '')}, {row.data.get('email', '')}"


def _manager_changes(row: EventRow) -> str:
    """`zone: UTC → Europe/Paris, languages: nothing → French`."""
    before, after = row.data.get("before", {}), row.data.get("after", {})
    return ", ".join(f"{name.replace('_', ' ')}: {_fact(before[name])} → {_fact(after[name])}" for name in before)


def _fact(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(str(value).splitlines()) or "nothing"


def _absence(row: EventRow) -> str:
    ends = dict.fromkeys(str(row.data[name]) for name in ("first_day", "last_day") if row.data.get(name))
    days = " to ".join(datetimes.day(date.fromisoformat(end)) for end in ends)
    return f"{days}: {row.data['note']}" if row.data.get("note") else days


def _people_told(row: EventRow) -> str:
    people = len(row.data.get("people", ()))
    found = [pluralize(people, "person", "people") if people else "", "their system" if row.data.get("webhook") else ""]
    return f"How it stands sent by {{who}} to {' and '.join(filter(None, found))}"


def _reminded(row: EventRow) -> str:
    return f"{row.data.get('hours')} h before, {row.data.get('messages')} by e-mail"


def _who_was_asked(row: EventRow) -> str:
    return ", ".join(row.data.get("people", ()))


QUOTED = {"yes": "it takes place", "no": "it does not take place", "call": "call me"}
"""Each answer to the question whether a session takes place, as it is quoted."""


def _reconfirmed(row: EventRow) -> str:
    answer = row.data.get("answer", "")
    if row.data.get("by_phone"):
        return "Confirmed by {person} on the phone" if answer == "yes" else "{person} answered on the phone"
    return "{who} answered" if answer != "yes" else "Confirmed by {who}"


def _reconfirmed_how(row: EventRow) -> str:
    written = f"written down by {row.actor_name}" if row.data.get("by_phone") else ""
    return " · ".join(filter(None, (f"“{QUOTED.get(row.data.get('answer', ''), '')}”", written)))


def moments(before: Deposition, after: Deposition) -> dict[str, object]:
    """What the event of a move says of the moment before and after it."""
    return {
        "from": datetimes.span(before.starts_at, before.ends_at, before.zone),
        "to": datetimes.span(after.starts_at, after.ends_at, after.zone),
        "before": _written(before),
        "after": _written(after),
    }


def _written(deposition: Deposition) -> dict[str, str | None]:
    return {
        "start_date": deposition.start_date,
        "start_time": deposition.start_time,
        "time_zone": deposition.time_zone,
        "estimated_duration": deposition.estimated_duration,
    }


REQUESTED = EventType("deposition.requested", _requested, "created it", "inbox", details=_asked)
SCHEDULED = EventType(
    "deposition.scheduled",
    _scheduled_or_booked,
    "scheduled it",
    "calendar-check",
    "good",
    removes_from_list=True,
    details=_booking,
)
MOVED = EventType("deposition.moved", "Moved to {to} by {who}", "moved it", "calendar-clock", "warn", details=_moved)
CLOCK_TIME_KEPT = EventType(
    "deposition.clock_time_kept",
    "Clock time kept by {who} after its zone’s rules changed: now {to}",
    "kept its clock time",
    "clock",
    "warn",
    details=_moved,
)
MOMENT_KEPT = EventType(
    "deposition.moment_kept",
    "Moment kept by {who} after its zone’s rules changed: now {to}",
    "kept its moment",
    "clock",
    "warn",
    details=_moved,
)
MANAGER_CHANGED = EventType(
    "deposition.manager_changed", _manager, "changed the manager", "user-check", details=_manager_before
)
CHANGED = EventType("deposition.changed", "Changed by {who}", "changed it", "pencil", details=_changed)
CANCELED = EventType(
    "deposition.canceled", "Canceled by {who}", "canceled it", "ban", removes_from_list=True, details=_notified
)
CANCELLATION_REQUESTED = EventType(
    "deposition.cancellation_requested",
    "Cancellation requested by {who}",
    "requested its cancellation",
    "message-square-x",
    "danger",
    removes_from_list=True,
)
CANCELLATION_DECLINED = EventType(
    "deposition.cancellation_declined",
    "Cancellation declined by {who}",
    "declined its cancellation",
    "message-square-x",
    removes_from_list=True,
    details=_notice,
)
TOLD = EventType(
    "deposition.told", _people_told, "sent how it stands to those who did not know", "send", removes_from_list=True
)
NOTICE_WRITTEN = EventType(
    "deposition.notice_written", "Notice written by {who}", "wrote a notice", "message-square", details=_notice
)
ASSIGNED = EventType("deposition.assigned", _assignment, "assigned it", "user-check", removes_from_list=True)
UNASSIGNED = EventType(
    "deposition.unassigned",
    "Unassigned by {who}",
    "unassigned it",
    "undo-2",
    removes_from_list=True,
    aliases=("deposition.given_back",),
)
ROOM_CHANGED = EventType("deposition.room_changed", "Room changed by {who}", "changed the room", "door-open")
CHECKLIST_CHANGED = EventType(
    "deposition.checklist_changed",
    "Checklist changed by {who}",
    "changed the checklist",
    "list-checks",
    details=_checklist,
)
REMINDED = EventType(
    "deposition.reminded", "Participants were reminded", "reminded the participants", "bell", details=_reminded
)
ASKED_TO_RECONFIRM = EventType(
    "deposition.asked_to_reconfirm",
    "It was asked whether it takes place",
    "asked whether it takes place",
    "circle-question-mark",
    details=_who_was_asked,
)
RECONFIRMED = EventType(
    "deposition.reconfirmed", _reconfirmed, "said whether it takes place", "circle-check", details=_reconfirmed_how
)
ORGANIZATION_ASKED = EventType(
    "deposition.organization_asked",
    "The organization was asked by {who}",
    "asked the organization",
    "send",
    details=_question,
)
QUESTION_ANSWERED = EventType(
    "deposition.question_answered",
    "The organization answered",
    "answered the question",
    "message-square-text",
    "warn",
    details=_answer,
)
QUESTION_WITHDRAWN = EventType(
    "deposition.question_withdrawn", "Question withdrawn by {who}", "withdrew the question", "undo-2"
)
ANSWER_SETTLED = EventType("deposition.answer_settled", "Answer dealt with by {who}", "dealt with the answer", "check")
HOURS_PROPOSED = EventType(
    "deposition.hours_proposed", _proposed, "offered other hours", "calendar-clock", details=_offered_hours
)
HOURS_ANSWERED = EventType(
    "deposition.hours_answered",
    "{person} answered about other hours",
    "answered",
    "message-square-text",
    details=_hours,
)
HOURS_REMINDED = EventType(
    "deposition.hours_reminded",
    "Reminder of the offered hours by {who}",
    "reminded those who had not answered",
    "bell",
    details=_who_was_asked,
)
ADDED_ASKED = EventType(
    "deposition.added_asked",
    "Asked about the offered hours too, by {who}",
    "asked those who were added",
    "user-plus",
    details=_who_was_asked,
)
PROPOSAL_WITHDRAWN = EventType(
    "deposition.proposal_withdrawn", "Other hours withdrawn by {who}", "withdrew the other hours", "undo-2"
)
STARTED = EventType(
    "deposition.started", "Started by {who}", "started the session", "play", "good", True, details=_early
)
START_TAKEN_BACK = EventType(
    "deposition.start_taken_back", "Start taken back by {who}", "took the start back", "undo-2", "warn", True
)
ENDED = EventType("deposition.ended", "Ended by {who}", "ended the session", "circle-stop", removes_from_list=True)
MANAGER_ADDED = EventType(
    "manager.added", "Added to the roster by {who}", "added them to the roster", "user-plus", details=_roster_row
)
MANAGER_CHANGED_FACTS = EventType(
    "manager.changed", "Changed by {who}", "changed them", "pencil", details=_manager_changes
)
ABSENCE_ADDED = EventType(
    "manager.absence_added", "Absence written by {who}", "wrote an absence", "calendar-x", details=_absence
)
ABSENCE_REMOVED = EventType(
    "manager.absence_removed", "Absence removed by {who}", "removed an absence", "calendar-check", details=_absence
)
FEED_MADE = EventType("manager.feed_made", "Calendar feed created by {who}", "created a calendar feed", "calendar-plus")
FEED_REVOKED = EventType("manager.feed_revoked", "Calendar feed revoked by {who}", "revoked the calendar feed", "ban")
SETTINGS_CHANGED = EventType(
    "organization.deposition_settings_changed",
    "Depositions settings changed by {who}",
    "changed the settings",
    "settings",
    details=_settings,
)
WEBHOOK_TESTED = EventType(
    "organization.webhook_tested", "Test webhook sent to {host} by {who}", "sent a test webhook", "webhook"
)
TAGGED, UNTAGGED = tag_events(SUBJECT)

EVENTS = EventTypes.of_module(globals(), MESSAGE_EVENTS)
