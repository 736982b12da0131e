"""States and transitions of a deposition, and the sentences that refuse a verb.

Each `why_not_…` answers the sentence that stands beside a disabled button, or None; each `check_…` raises the same
sentence. The API's `detail` is that sentence too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from app.depositions.models import BOOKED, State
from app.depositions.rules.timed import Spanning
from app.kernel.errors import Conflict, FieldError, Invalid

TRANSITIONS: dict[str, dict[str, str]] = {
    "initial": {"schedule": "scheduled", "cancel": "canceled"},
    "scheduled": {
        "move": "scheduled",
        "change_manager": "scheduled",
        "start": "active",
        "cancel": "canceled",
    },
    "ready": {"move": "ready", "change_manager": "ready", "start": "active", "cancel": "canceled"},
    "active": {"end": "ended", "take_back_start": "scheduled", "cancel": "canceled"},
    "ended": {},
    "canceled": {},
}
"""The verbs that each state allows, with the state they lead to.

Requests begin as `initial`, those of self-service organizations as `ready`. An `active` session can be canceled before
its planned start, when it cannot be ended, and ended from then on, when it can no longer be canceled. A start that is
taken back leads to the state before it, so that one of self-service is `ready` again.
"""

EARLY = timedelta(minutes=30)
"""How long before its planned start a session is started without a confirmation."""

TAKE_BACK = timedelta(minutes=10)
"""How long after it a start can be taken back, until somebody was led into the room."""

BECAUSE_LIMIT = 300
"""Most characters of what participants read about why a session was moved."""
NOTICE_LIMIT = 2000
REASON_LIMIT = 500
ROOM_LIMIT = 2048
SAME_HOUR = "The session is at that hour already."

ALREADY_CANCELED = "session_request.already_canceled"
NOT_CANCELABLE = "session_request.not_cancelable"

ONLY_READS = (
    "There is nobody to write to. The organization’s system learns of it when it next asks the API: it gets no "
    "webhook about this."
)

_CANCELED = "This request was canceled. A canceled request stays canceled; create a new one instead."


def source_states(verb: str) -> tuple[str, ...]:
    """The states a verb starts from."""
    return tuple(state for state, verbs in TRANSITIONS.items() if verb in verbs)


def first_state(self_service: bool) -> State:
    """Where a new request begins ("Self-Service": the organization books without the team)."""
    return State.READY if self_service else State.INITIAL


def why_not_schedule(state: str) -> str | None:
    if state == State.INITIAL:
        return None
    if state == State.CANCELED:
        return _CANCELED
    if state == State.READY:
        return "The organization booked this session itself. There is nothing left to schedule."
    return "This request is already scheduled."


def why_not_cancel(state: str, ahead: bool) -> str | None:
    """For the scheduling team. `ahead` is whether the planned start lies ahead: until then even a session that was
    started early can be canceled."""
    if "cancel" in TRANSITIONS[state] and (ahead or state != State.ACTIVE):
        return None
    if state == State.CANCELED:
        return "This request was already canceled."
    if state == State.ACTIVE:
        return "This session has begun. A session that has begun can be ended, no longer canceled."
    return "This session has ended. A session that has ended can no longer be canceled."


def why_not_withdraw(state: str) -> str | None:
    """For the organization through the API, which cancels only what is not booked ("not yet be scheduled")."""
    if state == State.INITIAL:
        return None
    if state == State.CANCELED:
        return "This session request was already canceled. Nothing was changed."
    if state in BOOKED:
        return (
            "Only a session request in the state initial can be canceled, and this session is already booked. "
            "Nothing was changed. Ask the scheduling team with a cancellation request instead."
        )
    return "Only a session request in the state initial can be canceled, and this session has begun."


def why_not_request_cancellation(state: str) -> str | None:
    if state in BOOKED:
        return None
    if state == State.INITIAL:
        return "This session request is not booked yet, so its cancellation needs no request: cancel it directly."
    if state == State.CANCELED:
        return "This session request was already canceled. Nothing was changed."
    return "This session has begun, so it can no longer be canceled."


def why_not_start(state: str, has_room: bool) -> str | None:
    if state == State.INITIAL:
        return "Only a scheduled session can be started. Schedule it first."
    if state == State.CANCELED:
        return _CANCELED
    if state == State.ACTIVE:
        return "This session has already begun."
    if state == State.ENDED:
        return "This session has ended."
    return None if has_room else "This session has no room yet. Say where people meet first."


def why_not_move(state: str) -> str | None:
    """A session is moved from its booking until it begins."""
    if state in BOOKED:
        return None
    if state == State.INITIAL:
        return "This request is not booked yet. A session can be moved once it is scheduled."
    return _CANCELED if state == State.CANCELED else "A session that has begun can no longer be moved."


def why_not_keep_hour(state: str, hour_moved: bool) -> str | None:
    """Which counts, the time on the clock or the moment, is decided before a session begins."""
    if state in (State.INITIAL, *BOOKED):
        return None if hour_moved else "The hour of this session has not moved."
    return _CANCELED if state == State.CANCELED else "A session that has begun can no longer be moved."


def why_not_change_manager(state: str) -> str | None:
    """The manager of a session can change from its booking until it begins."""
    if state in BOOKED:
        return None
    if state == State.INITIAL:
        return "The manager is chosen when the session is scheduled."
    return _CANCELED if state == State.CANCELED else "The manager can be changed until the session begins."


def why_not_take_back_start(state: str, started_at: datetime | None, entered: bool, now: datetime) -> str | None:
    """`entered` is whether somebody was led into the room since it was opened."""
    if state != State.ACTIVE or started_at is None:
        return "Only a session that was just started can be put back."
    if entered:
        return "Somebody was led into the room already, so the start cannot be taken back."
    return None if now - started_at <= TAKE_BACK else "A start can be taken back for ten minutes, and these are over."


def starts_early(starts_at: datetime, now: datetime) -> bool:
    """Whether starting the session now needs a confirmation."""
    return starts_at - now > EARLY


def why_not_end(state: str, ahead: bool) -> str | None:
    """`ahead` is whether the planned start lies ahead: those who were invited for that hour would find it over."""
    if state == State.ACTIVE:
        return "This session cannot be ended before its planned start; cancel it instead." if ahead else None
    return "This session has already ended." if state == State.ENDED else "Only a session that is active can be ended."


def why_not_change_room(state: str) -> str | None:
    """The room can be changed from booking until the session begins."""
    if state in BOOKED:
        return None
    if state == State.INITIAL:
        return "The room is chosen when the session is scheduled."
    return "The room can be changed until the session begins."


def why_not_decline_cancellation(state: str, requested: bool) -> str | None:
    """`requested` is whether the organization waits for an answer to its request."""
    if state in BOOKED and requested:
        return None
    if state == State.CANCELED:
        return "This request was already canceled."
    return "The organization does not wait for an answer to a request for cancellation."


def why_not_tell(state: str, over: bool, outdated: bool) -> str | None:
    """`over` is whether the session's hour has passed, `outdated` whether somebody knows what no longer holds."""
    if state == State.INITIAL:
        return "This request is not booked yet. Its participants hear of it once it is."
    if state == State.ENDED or over:
        return "The hour of this session is over."
    return None if outdated else "There is nothing more to tell: all who heard of it heard how it stands."


def check_schedule(state: str) -> None:
    _refuse(why_not_schedule(state))


def check_cancel(state: str, ahead: bool) -> None:
    _refuse(why_not_cancel(state, ahead), ALREADY_CANCELED if state == State.CANCELED else NOT_CANCELABLE)


def check_withdraw(state: str) -> None:
    """422: what the API's cancel answers then (docs/depositions.md)."""
    reason = why_not_withdraw(state)
    if reason:
        raise Invalid(reason, code=ALREADY_CANCELED if state == State.CANCELED else NOT_CANCELABLE)


def check_request_cancellation(state: str) -> None:
    reason = why_not_request_cancellation(state)
    if reason:
        code = ALREADY_CANCELED if state == State.CANCELED else NOT_CANCELABLE
        raise Invalid(reason, code="session_request.not_booked" if state == State.INITIAL else code)


def check_start(state: str, has_room: bool) -> None:
    _refuse(why_not_start(state, has_room))


def check_move(state: str, same: bool = False) -> None:
    """`same` is whether nothing would change."""
    _refuse(why_not_move(state) or (SAME_HOUR if same else None))


def check_another_hour(state: str, same: bool) -> None:
    """Raises Invalid, so that another hour is typed, where nothing would change of a session that can be moved."""
    if same and not why_not_move(state):
        detail = f"{SAME_HOUR} Nothing was changed."
        raise Invalid(detail, errors=[FieldError("start_time", "same", f"{SAME_HOUR} Type another day or hour.")])


def check_keep_hour(state: str, hour_moved: bool) -> None:
    _refuse(why_not_keep_hour(state, hour_moved))


def check_change_manager(state: str, same: bool = False, manager: str = "") -> None:
    """`same` is whether `manager`, or nobody for an empty name, manages it already."""
    already = f"{manager} manages this session already." if manager else "Nobody manages this session already."
    _refuse(why_not_change_manager(state) or (already if same else None))


def check_take_back_start(state: str, started_at: datetime | None, entered: bool, now: datetime) -> None:
    _refuse(why_not_take_back_start(state, started_at, entered, now))


def check_end(state: str, ahead: bool) -> None:
    _refuse(why_not_end(state, ahead))


def check_change_room(state: str) -> None:
    _refuse(why_not_change_room(state))


def check_decline_cancellation(state: str, requested: bool) -> None:
    _refuse(why_not_decline_cancellation(state, requested))


def check_tell(state: str, over: bool, outdated: bool) -> None:
    _refuse(why_not_tell(state, over, outdated), "session_request.nothing_to_tell")


def check_reachable(messages: Sequence[object]) -> None:
    """Raises Conflict when those who are not up to date are reached by no message: a system that is only read by."""
    if not messages:
        _refuse(ONLY_READS, "session_request.nothing_to_tell")


def check_unassign(assigned: bool) -> None:
    _refuse(None if assigned else "This is assigned to nobody.")


def _refuse(reason: str | None, code: str = "session_request.wrong_state") -> None:
    if reason:
        raise Conflict(f"{reason} Nothing was changed.", code=code)


def why_not_room(url: str) -> str | None:
    """Why participants cannot be sent to this address; None when they can."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("https", "http") and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        good = False
    if not good or len(url) > ROOM_LIMIT or any(c.isspace() or not c.isprintable() for c in url):
        return "Type the room as a web address that starts with https://, without a user name."
    return None


def check_room(url: str) -> None:
    """Raises Invalid unless the room is a web address that participants can be sent to."""
    fault = why_not_room(url)
    if fault:
        raise Invalid(f"{fault} Nothing was changed.", errors=[FieldError("room_url", "address", fault)])


@dataclass(frozen=True, slots=True)
class Span:
    """When a manager is busy."""

    starts_at: datetime
    ends_at: datetime


LENGTH_UNKNOWN = timedelta(hours=1)
"""The assumed length of a session whose duration is not known."""

BUFFER = timedelta(minutes=15)
"""What a manager needs between two sessions, until their row of the roster says otherwise."""


def busy(starts_at: datetime, ends_at: datetime) -> Span:
    """The time a session takes from its manager, buffers left out."""
    return Span(starts_at, ends_at if ends_at > starts_at else starts_at + LENGTH_UNKNOWN)


def over(session: Spanning, now: datetime) -> bool:
    """Whether the hour of a session has passed."""
    return busy(session.starts_at, session.ends_at).ends_at <= now


def overlap(one: Span, other: Span, needed: timedelta = BUFFER) -> bool:
    """Whether two sessions leave less than what their manager needs between them."""
    return one.starts_at < other.ends_at + needed and other.starts_at < one.ends_at + needed


def check_overlaps(overlaps: Sequence[object], manager: str, reason: str) -> None:
    """Raises Conflict for an overlap without a reason; with one, it is allowed."""
    if not overlaps or reason.strip():
        return
    times = "another session" if len(overlaps) == 1 else f"{len(overlaps)} other sessions"
    sentence = (
        f"{manager} already has {times} at this hour or too close to it. Nothing was changed. "
        "Choose another manager or hour, or say why it should be so all the same."
    )
    raise Conflict(
        sentence,
        code="session_request.overlap",
        errors=[FieldError("reason", "overlap", "Say why it is booked over the overlap.")],
    )


def check_past(starts_at: datetime, now: datetime, reason: str) -> None:
    """Raises Invalid for an hour that is over already without a reason; with one, it is allowed."""
    if starts_at >= now or reason.strip():
        return
    raise Invalid(
        "That hour is over already. Nothing was changed. Choose another, or say why.",
        errors=[FieldError("reason", "past", "Say why the session is put into the past.")],
    )


def check_ahead(starts_at: datetime, now: datetime) -> None:
    """Raises Invalid for a moment that is over already, where no reason can be given: through the API."""
    if starts_at < now:
        detail = "That moment is over already. Choose another."
        raise Invalid(
            f"{detail} Nothing was changed.", errors=[FieldError("remote_session.start_date", "past", detail)]
        )


def check_early(starts_at: datetime, now: datetime, reason: str) -> None:
    """Raises Invalid for a start long before the planned one without a reason; with one, it is allowed."""
    if not starts_early(starts_at, now) or reason.strip():
        return
    raise Invalid(
        "The planned start is more than 30 minutes away. Nothing was changed. Say why it is started now.",
        errors=[FieldError("reason", "early", "Say why it is started early.")],
    )


def required_notice(notice: str) -> str:
    """The notice without blanks around it. Raises Invalid when there is none: the organization is owed an answer."""
    text = notice.strip()
    if not text or len(text) > NOTICE_LIMIT:
        detail = f"Write why in at most {NOTICE_LIMIT:,} characters." if text else "Write why the session stays."
        raise Invalid(f"{detail} Nothing was changed.", errors=[FieldError("notice", "required", detail)])
    return text


def check_silence(reason: str) -> None:
    """Raises Invalid without a reason why those who believe in a session are not told of the change."""
    if not reason:
        raise Invalid(
            "Nothing was changed. Say why nobody is notified.",
            errors=[FieldError("reason", "required", "Say why nobody is notified.")],
        )
