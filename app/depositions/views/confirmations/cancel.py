"""What the team confirms before it cancels, besides the messages."""

from collections.abc import Sequence
from datetime import datetime

from wtforms import Field

from app.depositions import emails
from app.depositions.models import Kind
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.people import Knowledge
from app.depositions.views.confirmations._parts import back_to, flags_on, subject_of
from app.depositions.views.confirmations.beliefs import LISTED, beliefs, still_believed, withdrawn
from app.depositions.views.confirmations.offered import offer_ends
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation


def canceling(
    deposition: DepositionDetail, notify: bool, behind: Sequence[Knowledge], reason: Field, now: datetime
) -> Confirmation:
    """Canceling, with or without notifying. When people who were informed are not told, the reason is typed here.
    `behind` are those who are not told."""
    thing = "session" if deposition.booked_at else "request"
    people = pluralize(len(emails.everybody(deposition)), "person", "people")
    silent = is_silent(notify, behind)
    links = "The links stop working." if deposition.booked_at else ""
    listed = LISTED if behind and deposition.starts_at > now else ""
    return Confirmation(
        title="Review and cancel, notifying no participant" if silent else "Review and cancel",
        confirm=f"Cancel the {thing} and notify {people}" if notify else f"Cancel the {thing}, notify nobody",
        back=back_to(deposition),
        back_label=f"Back, keep the {thing}",
        icon="calendar-x",
        tone="danger",
        subject=subject_of(deposition),
        flags=[flag for flag in flags_on(deposition, now) if flag.tone == "danger"],
        believed=still_believed(deposition, behind),
        beliefs=beliefs(deposition, behind),
        field=reason if silent else None,
        note=" ".join(
            filter(None, ("It cannot be undone.", links, offer_ends(deposition), withdrawn(deposition), listed))
        ),
        edit="cancel",
    )


def is_silent(notify: bool, behind: Sequence[Knowledge]) -> bool:
    """Whether people who know of the session are not told: that takes a reason."""
    return not notify and any(one.kind != Kind.SYSTEM for one in behind)
