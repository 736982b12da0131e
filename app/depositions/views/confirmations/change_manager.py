"""What the team confirms before it gives a session another manager, besides the messages."""

from collections.abc import Sequence
from datetime import datetime

from wtforms import Field

from app.depositions.models import Deposition
from app.depositions.queries.detail import DepositionDetail
from app.depositions.queries.managers import BookedSession
from app.depositions.views.confirmations._parts import BACK, back_to, changes_of, overlap_flag, subject_of
from app.kernel.web.confirmation_pages import Confirmation, Flag


def changing_manager(
    deposition: DepositionDetail, made: Deposition, overlaps: Sequence[BookedSession], reason: Field, now: datetime
) -> Confirmation:
    """Another manager or none, as the dry run left the session: over an overlap only with a reason."""
    nobody = Flag("Nobody manages the session then.", "circle-alert")
    return Confirmation(
        title="Review and change the manager",
        confirm=f"Change to {made.manager_name}" if made.manager_id else "Leave it without a manager",
        back=back_to(deposition),
        back_label=BACK,
        icon="user-check",
        subject=[*subject_of(deposition), *changes_of(deposition, made)],
        flags=[overlap_flag(other, now) for other in overlaps] if made.manager_id else [nobody],
        field=reason if overlaps else None,
        note="Participants get no e-mail about it. The page of the session names the new manager.",
        edit="change_manager",
    )
