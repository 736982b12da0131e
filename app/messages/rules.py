"""Which message belongs to which desk, when it may be sent again, and when it may be set aside. Pure."""

from datetime import datetime
from typing import Any

from app.dashboard.delivery_problems import DESK_OF
from app.kernel.errors import Conflict
from app.kernel.outbox.outbox import DEAD, DISMISSED, DROPPED, SENT, status_of

PEOPLE = "people"

CHANNELS = {"email": "E-mail", "sms": "Text message", "webhook": "Webhook", "job": "Background work"}
ICONS = {"email": "mail", "sms": "smartphone", "webhook": "webhook", "job": "timer"}

STANDINGS = {
    "failing": ("Failing", "rotate-cw", "warn"),
    "dead": ("Given up", "circle-alert", "danger"),
    "queued": ("Waiting", "clock", ""),
    "sent": ("Sent", "check", ""),
    "aside": ("Set aside", "eye-off", ""),
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
    if row.blanked:
        raise Conflict("What it held is not kept any more, so there is nothing to send.", code="delivery.blanked")
    if status_of(row) == "queued":
        raise Conflict("It has not been tried yet and goes by itself when it is due.", code="delivery.queued")


def check_set_aside(row: Any) -> None:
    """Raises Conflict with the reason when a message asks for nothing that could be set aside."""
    if status_of(row) == DISMISSED:
        raise Conflict(f"{row.dismissed_by} has set it aside already.", code="delivery.aside")
    if row.state != DEAD:
        raise Conflict("It was not given up, so there is nothing to set aside.", code="delivery.not_dead")


def check_put_back(row: Any) -> None:
    """Raises Conflict with the reason when a message was not set aside."""
    if status_of(row) != DISMISSED:
        raise Conflict("It is not set aside any more.", code="delivery.not_aside")


def why_not_again(row: Any, now: datetime) -> str | None:
    """Why it cannot be sent again, for the disabled button, or None."""
    try:
        check_send_again(row, now)
    except Conflict as refusal:
        return refusal.detail
    return None
