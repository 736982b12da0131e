"""The same by API, for one inspection and its invites."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.dashboard.api_examples import ApiExample, api_example
from app.inspections.api import SESSIONS
from app.inspections.payloads import NewParticipant

NONE = (
    "Taking it, being with them, the notes, marks of recording, remarks and tags have no twin: they are the "
    "operator’s, and are made here."
)


def of(inspection: Any, reasons: Mapping[str, str], invites: Sequence[Mapping[str, Any]]) -> list[ApiExample]:
    """What can be asked for now. `reasons` say why not, of the inspection and of each invite's panel."""
    one = f"{SESSIONS}/{inspection.id}"
    found = [api_example("See it", "GET", one)]
    if not reasons["invite"]:
        body = NewParticipant(recipient_email="jane@example.com", send_email=True)
        found.append(api_example("Invite somebody", "POST", f"{one}/participants", body))
    for panel in invites:
        invite = panel["invite"]
        who = invite.recipient_name or invite.recipient_email or invite.recipient_phone or "the invite"
        for verb, act in (("new_code", "New code"), ("reissue", "New link and code"), ("revoke", "Take back")):
            if not panel["reasons"][verb]:
                found.append(api_example(f"{act}, {who}", "POST", f"{one}/participants/{invite.id}/{verb}"))
    if not reasons["end"]:
        found.append(api_example("End it", "POST", f"{one}/end"))
    return found
