"""What the team confirms before it gives a session another manager, besides the messages."""

from datetime import datetime

from wtforms import Field

from app.depositions.queries.detail import DepositionDetail
from app.depositions.views.confirmations._parts import (
    BACK,
    DryRun,
    back_to,
    changes_of,
    conflict_flags,
    gravest_first,
    subject_of,
)
from app.kernel.web.confirmation_pages import Confirmation, Flag


def changing_manager(deposition: DepositionDetail, run: DryRun, reason: Field, now: datetime) -> Confirmation:
    """Another manager or none, as the dry run leaves the session: over a conflict only with a reason."""
    made = run.deposition
    nobody = Flag("Nobody manages the session then.", "circle-alert")
    return Confirmation(
        title="Review and change the manager",
        confirm=f"Change to {made.manager_name}" if made.manager_id else "Leave it without a manager",
        back=back_to(deposition),
        back_label=BACK,
        icon="user-check",
        subject=[*subject_of(deposition), *changes_of(deposition, made)],
        flags=gravest_first(conflict_flags(run.findings)) if made.manager_id else [nobody],
        field=reason if made.manager_id and any(finding.asks for finding in run.findings) else None,
        question="Why in spite of the overlap?",
        note="Participants get no e-mail about it. The page of the session names the new manager.",
        edit="change_manager",
    )
