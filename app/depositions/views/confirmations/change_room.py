"""What the team confirms before it changes the room, besides the message to the manager."""

from app.depositions.queries.detail import DepositionDetail
from app.depositions.views.confirmations._parts import BACK, back_to, subject_of
from app.kernel.web.confirmation_pages import Confirmation


def changing_room(deposition: DepositionDetail, room_url: str) -> Confirmation:
    """Changing the room of a booked session: only its manager is told, the participants' links lead there anyway."""
    return Confirmation(
        title="Review and change the room",
        confirm=f"Change the room and notify {deposition.manager_name}",
        back=back_to(deposition),
        back_label=BACK,
        icon="door-open",
        subject=[*subject_of(deposition), f"room {room_url}"],
        note="The participants’ links stay the same and lead there once the session begins.",
    )
