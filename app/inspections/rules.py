"""Rules of inspections and their invites, in sentences. Pure: no database, no Flask, no clock.

Each `check_…` raises a refusal; its sentence is the guard, the API's `detail` and the reason of the disabled button.
Source: docs/inspections.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from babel.lists import format_list

from app.inspections.models import Anchoring, Status
from app.kernel.errors import Conflict, FieldError, Invalid, PaymentRequired
from app.kernel.text import normalization

TTL = timedelta(hours=24)
"""How long after its creation or its scheduled time, whichever is later, an inspection can be joined."""
FREE_INSPECTIONS = 5
FREE_PLANS = frozenset(("free", "pilot"))
OTP_LIFE = timedelta(minutes=10)
OTP_TRIES = 5
WRONG_CODES = 20
"""Wrong codes per inspection and recipient, over all codes and links."""
TTL_MINUTES = (5, 43_200)
TTL_MINUTES_DEFAULT = 1440
JOINS_A_MINUTE = 300
"""Joins from one address; never fewer, since a whole office may share one address."""
LINKS_OF_A_RECIPIENT, LINKS_OF_AN_ORGANIZATION = 12, 300
"""Invites and reissues an hour: to one recipient, over all inspections and organizations, and of one organization."""
REMIND_HOURS = (24, 1)
SUBJECTS = ("camera", "gps", "recording")
"""What field users can be asked to allow, in this order; an inspection asks only for what it uses."""
SUBJECT_NAMES = {"camera": "the camera", "gps": "the place", "recording": "a recording"}
ANSWERS = ("granted", "denied")
WORDING_LENGTH, WORDING_REASON = 1000, 300
"""Most characters of an organization's own words about a subject, and of the reason why they were changed."""
CHECKPOINT_EVERY = timedelta(minutes=10)
"""How often a record that grows is stamped while its inspection goes on."""
RENEW_BEFORE = timedelta(days=90)
"""How long before its signing certificate ends a time stamp is renewed."""
FIELD: Final = "field"
"""The role of those who show and answer. Observers and auditors look on: they consent to nothing, and do nothing."""
YEARS = range(1970, 2200)
"""The years, in UTC, for which an inspection can be scheduled."""
EARLIEST, LATEST = datetime.fromisoformat("1970-01-02T00:00:00Z"), datetime.fromisoformat("2199-12-30T00:00:00Z")
"""From when on a phone's word about a time is kept: a clock that was never set says the first day of 1970."""

TRANSITIONS: dict[str, dict[str, str]] = {
    "created": {"join": "open", "end": "closed"},
    "open": {"start_recording": "recording", "end": "closed"},
    "recording": {"stop_recording": "open", "end": "closed"},
    "closed": {},
    "expired": {},
}
"""The verbs that each state allows, with the state they lead to."""

TIMED_TRANSITIONS: dict[str, str] = {"created": "expired"}
"""What time alone does: nobody joined before the inspection expired. Computed on read."""


def source_states(verb: str) -> tuple[str, ...]:
    """The states a verb starts from."""
    return tuple(state for state, verbs in TRANSITIONS.items() if verb in verbs)


LIVE_STATES = source_states("end")
"""Stored states in which an inspection has not ended. `created` counts only until it expires."""
JOINED_STATES = tuple(state for state in LIVE_STATES if state not in TIMED_TRANSITIONS)
"""Live states that an inspection has only once a field user joined it."""


class Expiring(Protocol):
    """What the status of an inspection is computed from."""

    status: str
    expires_at: datetime


class InspectionFacts(Expiring, Protocol):
    """What the rules need to know of an inspection."""

    started_at: datetime | None
    attended_at: datetime | None
    consent_state: dict[str, str]


class AskingFacts(InspectionFacts, Protocol):
    """The same, with what it uses and asks field users about."""

    subjects: list[str]


def expiry(created_at: datetime, scheduled_for: datetime | None) -> datetime:
    """When an inspection expires unless it is joined before."""
    return max(created_at, scheduled_for or created_at) + TTL


def status_of(inspection: Expiring, now: datetime) -> str:
    """The status that the API and every page show. `expired` is computed, so it holds from the very moment on."""
    if inspection.status == Status.CREATED and inspection.expires_at <= now:
        return Status.EXPIRED.value
    return inspection.status


def check_schedule(scheduled_for: datetime | None) -> None:
    """Raises Invalid for a moment outside the years that can be stored."""
    if scheduled_for is not None and scheduled_for.astimezone(UTC).year not in YEARS:
        raise _field("scheduled_for", "range", "This must lie between 1970 and 2199.")


def check_billing(plan: str, billing: str, created_ever: int) -> None:
    """Raises PaymentRequired when the organization may not create another inspection."""
    if billing == "past_due":
        raise PaymentRequired(
            "The subscription is past due, so no inspection was created. Settle the open invoice, then try again.",
            code="billing.subscription_past_due",
        )
    if plan in FREE_PLANS and created_ever >= FREE_INSPECTIONS:
        raise PaymentRequired(
            f"The {plan} plan includes {FREE_INSPECTIONS} inspections, and all are used. No inspection was created. "
            "A paid plan has no such limit.",
            code="billing.free_plan_minutes_exhausted",
        )


def check_report(inspection: InspectionFacts) -> None:
    """Raises Conflict before anybody has joined."""
    if inspection.started_at is None:
        raise Conflict("Nobody has joined, so there is nothing to report.", code="report.empty")


def check_live(inspection: InspectionFacts, now: datetime) -> None:
    """Raises Conflict when the inspection has ended or expired."""
    status = status_of(inspection, now)
    if status == Status.CLOSED:
        raise Conflict(
            "This inspection has ended, and its record is sealed: nothing more can be added.",
            code="session.already_ended",
        )
    if status == Status.EXPIRED:
        raise Conflict(
            "This inspection has expired: nobody joined in time. Create a new one instead.",
            code="session.already_ended",
        )


check_invite = check_live
check_change_notes = check_live
check_add_remark = check_live


def check_end(inspection: InspectionFacts, now: datetime) -> None:
    """Raises Conflict for an expired inspection. Ending an ended one again is allowed and changes nothing."""
    if status_of(inspection, now) == Status.EXPIRED:
        check_live(inspection, now)


def check_attend(inspection: InspectionFacts, now: datetime, own: bool = False) -> None:
    """Raises Conflict unless a field user has joined whom no operator attends to yet. `own` is whether the operator who
    does is the one who asks."""
    check_live(inspection, now)
    if inspection.started_at is None:
        raise Conflict("Nobody has joined yet, so there is nobody to greet.", code="session.nobody_joined")
    if inspection.attended_at is not None:
        raise Conflict(
            "You are already with them." if own else "An operator is already with them.",
            code="session.already_attended",
        )


def check_unassign(assigned: bool) -> None:
    """Raises Conflict when the inspection has no assignee."""
    if not assigned:
        raise Conflict("This is assigned to nobody. Nothing was changed.", code="session.not_assigned")


def worst_answers(answers: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What all field users together allow: `denied` as soon as one denies. What nobody was asked about is absent."""
    worst: dict[str, str] = {}
    for each in answers:
        for subject, answer in each.items():
            worst[subject] = "denied" if "denied" in (answer, worst.get(subject)) else answer
    return {subject: worst[subject] for subject in SUBJECTS if subject in worst}


def unanswered(subjects: Iterable[str], answers: Mapping[str, str]) -> int:
    """How many of the subjects that an inspection uses a field user has not answered about yet."""
    return sum(subject not in answers for subject in subjects)


def check_change_subjects(
    inspection: AskingFacts, wanted: Sequence[str], given: Collection[str], now: datetime
) -> None:
    """Raises Conflict when what an inspection asks for can no longer change so. What was added is asked of everybody;
    what somebody has answered, which `given` names, stays, because the answer is part of the record."""
    check_live(inspection, now)
    if kept := [subject for subject in inspection.subjects if subject in given and subject not in wanted]:
        what = _named(kept)
        raise Conflict(
            f"Somebody has answered about {what} already, so that question stays. Nothing was changed.",
            code="session.subject_answered",
        )


def _named(subjects: Sequence[str]) -> str:
    return format_list([SUBJECT_NAMES[subject] for subject in subjects], locale="en")


def check_answer(inspection: AskingFacts, answers: Mapping[str, str]) -> None:
    """Raises Conflict for an answer that is none, or about something that this inspection does not use."""
    if any(subject not in SUBJECTS or answer not in ANSWERS for subject, answer in answers.items()):
        raise Conflict("Consent is granted or denied, for each thing that was asked about. Nothing was saved.")
    if unused := [subject for subject in answers if subject not in inspection.subjects]:
        raise Conflict(
            f"This inspection does not use {_named(unused)}, so nobody is asked about that. Nothing was saved.",
            code="session.subject_not_used",
        )


def check_wording(texts: Mapping[str, str], reason: str) -> None:
    """Raises Invalid, one sentence a field, for words that cannot be asked: too long, with a character that is none or
    that turns round what follows it; also without a reason."""
    errors = [FieldError(subject, "invalid", why) for subject, text in texts.items() if (why := _unfit_wording(text))]
    if not reason:
        errors.append(FieldError("reason", "required", "Say why: it is kept with the version."))
    elif len(reason) > WORDING_REASON:
        errors.append(FieldError("reason", "too_long", f"Use at most {WORDING_REASON} characters."))
    if errors:
        raise Invalid(f"{errors[0].detail} Nothing was saved.", errors=errors)


def _unfit_wording(text: str) -> str:
    if len(text) > WORDING_LENGTH:
        return f"Use at most {WORDING_LENGTH:,} characters: field users read this on a phone."
    if any(each in _TURNING for each in text):
        return "An invisible character in this turns letters round, so that people would read something else."
    if any(unicodedata.category(each) in ("Cc", "Cs", "Co") and each != "\n" for each in text):
        return "This has a character in it that nobody can read. Delete it and type it again."
    return ""


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_start_recording(inspection: AskingFacts, now: datetime, unasked: int = 0) -> None:
    """Raises Conflict unless the inspection is open, not yet recording, and every field user who is in allows it.

    `unasked` is how many of them have not answered about the recording yet.
    """
    check_live(inspection, now)
    if inspection.status == Status.RECORDING:
        raise Conflict("This inspection is already recording.", code="session.already_recording")
    if inspection.status != Status.OPEN:
        raise Conflict("Nobody has joined yet. Recording can start once somebody has.", code="session.nobody_joined")
    if "recording" not in inspection.subjects:
        sentence = "This inspection uses no recording, so nobody is asked to allow one. Change what it asks for first."
        raise Conflict(sentence, code="recording.consent_required")
    allowed = inspection.consent_state.get("recording")
    if allowed == "denied":
        sentence = "Recording is not allowed: a field user does not agree to it. They can change that on their page."
        raise Conflict(sentence, code="recording.consent_required")
    if allowed is None or unasked:
        sentence = "Recording needs the consent of everybody who has joined, and not everybody has answered yet."
        raise Conflict(sentence, code="recording.consent_required")


def check_erase_person(inspection: InspectionFacts, found: bool, now: datetime) -> None:
    """Raises Conflict while the inspection goes on, and when nothing personal is left. `found` is whether there was."""
    if status_of(inspection, now) not in (Status.CLOSED, Status.EXPIRED):
        sentence = "This inspection still goes on, and its link and messages need the recipient. End it first."
        raise Conflict(sentence, code="session.not_over")
    if not found:
        raise Conflict("Nothing personal is left about this participant.", code="person.erased")


def check_stop_recording(inspection: InspectionFacts, now: datetime) -> None:
    """Raises Conflict unless the inspection is recording."""
    check_live(inspection, now)
    if inspection.status != Status.RECORDING:
        raise Conflict("This inspection is not recording.", code="session.not_recording")


class InviteState(StrEnum):
    """State of an invite. Only a LIVE one can be redeemed for the first time."""

    LIVE = "live"
    JOINED = "joined"
    LOCKED = "locked"
    REVOKED = "revoked"
    EXPIRED = "expired"


class InviteFacts(Protocol):
    """What the rules need to know of an invite."""

    expires_at: datetime
    revoked_at: datetime | None
    locked_at: datetime | None
    joined_at: datetime | None
    otp_hash: str | None


class RecipientFacts(InviteFacts, Protocol):
    """What the rules need to know of whom a receipt is for."""

    role: str
    recipient_email: str


def invite_state(invite: InviteFacts, now: datetime) -> InviteState:
    """The state, in the order in which the join endpoint refuses: revoked, expired, locked, joined."""
    if invite.revoked_at is not None:
        return InviteState.REVOKED
    if invite.expires_at <= now:
        return InviteState.EXPIRED
    if invite.locked_at is not None:
        return InviteState.LOCKED
    return InviteState.JOINED if invite.joined_at is not None else InviteState.LIVE


def has_receipt(invite: RecipientFacts) -> bool:
    """Whether this is a field user who was in and was not revoked: what they sent has a receipt."""
    return invite.joined_at is not None and invite.revoked_at is None and invite.role == FIELD


def gets_receipt(invite: RecipientFacts) -> bool:
    """Whether their receipt is mailed once the inspection has ended."""
    return has_receipt(invite) and bool(invite.recipient_email)


def check_new_code(invite: InviteFacts, now: datetime) -> None:
    """Raises Conflict unless the invite needs a code and has neither been locked nor redeemed."""
    state = invite_state(invite, now)
    if state == InviteState.REVOKED:
        raise Conflict("This invite was revoked. Create a new one.", code="invite.revoked")
    if state == InviteState.EXPIRED:
        raise Conflict("This invite has expired. Issue a new link and code.", code="invite.expired")
    if state == InviteState.LOCKED:
        raise Conflict(
            "Five wrong codes have locked this invite. Issue a new link and code instead.", code="invite.locked"
        )
    if state == InviteState.JOINED:
        raise Conflict("They have already joined with this invite, so no code is needed.", code="invite.joined")
    if invite.otp_hash is None:
        raise Conflict("This invite is for handing over face to face; it has no code.", code="invite.no_code")


def check_reissue(invite: InviteFacts, wrong_codes: int) -> None:
    """Raises Conflict for a revoked invite, and when this recipient has used up all wrong codes."""
    if invite.revoked_at is not None:
        raise Conflict("This invite was revoked. Create a new one.", code="invite.revoked")
    check_wrong_codes(wrong_codes)


def check_wrong_codes(wrong_codes: int) -> None:
    """Raises Conflict when this recipient has typed too many wrong codes in this inspection, over all invites."""
    if wrong_codes >= WRONG_CODES:
        raise Conflict(
            f"{WRONG_CODES} wrong codes were typed for this person in this inspection. It stays locked for them: "
            "call them, then create a new inspection.",
            code="invite.too_many_wrong_codes",
        )


def check_revoke(invite: InviteFacts) -> None:
    """Raises Conflict when the invite is revoked already."""
    if invite.revoked_at is not None:
        raise Conflict("This invite is already revoked.", code="invite.revoked")


def check_retry_anchor(state: str) -> None:
    """Raises Conflict unless the authority has failed for good."""
    if state == "pending":
        raise Conflict("This authority is being asked already.", code="anchor.pending")
    if state == "anchored":
        raise Conflict("This authority has already stamped the chain.", code="anchor.anchored")


def anchoring_of(states: Iterable[str]) -> str:
    """Sums up all authorities: anchored by one good stamp, else pending while one is still asked."""
    known = set(states)
    for anchoring in (Anchoring.ANCHORED, Anchoring.PENDING, Anchoring.FAILED):
        if anchoring in known:
            return anchoring.value
    return Anchoring.NO_AUTHORITY.value


def renewal_due(stamped_at: datetime, certificate_ends_at: datetime, now: datetime) -> bool:
    """Whether a time stamp must be renewed: its certificate ends within 90 days, or, where it was made later than twice
    that before, half of the time since is over."""
    return certificate_ends_at - now <= min(RENEW_BEFORE, (certificate_ends_at - stamped_at) / 2)


def reminders(scheduled_for: datetime | None, now: datetime) -> list[tuple[int, datetime]]:
    """Reminders that still lie ahead, each as (hours before, when)."""
    if scheduled_for is None:
        return []
    moments = [(hours, scheduled_for - timedelta(hours=hours)) for hours in REMIND_HOURS]
    return [(hours, moment) for hours, moment in moments if moment > now]


def reminder_due(hours: int, scheduled_for: datetime | None, planned_for: datetime, now: datetime) -> bool:
    """Whether a reminder should still be sent: not moved, not begun, and the next reminder is not due yet."""
    if scheduled_for is None or scheduled_for != planned_for or now >= scheduled_for:
        return False
    later = [other for other in REMIND_HOURS if other < hours]
    return not later or now < scheduled_for - timedelta(hours=max(later))


def typed_code(header: str | None) -> str | None:
    """The code as it is compared; None when none was given. Any other text counts as a wrong code."""
    return normalization.code(header or "") or None


def hint_email(address: str) -> str | None:
    """A masked address, such as al…@policyholder.com, that still tells its owner which mailbox it is."""
    if not address:
        return None
    name, _, domain = address.rpartition("@")
    return f"{name[: 2 if len(name) > 3 else 1]}…@{domain}"


def hint_phone(number: str) -> str | None:
    """A masked telephone number: its last two digits, as in …20."""
    digits = re.sub(r"\D", "", number)
    return f"…{digits[-2:]}" if digits else None


def recipient_key(email: str, phone_key: str | None) -> str:
    """Identifies the recipient that wrong codes are counted for, over repeated invites."""
    return normalization.email_key(email) or phone_key or ""


def _field(field: str, code: str, detail: str) -> Invalid:
    return Invalid(f"{field}: {detail}", errors=(FieldError(field, code, detail),), status=400)
