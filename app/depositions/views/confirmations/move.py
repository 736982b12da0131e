"""What the team confirms before it moves a session, besides the messages."""

from datetime import datetime

from wtforms import Field

from app.depositions import emails, presentation
from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules.conflicts import asks_reason
from app.depositions.views.confirmations._parts import (
    BACK,
    DryRun,
    back_to,
    changes_of,
    conflict_flags,
    flags_on,
    subject_of,
)
from app.depositions.views.confirmations.beliefs import LISTED, beliefs, still_believed, withdrawn
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation


def moving(
    deposition: DepositionDetail,
    run: DryRun,
    notify: bool,
    reason: Field,
    now: datetime,
) -> Confirmation:
    """Moving, as the dry run leaves the session, with or without telling anybody. Those who are then behind, a conflict
    and a past hour need a reason, which is typed here."""
    made, behind = run.deposition, run.behind
    recipients = len(emails.everybody(made))
    people = pluralize(recipients, "person", "people")
    notifying = f"Move and notify {people}" if recipients else "Move"
    hour, *others = subject_of(made)
    return Confirmation(
        title="Review and move, telling nobody" if behind and not notify else "Review and move",
        confirm=notifying if notify else "Move, notify no one",
        back=back_to(deposition),
        back_label=BACK,
        icon="calendar-clock",
        subject=[hour, f"instead of {presentation.hours(deposition)}", *others, *changes_of(deposition, made)],
        flags=[*conflict_flags(run.findings), *flags_on(deposition, now, made)],
        believed=still_believed(deposition, behind),
        beliefs=beliefs(deposition, behind),
        field=reason if (behind and not notify) or asks_reason(run.findings, made.starts_at, now) else None,
        note=" ".join(filter(None, ("The links stay the same.", withdrawn(deposition), LISTED if behind else ""))),
        edit="move",
    )
