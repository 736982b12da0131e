"""What the team confirms before it ends a session."""

from app.depositions.queries.detail import DepositionDetail
from app.depositions.views.confirmations._parts import BACK, back_to, subject_of
from app.kernel.web.confirmation_pages import Confirmation


def ending(deposition: DepositionDetail) -> Confirmation:
    """Ending a session."""
    return Confirmation(
        title="Review and end",
        confirm="End the session",
        back=back_to(deposition),
        back_label=BACK,
        icon="circle-stop",
        tone="danger",
        subject=subject_of(deposition),
        note="The links no longer lead into the room, for anybody. An ended session is not started again.",
    )
