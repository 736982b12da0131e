"""How far a field user got on the way from the invite into the session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.inspections import emails, rules
from app.inspections.locales import TRANSLATIONS
from app.inspections.models import Invite, Status
from app.inspections.queries import LinkMessage
from app.inspections.rules import InviteState
from app.kernel.outbox.outbox import DEAD, DROPPED, SENT


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a field user got: step `at` of six (seven means all done), and the sentence that says so.

    `phone_script` is the key of a sentence that the operator can read out on the phone.
    """

    at: int
    tone: str
    sentence: str
    phone_script: str = ""


class InspectionFacts(rules.InspectionFacts, Protocol):
    """What progress depends on besides the invite."""

    consent_state: dict[str, str]


def progress_of(
    inspection: InspectionFacts, invite: Invite | None, messages: Mapping[str, LinkMessage], now: datetime
) -> Progress:
    """How far the newest invite of an inspection got. `messages` holds the one that carries its link, by its name."""
    status, consent = rules.status_of(inspection, now), inspection.consent_state
    over = status in (Status.CLOSED, Status.EXPIRED)
    if invite is None:
        return Progress(0, "", "Nobody was invited") if over else Progress(1, "warn", "Nobody is invited yet")
    message = messages.get(emails.link_name(invite))
    state = rules.invite_state(invite, now)
    if invite.joined_at is not None:
        if consent.get("camera") == "denied" and not over:
            return Progress(6, "danger", "Camera denied", "camera_denied")
        return Progress(7, "" if over else "good", "Joined")
    at = _step(invite, message)
    if over:
        return Progress(at, "", "Never opened" if invite.opened_at is None else "Did not get in")
    if state == InviteState.REVOKED:
        return Progress(at, "", "Invite revoked")
    if state == InviteState.EXPIRED:
        return Progress(at, "warn", "The link is too old")
    if state == InviteState.LOCKED:
        return Progress(5, "danger", "Locked after five wrong codes", "locked")
    return _on_the_way(invite, message, at, now)


def _step(invite: Invite, message: LinkMessage | None) -> int:
    if invite.opened_at is not None:
        return 5 if invite.otp_required else 4
    if invite.seen_at is not None:
        return 3
    return 2 if message is not None else 1


def _on_the_way(invite: Invite, message: LinkMessage | None, at: int, now: datetime) -> Progress:
    if invite.opened_at is not None or invite.tries:
        if invite.otp_expires_at is not None and invite.otp_expires_at <= now:
            return Progress(5, "warn", "The code is too old", "code_expired")
        if invite.tries:
            left = rules.OTP_TRIES - invite.tries
            return Progress(5, "warn", f"Wrong code, {left} {'try' if left == 1 else 'tries'} left", "code")
        return Progress(at, "info", "Asked for the code", "code")
    if invite.seen_at is not None:
        return Progress(3, "info", "Page opened, Continue not pressed yet", "press")
    if message is None:
        return Progress(1, "info", "Link to hand over")
    if message.state == DEAD:
        return Progress(2, "danger", "The message was refused", "mail_failed")
    if message.state == DROPPED:
        return Progress(1, "warn", "The message was not sent")
    if message.state == SENT:
        return Progress(2, "info", "Message accepted, not opened", "press")
    if message.last_error:
        return Progress(2, "warn", "The message does not get through yet", "mail_failed")
    return Progress(2, "info", "Message on its way")


def phone_script(progress: Progress, locale: str) -> dict[str, str] | None:
    """The sentence that the operator can read out on the phone, in the language of the callee, when there is one."""
    if not progress.phone_script:
        return None
    t, english = TRANSLATIONS.translator(locale), TRANSLATIONS.translator("en")
    return {
        "text": t(f"phone_{progress.phone_script}"),
        "lang": t.lang,
        "dir": t.dir,
        "language": t.english_name,
        "english": "" if t.lang == "en" else english(f"phone_{progress.phone_script}"),
    }
