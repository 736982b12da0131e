"""The steps of an invite, the chain, and the time stamps, as an inspection's page shows them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.inspections import chain, rules, user_agents
from app.inspections.anchors import asked_name_of
from app.inspections.events import CONSENT_SUBJECTS
from app.inspections.models import AnchorState, Invite, StatementKind
from app.inspections.queries import AskedStamp, LinkMessage
from app.inspections.rules import InviteState
from app.inspections.verification import Finding, Result
from app.kernel.outbox.outbox import DEAD, DROPPED, QUEUED, SENT


@dataclass(frozen=True, slots=True)
class Entry:
    """A step of an invite or an event of the chain, as a timeline shows it; `later` steps lie ahead."""

    icon: str
    text: str
    small: str = ""
    at: datetime | None = None
    tone: str = ""
    later: bool = False
    current: bool = False
    note: str = ""
    hash: str = ""


def steps(
    invite: Invite,
    message: LinkMessage | None,
    consent: Mapping[str, str],
    made_at: datetime,
    agent: str,
    now: datetime,
    *,
    subjects: Sequence[str],
    over: bool = False,
) -> list[Entry]:
    """The steps of an invite in order, those ahead in grey. `agent` is the browser that opened it, `consent` what this
    field user answered of the `subjects` asked about, and `over` whether the inspection has ended."""
    state = rules.invite_state(invite, now)
    found: list[Entry] = [
        Entry(
            icon="key-round",
            text=("Link and code made" if invite.otp_required else "Link made")
            + (f", number {invite.issue}" if invite.issue > 1 else ""),
            at=made_at,
        ),
        _message(invite, message),
        _seen(invite),
        _opened(invite, agent),
    ]
    if invite.otp_required:
        found.append(_code(invite, now))
    found.append(Entry(icon="video", text="In the session", at=invite.joined_at, later=invite.joined_at is None))
    # The answers of one who was revoked count no more, and they are asked for none.
    if invite.joined_at is not None and invite.role == rules.FIELD and state != InviteState.REVOKED:
        found.extend(_consent(consent, subjects, over))
    if state == InviteState.REVOKED:
        found.append(Entry(icon="ban", text="Revoked", at=invite.revoked_at, tone="danger"))
    elif state == InviteState.EXPIRED and invite.joined_at is None:
        found.append(Entry(icon="hourglass", text="The link is too old", at=invite.expires_at, tone="warn"))
    return found


def _consent(answers: Mapping[str, str], subjects: Sequence[str], over: bool) -> list[Entry]:
    """What the field user answered, and what they are still asked or were when it ended."""
    denied = [CONSENT_SUBJECTS[subject].lower() for subject in subjects if answers.get(subject) == "denied"]
    granted = [CONSENT_SUBJECTS[subject].lower() for subject in subjects if answers.get(subject) == "granted"]
    asked = [CONSENT_SUBJECTS[subject].lower() for subject in subjects if subject not in answers]
    found = [Entry(icon="check-check", text=f"Allows: {', '.join(granted)}")] if granted else []
    if denied:
        found.append(Entry(icon="ban", text=f"Does not allow: {', '.join(denied)}", tone="danger"))
    if asked and over:
        found.append(Entry(icon="info", text=f"Not answered before the end: {', '.join(asked)}"))
    elif asked:
        found.append(Entry(icon="hourglass", text=f"Not answered yet: {', '.join(asked)}", tone="warn"))
    return found


def _message(invite: Invite, message: LinkMessage | None) -> Entry:
    if message is None:
        text = "You hand over the link yourself" if invite.recipient_email or invite.recipient_phone else "Face to face"
        return Entry(icon="smartphone", text=text, small="no message with the link was sent")
    gateway = "the text message gateway" if invite.recipient_phone else "its server"
    where = invite.recipient_email.rpartition("@")[2] or gateway
    if message.state == SENT:
        return Entry(icon="mail-check", text=f"Message accepted by {where}", at=message.finished_at)
    if message.state == DEAD:
        return Entry(icon="mail-x", text="The message was refused", small=message.last_error or "", tone="danger")
    if message.state == QUEUED and message.last_error:
        return Entry(icon="mail-x", text="Not accepted yet, tried again", small=message.last_error or "", tone="warn")
    if message.state == DROPPED:
        return Entry(icon="mail-x", text="The message was not sent", small=message.last_error or "", tone="warn")
    return Entry(icon="mail", text="Message on its way", small=f"to {where}")


def _seen(invite: Invite) -> Entry:
    small = "by a person or a mail scanner: that alone lets nobody in"
    return Entry(
        icon="eye",
        text="Page opened",
        small=small if invite.seen_at else "",
        at=invite.seen_at,
        later=invite.seen_at is None and invite.opened_at is None,
    )


def _opened(invite: Invite, agent: str) -> Entry:
    return Entry(
        icon="mouse-pointer-click",
        text="Continue pressed, by a person",
        small=user_agents.describe(agent) if agent else "",
        at=invite.opened_at,
        later=invite.opened_at is None,
    )


def _code(invite: Invite, now: datetime) -> Entry:
    left = rules.OTP_TRIES - invite.tries
    tries = f"{left} {'try' if left == 1 else 'tries'} left"
    if invite.joined_at is not None:
        return Entry(icon="hash", text="Code right", small=tries if invite.tries else "", at=invite.joined_at)
    if invite.locked_at is not None:
        return Entry(icon="lock", text="Locked after five wrong codes", at=invite.locked_at, tone="danger")
    if invite.otp_expires_at is not None and invite.otp_expires_at <= now:
        return Entry(
            icon="hash",
            text="The code is too old",
            small=tries,
            at=invite.otp_expires_at,
            tone="warn",
        )
    if invite.tries:
        return Entry(icon="hash", text="Wrong code typed", small=tries, tone="warn", current=True)
    return Entry(icon="hash", text="Code", small=f"{tries}, sent in a message of its own", later=True)


CHAIN = {
    "session.created": ("plus", "Session created"),
    "invite.minted": ("user-plus", "Invite made"),
    "invite.reissued": ("refresh-cw", "New link made"),
    "code.renewed": ("hash", "New code made"),
    "invite.locked": ("lock", "Invite locked after wrong codes"),
    "invite.revoked": ("ban", "Invite revoked"),
    "participant.joined": ("door-open", "Field user joined"),
    "operator.joined": ("user-check", "Operator with them"),
    "recording.started": ("circle-dot", "Recording started"),
    "recording.stopped": ("circle-stop", "Recording stopped"),
    "notes.changed": ("pencil", "Notes changed"),
    "subjects.changed": ("list-checks", "What is asked changed"),
    "remark.added": ("message-square", "Remark"),
    "record.erased": ("trash-2", "Personal record erased"),
    "evidence.captured": ("camera", "Evidence added"),
    "evidence.erased": ("trash-2", "Evidence erased"),
    "evidence.remarked": ("message-square", "Remark on evidence"),
    "device.enrolled": ("smartphone", "Key of a phone"),
    "session.ended": ("circle-stop", "Session ended"),
}


def chain_entries(links: Sequence[chain.Link]) -> list[Entry]:
    """The chain as sentences, newest first, each with its hash."""
    entries = []
    for link in reversed(links):
        icon, text = CHAIN.get(link.kind, ("link-2", link.kind))
        if link.kind in ("consent.given", "consent.withdrawn"):
            payload = json.loads(link.payload)
            subject = CONSENT_SUBJECTS.get(payload["subject"], payload["subject"]).lower()
            withdrawn = link.kind == "consent.withdrawn"
            icon = "ban" if withdrawn else "check-check"
            text = f"Consent withdrawn: {subject}" if withdrawn else f"Consent: {subject} {payload['answer']}"
        if link.kind == "operator.joined":
            operator = json.loads(link.payload)["operator"]
            text = f"{text}: {operator if isinstance(operator, str) else operator['name']}"
        at = datetime.fromisoformat(link.occurred_at)
        entries.append(Entry(icon=icon, text=f"{link.sequence}. {text}", hash=link.hash, at=at))
    return entries


@dataclass(frozen=True, slots=True)
class Stamp:
    """What one authority answered, as the page shows it."""

    id: str
    icon: str
    tone: str
    text: str
    small: str
    at: datetime | None = None
    failed: bool = False
    checkpoint: bool = False
    """Whether it is a good stamp of the record before its end, of which there are many."""


PROVEN: dict[str, str] = {StatementKind.CHECKPOINT: "Good so far", StatementKind.RENEWAL: "Renewed"}
"""What a good stamp is called that is not of the whole session."""


def stamps(anchors: Sequence[AskedStamp], findings: Sequence[Finding]) -> list[Stamp]:
    """The answers of the authorities, and what each is worth."""
    return [_stamp(anchor, finding) for anchor, finding in zip(anchors, findings, strict=True)]


def _stamp(anchor: AskedStamp, finding: Finding) -> Stamp:
    id, name = str(anchor.id), asked_name_of(anchor.authority)
    if finding.result == Result.BROKEN:
        return Stamp(id, "circle-alert", "danger", "Does not hold", finding.sentence, anchor.stamped_at)
    if anchor.state == AnchorState.ANCHORED:
        proven = finding.result == Result.PROVEN
        text = PROVEN.get(anchor.kind, "Proven") if proven else "Stamped, not proven"
        early = anchor.kind == StatementKind.CHECKPOINT
        return Stamp(
            id, "shield-check", "good" if proven else "", text, finding.sentence, anchor.stamped_at, checkpoint=early
        )
    if anchor.state == AnchorState.FAILED:
        small = f"{name}: {anchor.reason} It will not be asked again by itself."
        return Stamp(id, "circle-alert", "danger", "Failed", small, failed=True)
    small = f"{name}, {_attempts(anchor.attempts)}" + (f". {anchor.reason}" if anchor.reason else "")
    return Stamp(id, "hourglass", "warn", "Pending", small)


def _attempts(attempts: int) -> str:
    return {0: "not asked yet", 1: "asked once", 2: "asked twice"}.get(attempts, f"asked {attempts} times")
