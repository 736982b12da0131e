"""What the team confirms before it starts a session long before its planned start."""

from datetime import datetime

from app.depositions.queries.detail import DepositionDetail
from app.depositions.views.confirmations._parts import BACK, back_to, subject_of
from app.kernel.text import datetimes
from app.kernel.web.confirmation_pages import Confirmation


def starting_early(deposition: DepositionDetail, now: datetime) -> Confirmation:
    """Starting long before the planned start."""
    early = datetimes.duration(deposition.starts_at - now)
    return Confirmation(
        title=f"The planned start is in {early}",
        confirm=f"Start it {early} early",
        back=back_to(deposition),
        back_label=BACK,
        icon="play",
        subject=subject_of(deposition),
        note="Once it is started, everybody with its link can enter the room, which can no longer be changed. "
        "It cannot be ended before the planned start, only canceled.",
    )
