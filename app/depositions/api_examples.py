"""API equivalents of one request: the calls that its organization can make itself."""

from app.dashboard.api_examples import ApiExample, api_example
from app.depositions.models import Deposition, State
from app.depositions.payloads.incoming import CancelBody, ChangeBody, ChangedMomentBody, ChangedSessionBody

NONE = (
    "Organizations list and cancel their own requests, and with Self-Service change and move their sessions. "
    "Assigning, scheduling, managers, starting and ending a session, its room, the notice and tags have no API "
    "equivalent: the scheduling team does them here."
)


def of(deposition: Deposition) -> list[ApiExample]:
    """The calls that its state allows."""
    found = [api_example("List all requests", "GET", "/api/v1/session_requests")]
    one = f"/api/v1/session_requests/{deposition.id}"
    found.append(api_example("View it", "GET", one))
    if deposition.state == State.INITIAL:
        found.append(api_example("Cancel it", "POST", f"{one}/cancel", CancelBody(cancel_without_email=False)))
    elif deposition.state in (State.SCHEDULED, State.READY):
        found.append(api_example("Request its cancellation", "POST", f"{one}/cancellation_request"))
    if deposition.state == State.READY:
        moment = ChangedMomentBody(
            start_date=deposition.start_date, start_time=deposition.start_time, time_zone=deposition.time_zone
        )
        change = ChangeBody(session_request=ChangedSessionBody(remote_session=moment))
        found.append(api_example("Change it", "PATCH", f"/api/v1/sessions/{deposition.remote_session_id}", change))
    return found
