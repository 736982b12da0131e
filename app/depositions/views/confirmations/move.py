"""What the team confirms before it moves a session, besides the messages."""

from datetime import datetime

from wtforms import Field

from app.depositions import presentation
from app.depositions.queries import questions
from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules.conflicts import asks_reason
from app.depositions.views.confirmations._parts import (
    BACK,
    DryRun,
    back_to,
    changes_of,
    conflict_flags,
    flags_on,
    gravest_first,
    subject_of,
    why,
)
from app.depositions.views.confirmations.beliefs import LISTED, beliefs, still_believed, withdrawn
from app.depositions.views.confirmations.offered import offer_ends
from app.kernel.db.transaction import reading
from app.kernel.text.template_filters import pluralize
from app.kernel.web.confirmation_pages import Confirmation

REMINDED = "Nobody is reminded of an hour of which they were not notified."


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
    silent = bool(behind) and not notify
    *hours, name = subject_of(made)
    return Confirmation(
        title=f"Review and move, notifying {'no participant' if run.notified else 'nobody'}"
        if silent
        else "Review and move",
        confirm=_confirm(run.notified, notify),
        back=back_to(deposition),
        back_label=BACK,
        icon="calendar-clock",
        subject=[*hours, f"instead of {presentation.hours(deposition)}", name, *changes_of(deposition, made)],
        flags=gravest_first([*conflict_flags(run.findings), *flags_on(deposition, now, made)]),
        believed=still_believed(deposition, behind),
        beliefs=beliefs(deposition, behind),
        field=reason if silent or asks_reason(run.findings, made.starts_at, now) else None,
        question=why(run.findings, made.starts_at, now, silent),
        note=" ".join(
            filter(
                None,
                (
                    "The links stay the same.",
                    offer_ends(deposition),
                    # A question that waits keeps the hour that they know.
                    withdrawn(deposition, 0 if notify else questions.waiting(reading(), deposition)),
                    LISTED if behind else "",
                    REMINDED if silent else "",
                ),
            )
        ),
        edit="move",
    )


def _confirm(notified: int, notify: bool) -> str:
    """The button's label. Managers who give the session up or get it are told in any case."""
    if not notify:
        return f"Move, notify only {pluralize(notified, 'manager')}" if notified else "Move, notify nobody"
    return f"Move and notify {pluralize(notified, 'person', 'people')}" if notified else "Move"
