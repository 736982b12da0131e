"""The same by API, for one prescreen."""

from typing import Any

from app.desk.twins import Twin, twin
from app.prescreens.api import ReviewBody

NONE = (
    "Taking it, tags, and the seconds in which a decision can be undone have no twin: by API a decision is final at "
    "once."
)


def of(row: Any, state: str) -> list[Twin]:
    """What can be asked for in the state it is in."""
    one = f"/api/v1/sessions/{row.id}"
    found = [twin("See it", "GET", one)]
    if state == "completed":
        found += [
            twin("Approve it", "PATCH", f"{one}/review", ReviewBody(reviewStatus="approved", reviewNotes="…")),
            twin("Deny it", "PATCH", f"{one}/review", ReviewBody(reviewStatus="denied", reviewNotes="…")),
        ]
    return found
