"""Which message belongs to which desk, and when it may be sent again. Pure."""

from datetime import datetime
from typing import Any

from app.kernel.errors import Conflict
from app.kernel.outbox import DROPPED, SENT, standing

DESK_OF = {"deposition": "depositions", "prescreen": "prescreens", "inspection": "inspections", "invite": "inspections"}
"""The desk that a subject type belongs to; everything else is about people and their accounts."""

PEOPLE = "people"

CHANNELS = {"email": "E-mail", "sms": "Text message", "webhook": "Webhook", "job": "Background work"}
ICONS = {"email": "mail", "sms": "smartphone", "webhook": "webhook", "job": "timer"}

STANDINGS = {
    "failing": ("Failing", "rotate-cw", "warn"),
    "dead": ("Given up", "circle-alert", "danger"),
    "queued": ("Waiting", "clock", ""),
    "sent": ("Sent", "check", ""),
    "dropped": ("Not sent", "undo-2", ""),
}
"""Word, icon and tone of each standing, in the order of the views."""


def desk_of(subject_type: str | None) -> str:
    return DESK_OF.get(subject_type or "", PEOPLE)


def channel_word(channel: str) -> str:
    return CHANNELS[channel.partition(":")[0]]


def check_send_again(row: Any, now: datetime) -> None:
    """Raises Conflict with the reason when a message cannot be sent again."""
    job = row.channel.startswith("job:")
    if row.lease_until is not None and row.lease_until >= now:
        raise Conflict("It is being sent at this very moment.", code="delivery.under_way")
    if row.state == DROPPED:
        raise Conflict(f"It was not to leave any more, and stays here. {row.last_error}", code="delivery.dropped")
    if row.state == SENT and job:
        raise Conflict("This work inside the house is done; there is nothing to send.", code="delivery.done")
    if row.state == SENT and row.secret:
        raise Conflict(
            "It held a link or a code and was blanked once it was sent. Make a new one instead.",
            code="delivery.blanked",
        )
    if standing(row) == "queued":
        raise Conflict("It has not been tried yet and goes by itself when it is due.", code="delivery.queued")


def why_not_again(row: Any, now: datetime) -> str | None:
    """The same sentence for the disabled button, or None."""
    try:
        check_send_again(row, now)
    except Conflict as refusal:
        return refusal.detail
    return None
