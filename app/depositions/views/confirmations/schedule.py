"""What the team confirms before it schedules, besides the messages."""

from collections.abc import Sequence
from datetime import datetime

from wtforms import Field

from app.depositions import emails
from app.depositions.actions import Booking
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.managers import BookedSession
from app.depositions.views.confirmations._parts import BACK, back_to, flags_on, overlap_flag, subject_of
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation


def scheduling(
    deposition: DepositionDetail, booking: Booking, overlaps: Sequence[BookedSession], reason: Field, now: datetime
) -> Confirmation:
    """Scheduling: over an overlap only with a reason, which is typed here."""
    recipients = pluralize(len(emails.participants(deposition)), "person", "people")
    return Confirmation(
        title="Review and schedule",
        confirm=f"Schedule and notify {recipients}" if emails.participants(deposition) else "Schedule",
        back=back_to(deposition),
        back_label=BACK,
        icon="calendar-check",
        subject=[*subject_of(deposition), f"managed by {booking.manager_name}"],
        flags=[*(overlap_flag(other, now) for other in overlaps), *flags_on(deposition, now)],
        field=reason if overlaps else None,
        note="The links lead to the room only once the session begins.",
        edit="schedule",
    )
