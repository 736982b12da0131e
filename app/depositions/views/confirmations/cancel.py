"""What the team confirms before it cancels, besides the messages."""

from datetime import datetime

from wtforms import Field

from app.depositions import emails
from app.depositions.queries.detail import DepositionDetail
from app.depositions.views.confirmations._parts import back_to, flags_on, subject_of
from app.depositions.views.confirmations.beliefs import SYSTEM, beliefs, withdrawn
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation


def canceling(deposition: DepositionDetail, notify: bool, reason: Field, now: datetime) -> Confirmation:
    """Canceling, with or without notifying. When those who were informed are not told, the reason is typed here."""
    thing = "session" if deposition.booked_at else "request"
    people = pluralize(len(emails.everybody(deposition)), "person", "people")
    left = beliefs(deposition, notify)
    silent = not notify and any(one.role != SYSTEM for one in left)
    links = "The links stop working." if deposition.booked_at else ""
    return Confirmation(
        title="Review and cancel" if notify or not left else "Review and cancel, telling nobody",
        confirm=f"Cancel the {thing} and notify {people}" if notify else f"Cancel the {thing}, notify no one",
        back=back_to(deposition),
        back_label=f"Back, keep the {thing}",
        icon="calendar-x",
        tone="danger",
        subject=subject_of(deposition),
        flags=[flag for flag in flags_on(deposition, now) if flag.tone == "danger"],
        believed=f"{len(left)} will still believe that it takes place",
        beliefs=left,
        field=reason if silent else None,
        note=" ".join(filter(None, ("It cannot be undone.", links, withdrawn(deposition)))),
        edit="cancel",
    )
