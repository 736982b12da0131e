"""What the desk reads: words, icons and tones for what is in the rows. Pure; the templates only place them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.inspections import chain, rules, user_agents
from app.inspections.anchors import name_of
from app.inspections.events import CONSENT_SUBJECTS
from app.inspections.locales import TRANSLATIONS
from app.inspections.models import Anchor, AnchorState, Invite, Status
from app.inspections.rules import InviteState
from app.kernel.outbox.outbox import DEAD, QUEUED, SENT

STATUS_BADGES = {
    "created": ("Nobody has joined yet", "clock", ""),
    "open": ("Open", "radio", "good"),
    "recording": ("Recording", "circle-dot", "danger"),
    "closed": ("Ended", "circle-stop", ""),
    "expired": ("Expired, nobody came", "hourglass", ""),
}

ANCHORING_BADGES = {
    "no_authority": ("Sealed, no time stamp", "link-2", ""),
    "pending": ("Time stamp awaited", "hourglass", "warn"),
    "anchored": ("Time-stamped", "shield-check", "good"),
    "failed": ("Time stamp failed", "circle-alert", "danger"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a field user got: step `at` of six (seven means all done), and the sentence that says so."""

    at: int
    tone: str
    sentence: str
    phone_script: str = ""


def progress(invite: Invite | None, mail: Any, consent: Mapping[str, str], status: str, now: datetime) -> Progress:
    """How far the newest invite got. `mail` is the outbox row that carries its link, if there is one."""
    over = status in (Status.CLOSED, Status.EXPIRED)
    if invite is None:
        return Progress(0, "", "Nobody was invited") if over else Progress(1, "warn", "Nobody is invited yet")
    state = rules.invite_state(invite, now)
    if invite.joined_at is not None:
        if consent.get("camera") == "denied" and not over:
            return Progress(6, "danger", "Camera denied", "camera_denied")
        return Progress(7, "" if over else "good", "Joined")
    at = _reached(invite, mail)
    if over:
        return Progress(at, "", "Never opened" if invite.opened_at is None else "Did not get in")
    if state == InviteState.REVOKED:
        return Progress(at, "", "Invite taken back")
    if state == InviteState.EXPIRED:
        return Progress(at, "warn", "The link is too old")
    if state == InviteState.LOCKED:
        return Progress(5, "danger", "Locked after five wrong codes", "locked")
    return _on_the_way(invite, mail, at, now)


def _reached(invite: Invite, mail: Any) -> int:
    if invite.opened_at is not None:
        return 5 if invite.otp_required else 4
    if invite.seen_at is not None:
        return 3
    return 2 if mail is not None else 1


def _on_the_way(invite: Invite, mail: Any, at: int, now: datetime) -> Progress:
    if invite.opened_at is not None or invite.tries:
        if invite.otp_expires_at is not None and invite.otp_expires_at <= now:
            return Progress(5, "warn", "The code is too old", "code_expired")
        if invite.tries:
            left = rules.OTP_TRIES - invite.tries
            return Progress(5, "warn", f"Wrong code, {left} {'try' if left == 1 else 'tries'} left", "code")
        return Progress(at, "info", "Asked for the code", "code")
    if invite.seen_at is not None:
        return Progress(3, "info", "Page opened, nobody pressed yet", "press")
    if mail is None:
        return Progress(1, "info", "Link to hand over")
    if mail.state == DEAD:
        return Progress(2, "danger", "The message was refused", "mail_failed")
    if mail.state == SENT:
        return Progress(2, "info", "Message accepted, not opened", "press")
    if mail.last_error:
        return Progress(2, "warn", "The message does not get through yet", "mail_failed")
    return Progress(2, "info", "Message on its way")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a story: what happened, when, how good that is; `later` lies ahead."""

    icon: str
    text: str
    small: str = ""
    at: datetime | None = None
    tone: str = ""
    later: bool = False
    current: bool = False
    note: str = ""
    hash: str = ""


def recorder(
    invite: Invite, mail: Any, consent: Mapping[str, str], made_at: datetime, agent: str, now: datetime
) -> list[Entry]:
    """The flight recorder of one invite: its steps in order, those ahead in grey."""
    state = rules.invite_state(invite, now)
    steps: list[Entry] = [
        Entry(
            icon="key-round",
            text=("Link and code made" if invite.otp_required else "Link made")
            + (f", number {invite.issue}" if invite.issue > 1 else ""),
            at=made_at,
        ),
        _message(invite, mail),
        _seen(invite),
        _opened(invite, agent),
    ]
    if invite.otp_required:
        steps.append(_code(invite, now))
    steps.append(Entry(icon="video", text="In the session", at=invite.joined_at, later=invite.joined_at is None))
    if invite.joined_at is not None and consent.get("camera") == "denied":
        steps.append(Entry(icon="camera-off", text="Camera denied", tone="danger"))
    if state == InviteState.REVOKED:
        steps.append(Entry(icon="ban", text="Taken back", at=invite.revoked_at, tone="danger"))
    elif state == InviteState.EXPIRED and invite.joined_at is None:
        steps.append(Entry(icon="hourglass", text="The link is too old", at=invite.expires_at, tone="warn"))
    return steps


def _message(invite: Invite, mail: Any) -> Entry:
    if mail is None:
        text = "You hand over the link yourself" if invite.recipient_email or invite.recipient_phone else "Face to face"
        return Entry(icon="smartphone", text=text, small="no message with the link was sent")
    where = invite.recipient_email.rpartition("@")[2] or "the text message gateway"
    if mail.state == SENT:
        return Entry(icon="mail-check", text=f"Message accepted by {where}", at=mail.finished_at)
    if mail.state == DEAD:
        return Entry(icon="mail-x", text="The message was refused", small=mail.last_error, tone="danger")
    if mail.state == QUEUED and mail.last_error:
        return Entry(icon="mail-x", text="Not accepted yet, tried again", small=mail.last_error, tone="warn")
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
    "session.created": ("plus", "Session made"),
    "participant.joined": ("door-open", "Field user joined"),
    "operator.joined": ("user-check", "Operator with them"),
    "recording.started": ("circle-dot", "Recording started"),
    "recording.stopped": ("circle-stop", "Recording stopped"),
    "notes.changed": ("pencil", "Notes changed"),
    "remark.added": ("message-square", "Remark"),
    "session.ended": ("circle-stop", "Session ended"),
}


def chain_entries(links: Sequence[chain.Link]) -> list[Entry]:
    """The chain as sentences, newest first, each with its hash."""
    entries = []
    for link in reversed(links):
        icon, text = CHAIN.get(link.kind, ("link-2", link.kind))
        if link.kind == "consent.given":
            said = json.loads(link.payload)
            subject = CONSENT_SUBJECTS.get(said["subject"], said["subject"])
            icon, text = "check-check", f"Consent: {subject.lower()} {said['answer']}"
        at = datetime.fromisoformat(link.occurred_at)
        entries.append(Entry(icon=icon, text=f"{link.sequence}. {text}", hash=link.hash, at=at))
    return entries


@dataclass(frozen=True, slots=True)
class Stamp:
    """One authority's line: what it says, in words."""

    id: str
    authority: str
    icon: str
    tone: str
    word: str
    small: str
    at: datetime | None = None
    failed: bool = field(default=False)


def stamps(anchors: Sequence[Anchor]) -> list[Stamp]:
    """The authorities as sentences. Nothing is called good that is not."""
    found = []
    for anchor in anchors:
        name, asked = name_of(anchor.authority), _asked(anchor.attempts)
        if anchor.state == AnchorState.ANCHORED:
            said = (str(anchor.id), name, "shield-check", "good", "Anchored", name, anchor.stamped_at, False)
        elif anchor.state == AnchorState.FAILED:
            reason = f"{name}: {anchor.reason} It will not be asked again by itself."
            said = (str(anchor.id), name, "circle-alert", "danger", "Failed", reason, None, True)
        else:
            small = f"{name}, {asked}" + (f". {anchor.reason}" if anchor.reason else "")
            said = (str(anchor.id), name, "hourglass", "warn", "Pending", small, None, False)
        found.append(Stamp(*said))
    return found


def _asked(attempts: int) -> str:
    return {0: "not asked yet", 1: "asked once", 2: "asked twice"}.get(attempts, f"asked {attempts} times")


def phone_script(shown: Progress, locale: str) -> dict[str, str] | None:
    """The sentence that the operator can say on the phone, in the language of the callee, when there is one."""
    if not shown.phone_script:
        return None
    t, english = TRANSLATIONS.translator(locale), TRANSLATIONS.translator("en")
    return {
        "text": t(f"phone_{shown.phone_script}"),
        "lang": t.lang,
        "dir": t.dir,
        "language": t.english_name,
        "english": "" if t.lang == "en" else english(f"phone_{shown.phone_script}"),
    }
