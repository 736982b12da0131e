"""What the team confirms before it moves a session, besides the messages."""

from collections.abc import Sequence
from datetime import datetime

from wtforms import Field

from app.depositions import emails, presentation
from app.depositions.models import Deposition
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.managers import BookedSession
from app.depositions.views.confirmations._parts import BACK, back_to, changes_of, flags_on, overlap_flag, subject_of
from app.depositions.views.confirmations.beliefs import withdrawn
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Belief, Confirmation


def moving(
    deposition: DepositionDetail,
    made: Deposition,
    notify: bool,
    left: Sequence[Belief],
    overlaps: Sequence[BookedSession],
    reason: Field,
    now: datetime,
) -> Confirmation:
    """Moving, as the dry run left the session, with or without telling anybody: `left` are those who go on believing
    the old hour. They, an overlap and a past hour need a reason, which is typed here."""
    recipients = len(emails.everybody(made))
    people = pluralize(recipients, "person", "people")
    notifying = f"Move and notify {people}" if recipients else "Move"
    hour, *others = subject_of(made)
    return Confirmation(
        title="Review and move, telling nobody" if left else "Review and move",
        confirm=notifying if notify else "Move, notify no one",
        back=back_to(deposition),
        back_label=BACK,
        icon="calendar-clock",
        subject=[hour, f"instead of {presentation.hours(deposition)}", *others, *changes_of(deposition, made)],
        flags=[*(overlap_flag(other, now) for other in overlaps), *flags_on(made, now)],
        believed=f"{len(left)} will go on believing the old hour",
        beliefs=left,
        field=reason if overlaps or left or made.starts_at < now else None,
        note=" ".join(filter(None, ("The links stay the same.", withdrawn(deposition)))),
        edit="move",
    )
