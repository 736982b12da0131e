"""What the team confirms before it declines a cancellation."""

from datetime import datetime

from app.depositions.queries.detail import DepositionDetail
from app.depositions.views.confirmations._parts import BACK, back_to, flags_on, subject_of
from app.kernel.web.confirmation_pages import Confirmation


def declining(deposition: DepositionDetail, notice: str, now: datetime) -> Confirmation:
    """Declining the request for cancellation: what the organization will read, and how."""
    return Confirmation(
        title="Review and decline the cancellation",
        confirm="Keep the session",
        back=back_to(deposition),
        back_label=BACK,
        icon="calendar-check",
        subject=[*subject_of(deposition), f"Notice: “{notice}”"],
        flags=[flag for flag in flags_on(deposition, now) if flag.tone == "danger" and flag.icon != "message-square-x"],
        note="The organization’s system reads the notice when it next asks the API. Nobody gets an e-mail: the session "
        "stays as its participants know it.",
        edit="decline_cancellation",
    )
