"""What a status of a message is called, and which messages can be sent again, dismissed and restored. Pure."""

from datetime import datetime
from typing import NamedTuple

from app.kernel.errors import Conflict
from app.kernel.outbox.delivery_status import DISMISSED, ListedMessage, status_of
from app.kernel.outbox.outbox import DEAD, DROPPED, QUEUED, SENT

FAILING = "failing"
"""The status of a queued message that was tried in vain."""

CHANNELS = {"email": "E-mail", "sms": "Text message", "webhook": "Webhook", "job": "Background work"}
ICONS = {"email": "mail", "sms": "smartphone", "webhook": "webhook", "job": "timer"}


class Label(NamedTuple):
    """A word with its icon and tone."""

    word: str
    icon: str
    tone: str = ""


STATUSES = {
    FAILING: Label("Failing", "rotate-cw", "warn"),
    DEAD: Label("Failed", "circle-alert", "danger"),
    QUEUED: Label("Waiting", "clock"),
    SENT: Label("Sent", "check"),
    DISMISSED: Label("Dismissed", "eye-off"),
    DROPPED: Label("Not sent", "undo-2"),
}
"""The label of each status, in the order of the tabs."""

TABS = {FAILING: "failing", DEAD: "failed", QUEUED: "queued", SENT: "sent", DISMISSED: "dismissed", DROPPED: "dropped"}
"""The name of each status in the address."""

STATUS_OF_TAB = {
    **{tab: status for status, tab in TABS.items()},
    # As earlier versions wrote them, for bookmarks and saved links.
    "dead": DEAD,
    "aside": DISMISSED,
}


def channel_label(channel: str) -> str:
    return CHANNELS[channel.partition(":")[0]]


def check_send_again(row: ListedMessage, now: datetime) -> None:
    """Raises Conflict with the reason when a message cannot be sent again."""
    if row.lease_until is not None and row.lease_until >= now:
        raise Conflict("It is being sent right now.", code="message.under_way")
    if row.state == DROPPED:
        raise Conflict(f"It was withdrawn before it was sent. {row.last_error}", code="message.dropped")
    if row.state == SENT and row.channel.startswith("job:"):
        raise Conflict("This background work is done; there is nothing to send.", code="message.done")
    if row.state == SENT and row.secret:
        raise Conflict(
            "It held a link or a code, which was blanked once it was sent. Create a new one instead.",
            code="message.blanked",
        )
    if row.blanked:
        raise Conflict("Its content is not kept any more, so there is nothing to send.", code="message.blanked")
    if row.not_after is not None and row.not_after < now:
        raise Conflict("It would come too late to be of use.", code="message.late")
    if status_of(row) == QUEUED:
        raise Conflict("It has not been tried yet; it is sent when it is due.", code="message.queued")


NO_LONGER = "What it says no longer holds: what it is about has changed since."


def check_still_true(still_true: bool) -> None:
    """Raises Conflict where a message would say what is not so any more."""
    if not still_true:
        raise Conflict(NO_LONGER, code="message.outdated")


def check_dismiss(row: ListedMessage, own: bool = False) -> None:
    """Raises Conflict with the reason unless a message failed and is not dismissed yet. `own` is whether the one who
    dismissed it is the one who asks."""
    if status_of(row) == DISMISSED:
        who = "You have" if own else f"{row.dismissed_by} has"
        raise Conflict(f"{who} dismissed it already.", code="message.dismissed")
    if row.state != DEAD:
        raise Conflict("It did not fail, so there is nothing to dismiss.", code="message.not_failed")


def check_restore(row: ListedMessage) -> None:
    """Raises Conflict unless a message is dismissed."""
    if status_of(row) != DISMISSED:
        raise Conflict("It is not dismissed any more.", code="message.not_dismissed")


def why_not_send_again(row: ListedMessage, now: datetime, still_true: bool) -> str | None:
    """The reason beside a disabled button, or None when the message can be sent again."""
    try:
        check_send_again(row, now)
        check_still_true(still_true)
    except Conflict as refusal:
        return refusal.detail
    return None
