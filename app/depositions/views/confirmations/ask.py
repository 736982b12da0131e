"""What the team confirms before it asks the organization, besides the e-mail."""

from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules.questions import QuestionState
from app.depositions.views.confirmations._parts import BACK, back_to, subject_of
from app.kernel.web.confirmation_pages import Confirmation


def asking(deposition: DepositionDetail, address: str) -> Confirmation:
    """Asking: to which address the question goes, and what becomes of one that is open."""
    instead = "It takes the place of the question that is open, whose link says so. "
    return Confirmation(
        title="Review and ask",
        confirm=f"Send the question to {address}",
        back=back_to(deposition),
        back_label=BACK,
        icon="send",
        subject=[*subject_of(deposition), f"to {deposition.organization_name}, {address}"],
        note=(instead if deposition.question == QuestionState.OPEN else "")
        + "The answer changes nothing by itself: it appears here, in the activity, and under “Asked”.",
        edit="ask",
    )
