"""What the team confirms before it schedules, besides the messages."""

from datetime import datetime

from wtforms import Field

from app.depositions import emails
from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules.conflicts import asks_reason
from app.depositions.views.confirmations._parts import (
    BACK,
    DryRun,
    back_to,
    conflict_flags,
    flags_on,
    gravest_first,
    subject_of,
    why,
)
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation


def scheduling(deposition: DepositionDetail, run: DryRun, reason: Field, now: datetime) -> Confirmation:
    """Scheduling: over a conflict, or in the past, only with a reason, which is typed here."""
    made = run.deposition
    recipients = pluralize(len(emails.everybody(made)), "person", "people")
    return Confirmation(
        title="Review and schedule",
        confirm=f"Schedule and notify {recipients}",
        back=back_to(deposition),
        back_label=BACK,
        icon="calendar-check",
        subject=[*subject_of(deposition), f"managed by {made.manager_name}", f"room {made.room_url}"],
        flags=gravest_first([*conflict_flags(run.findings), *flags_on(deposition, now)]),
        field=reason if asks_reason(run.findings, made.starts_at, now) else None,
        question=why(run.findings, made.starts_at, now),
        note="The links lead to the room only once the session begins.",
        edit="schedule",
    )
