"""What becomes of other hours that are offered, when the session gets another hour, begins or is canceled."""

from app.depositions.models import BOOKED
from app.depositions.queries import proposals
from app.depositions.queries.detail import DepositionDetail
from app.depositions.rules.proposals import ProposalState, read_slot
from app.kernel.db.transaction import reading
from app.kernel.text import datetimes
from app.kernel.text.template_filters import pluralize


def offer_ends(deposition: DepositionDetail) -> str:
    """Which hours are then offered no longer, and how many people were asked about them; empty where none are.

    `deposition` is as it was before the act.
    """
    proposal = proposals.latest(reading(), deposition.id) if deposition.state in BOOKED else None
    if proposal is None or proposal.state != ProposalState.OPEN:
        return ""
    hours = "; ".join(datetimes.moment(read_slot(slot), deposition.zone) for slot in proposal.slots)
    found = proposals.matrix(reading(), deposition, proposal)
    asked, answered = len(found.people), len(found.people) - len(found.silent)
    words = f"{answered or 'nobody'} {'has' if answered < 2 else 'have'} answered"
    return f"Offered no longer then: {hours}. {pluralize(asked, 'person was', 'people were')} asked, {words}."
