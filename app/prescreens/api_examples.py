"""The same by API, for one prescreen."""

from typing import Any

from app.dashboard.api_examples import ApiExample, api_example
from app.prescreens.api import ReviewBody

NONE = (
    "Taking it, tags, and the seconds in which a decision can be undone have no twin: by API a decision is final at "
    "once."
)


def of(row: Any, state: str) -> list[ApiExample]:
    """What can be asked for in the state it is in."""
    one = f"/api/v1/sessions/{row.id}"
    found = [api_example("See it", "GET", one)]
    if state == "completed":
        found += [
            api_example("Approve it", "PATCH", f"{one}/review", ReviewBody(reviewStatus="approved", reviewNotes="…")),
            api_example("Deny it", "PATCH", f"{one}/review", ReviewBody(reviewStatus="denied", reviewNotes="…")),
        ]
    return found
