"""What the team confirms before it schedules, besides the messages."""

from collections.abc import Sequence
from datetime import datetime

from wtforms import Field

from app.depositions import emails
from app.depositions.models import Deposition
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.managers import BookedSession
from app.depositions.views.confirmations._parts import BACK, back_to, flags_on, overlap_flag, subject_of
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation


def scheduling(
    deposition: DepositionDetail, made: Deposition, overlaps: Sequence[BookedSession], reason: Field, now: datetime
) -> Confirmation:
    """Scheduling, as the dry run left the session: over an overlap only with a reason, which is typed here."""
    recipients = pluralize(len(emails.everybody(made)), "person", "people")
    return Confirmation(
        title="Review and schedule",
        confirm=f"Schedule and notify {recipients}",
        back=back_to(deposition),
        back_label=BACK,
        icon="calendar-check",
        subject=[*subject_of(deposition), f"managed by {made.manager_name}", f"room {made.room_url}"],
        flags=[*(overlap_flag(other, now) for other in overlaps), *flags_on(deposition, now)],
        field=reason if overlaps else None,
        note="The links lead to the room only once the session begins.",
        edit="schedule",
    )
