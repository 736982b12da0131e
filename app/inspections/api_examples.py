"""API equivalents of one inspection and its invites."""

from collections.abc import Mapping, Sequence

from app.dashboard.api_examples import ApiExample, api_example
from app.inspections.api import SESSIONS
from app.inspections.models import Inspection
from app.inspections.payloads import NewParticipant
from app.inspections.presentation.invites import InvitePanel

NONE = (
    "Assigning, attending, notes, marks of recording, remarks and tags have no API equivalent: they are the "
    "operator’s, and are made here."
)


def of(inspection: Inspection, reasons: Mapping[str, str], invites: Sequence[InvitePanel]) -> list[ApiExample]:
    """The calls that are possible now. `reasons` say which verbs are not."""
    one = f"{SESSIONS}/{inspection.id}"
    found = [api_example("Retrieve it", "GET", one)]
    if not reasons["invite"]:
        body = NewParticipant(recipient_email="jane@example.com", send_email=True)
        found.append(api_example("Invite a field user", "POST", f"{one}/participants", body))
    for panel in invites:
        invite = panel.invite
        recipient = invite.recipient_name or invite.recipient_email or invite.recipient_phone or "the invite"
        for verb, label in (("new_code", "New code"), ("reissue", "New link and code"), ("revoke", "Revoke")):
            if not panel.reasons[verb]:
                url = f"{one}/participants/{invite.id}/{verb}"
                found.append(api_example(f"{label}, {recipient}", "POST", url))
    if not reasons["end"]:
        found.append(api_example("End it", "POST", f"{one}/end"))
    return found
