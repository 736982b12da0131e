"""API equivalents of one prescreen: the calls that its organization can make itself."""

from uuid import UUID

from app.dashboard.api_examples import ApiExample, api_example
from app.prescreens.api import ReviewBody

NONE = (
    "Assigning, tags and undoing a decision have no API equivalent: a review by API is final at once, without an undo "
    "window. The plans free, pilot and starter only read by API."
)


def of(prescreen_id: UUID, state: str, template_id: UUID, contact_id: UUID | None) -> list[ApiExample]:
    """The calls that its state allows."""
    url = f"/api/v1/sessions/{prescreen_id}"
    found = [api_example("See it", "GET", url)]
    found.append(api_example("See its questionnaire", "GET", f"/api/v1/workflow-templates/{template_id}"))
    if contact_id:
        found.append(api_example("See its contact", "GET", f"/api/v1/contacts/{contact_id}"))
    if state == "completed":
        found += [
            api_example("Approve it", "PATCH", f"{url}/review", ReviewBody(reviewStatus="approved", reviewNotes="…")),
            api_example("Deny it", "PATCH", f"{url}/review", ReviewBody(reviewStatus="denied", reviewNotes="…")),
        ]
    return found
