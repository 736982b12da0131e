"""What the team confirms before it moves a session, besides the messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from wtforms import Field

from app.depositions import emails, presentation
from app.depositions.actions import Move
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.managers import BookedSession
from app.depositions.views.confirmations._parts import BACK, back_to, flags_on, overlap_flag, subject_of
from app.depositions.views.confirmations.beliefs import beliefs, withdrawn
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation


class Moved(NamedTuple):
    """A deposition as it will be: what its flags and its first lines are made from."""

    state: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    ambiguous: bool
    cancellation_open: bool
    postback_url: str | None
    details: Mapping[str, str]
    deponent_name: str | None
    title: str
    reconfirmation: str | None = None
    question: str | None = None


def moving(
    deposition: DepositionDetail,
    to: Move,
    notify: bool,
    overlaps: Sequence[BookedSession],
    reason: Field,
    now: datetime,
) -> Confirmation:
    """Moving, with or without telling anybody. Over an overlap, into the past, and when those who were informed are not
    told, the reason is typed here."""
    moved = Moved(
        deposition.state,
        to.start.starts_at,
        to.ends_at,
        to.start.zone,
        to.start.ambiguous,
        deposition.cancellation_open,
        deposition.postback_url,
        deposition.details,
        deposition.deponent_name,
        deposition.title,
    )
    recipients = len(emails.participants(deposition))
    people = pluralize(recipients, "person", "people")
    left = [] if notify else beliefs(deposition, notify=False, system=f"the hour {presentation.hours(deposition)}")
    notifying = f"Move and notify {people}" if recipients else "Move"
    hour, *others = subject_of(moved)
    return Confirmation(
        title="Review and move" if notify or not left else "Review and move, telling nobody",
        confirm=notifying if notify else "Move, notify no one",
        back=back_to(deposition),
        back_label=BACK,
        icon="calendar-clock",
        subject=[hour, f"instead of {presentation.hours(deposition)}", *others],
        flags=[*(overlap_flag(other, now) for other in overlaps), *flags_on(moved, now)],
        believed=f"{len(left)} will go on believing the old hour",
        beliefs=left,
        field=reason if overlaps or left or to.start.starts_at < now else None,
        note=f"The links stay the same. {withdrawn(deposition)}".strip(),
        edit="move",
    )
