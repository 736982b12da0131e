"""What is read before an act on an inspection, besides its messages."""

from collections.abc import Sequence
from datetime import datetime

from flask import url_for

from app.accounts.access import me
from app.inspections import rules
from app.inspections.models import Inspection, Invite
from app.inspections.views.list import QUEUE
from app.kernel.text import datetimes, normalization
from app.kernel.web.confirmation_pages import Belief, Confirmation


def page_url(inspection: Inspection) -> str:
    """The page of the inspection, with the list that the user came from."""
    return url_for(".detail", id=inspection.id, **QUEUE.choose().args)


def to_confirm(
    inspection: Inspection,
    title: str,
    confirm: str,
    icon: str = "send",
    tone: str = "primary",
    note: str = "",
    edit: str = "",
    beliefs: Sequence[Belief] = (),
) -> Confirmation:
    """What the operator confirms besides the messages."""
    planned = inspection.scheduled_for
    hour = datetimes.moment(planned, me().time_zone) if planned else "To start at once"
    return Confirmation(
        title=title,
        confirm=confirm,
        back=page_url(inspection),
        back_label="Back to the inspection",
        subject=[normalization.shown(inspection.notes[:80], f"Inspection {str(inspection.id)[:8]}"), hour],
        icon=icon,
        tone=tone,
        believed=f"{len(beliefs)} will still believe that their link works",
        beliefs=beliefs,
        note=note,
        edit=edit,
    )


def holders(invites: Sequence[Invite], now: datetime) -> list[Belief]:
    """The recipients of invites that still work: they are not told when these end."""
    return [
        Belief(
            normalization.shown(
                invite.recipient_name, invite.recipient_email, invite.recipient_phone, "A recipient face to face"
            ),
            "recipient",
            "link and code" if invite.otp_required else "the link",
            "they open it, and read that it has ended",
        )
        for invite in invites
        if rules.invite_state(invite, now) == rules.InviteState.LIVE
    ]
