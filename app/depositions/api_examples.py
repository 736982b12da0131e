"""The same by API, for one request: what its organization can ask for itself."""

from typing import Any

from app.dashboard.api_examples import ApiExample, api_example
from app.depositions.models import State
from app.depositions.payloads.incoming import CancelBody

NONE = (
    "Organizations see and cancel their own requests. Taking, scheduling, starting and ending a session, its room, "
    "the notice and tags have no twin: they are the scheduling team’s, and are done here."
)


def of(d: Any) -> list[ApiExample]:
    """What can be asked for in the state it is in."""
    found = [api_example("See it among all requests", "GET", "/api/v1/session_requests")]
    one = f"/api/v1/session_requests/{d.id}"
    if d.state == State.INITIAL:
        found.append(api_example("Cancel it", "POST", f"{one}/cancel", CancelBody(cancel_without_email=False)))
    elif d.state in (State.SCHEDULED, State.READY):
        found.append(api_example("Ask for its cancellation", "POST", f"{one}/cancellation_request"))
    return found
