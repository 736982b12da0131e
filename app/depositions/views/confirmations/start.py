"""What the team confirms before it starts a session long before its planned start."""

from datetime import datetime

from wtforms import Field

from app.depositions import emails
from app.depositions.queries.detail import DepositionDetail
from app.depositions.views.confirmations._parts import BACK, back_to, subject_of
from app.depositions.views.confirmations.offered import offer_ends
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation

NOTE = (
    "Once it is started, everybody with its link can enter the room, which can no longer be changed. The "
    "start can be taken back for ten minutes, until somebody has entered. It cannot be ended before the planned "
    "start, only canceled."
)


def starting_early(deposition: DepositionDetail, reason: Field, now: datetime) -> Confirmation:
    """Starting long before the planned start, with the reason, which is typed here."""
    early = early_by(deposition.starts_at, now)
    people = pluralize(len(emails.participants(deposition)), "person", "people")
    return Confirmation(
        title=f"{early} early, {people} can enter now",
        confirm=f"Start it {early} early",
        back=back_to(deposition),
        back_label=BACK,
        icon="play",
        subject=subject_of(deposition),
        field=reason,
        note=f"{NOTE} {offer_ends(deposition)}".rstrip(),
    )


def early_by(starts_at: datetime, now: datetime) -> str:
    """`17 days`, `1 h 20 min`: from two days on in whole days."""
    left = starts_at - now
    return pluralize(left.days, "day") if left.days > 1 else datetimes.duration(left)
