"""What the team confirms before it tells those who do not know yet, besides the messages."""

from datetime import datetime

from app.depositions.models import State
from app.depositions.queries.detail import DepositionDetail
from app.depositions.views.confirmations._parts import BACK, back_to, flags_on, subject_of
from app.kernel.web.confirmation_pages import Confirmation


def informing(deposition: DepositionDetail, now: datetime) -> Confirmation:
    """Telling those who hold an earlier state of the session how it stands."""
    canceled = deposition.state == State.CANCELED
    hour, *others = subject_of(deposition)
    return Confirmation(
        title="Tell those who do not know yet",
        confirm="Tell them that it is canceled" if canceled else "Tell them how it stands",
        back=back_to(deposition),
        back_label=BACK,
        icon="send",
        subject=[f"Canceled: {hour}" if canceled else hour, *others],
        flags=flags_on(deposition, now),
        note="Only people who hold something that is no longer true get an e-mail. The others hear nothing.",
    )
