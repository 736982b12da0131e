"""A deposition as the API and the webhook write it, member for member as the document prints it.

Actions import it, because a webhook is written in the transaction that causes it.
"""

from collections.abc import Iterable

import orjson

from app.depositions.models import Deposition, State
from app.depositions.rules.new_request import DEFAULT_LANGUAGE, DETAILS
from app.kernel.clock import iso


def created(deposition: Deposition, base_url: str) -> dict[str, object]:
    """The answer to a create call: a list of one ("Example Response"; `cancellation_requested` with a double l)."""
    return {"requests": [_request(deposition, base_url, "cancellation_requested")]}


def posted(deposition: Deposition, base_url: str) -> dict[str, object]:
    """The claims of the webhook ("Postback URL Example"; `cancelation_requested` with a single l)."""
    return {"requests": [_request(deposition, base_url, "cancelation_requested")]}


def listed(rows: Iterable[Deposition], base_url: str, *, page: int, count: int, size: int) -> dict[str, object]:
    """The answer to a list call ("View All Session Requests")."""
    requests = [_request(deposition, base_url, "cancelation_requested", in_list=True) for deposition in rows]
    pages = max(1, -(-count // size))
    return {"pagy": {"page": page, "items": len(requests), "count": count, "pages": pages}, "requests": requests}


def one(deposition: Deposition, base_url: str) -> dict[str, object]:
    """One request as the list shows it."""
    return {"requests": [_request(deposition, base_url, "cancelation_requested", in_list=True)]}


IS_A_TEST = "This is a test. No session was scheduled."


def example(base_url: str) -> dict[str, object]:
    """The claims of a test webhook: those of a scheduled session, as the document prints them, which say that they are
    a test. No session has the id 0."""
    session_id = "00000000-0000-4000-8000-000000000000"
    return {
        "requests": [
            {
                "id": 0,
                "session_state": State.SCHEDULED.value,
                "session_url": f"{base_url}/sessions/test/join",
                "remote_session_id": session_id,
                "session_request": {
                    "session_type": "remote_deposition",
                    "deponent": {"name": "Malachite Yarrow", "email": "malachite@example.com", "role": "deponent"},
                    "invites": ["quartz@example.com", "obsidian@example.com"],
                },
                "remote_session": {
                    "title": "TEST: Example Remote Session Request",
                    "case": "test-case",
                    "start_date": "2025-01-28",
                    "start_time": "01:30 AM",
                    "time_zone": "Pacific Time (US & Canada)",
                    "estimated_duration": 1.25,
                },
                "session_details": {"language": "en-US", "session_type": "remote_deposition"},
                "notice": IS_A_TEST,
                "cancelation_requested": None,
            }
        ]
    }


def session_url(deposition: Deposition, base_url: str) -> str:
    """The address that joins the session. Anyone who has it may join."""
    return f"{base_url}/sessions/{deposition.slug}/join"


def _request(deposition: Deposition, base_url: str, spelling: str, in_list: bool = False) -> dict[str, object]:
    booked, hours = deposition.booked_at is not None, deposition.estimated_duration
    content: dict[str, object] = {
        "id": deposition.id,
        "session_state": State.ACTIVE.value if deposition.state == State.ENDED else deposition.state,
        "session_url": session_url(deposition, base_url) if booked else None,
        "remote_session_id": str(deposition.remote_session_id) if booked else None,
        "session_request": {
            "session_type": deposition.session_type,
            "deponent": _deponent(deposition),
            "invites": _all_addresses(deposition) if in_list else [invite["email"] for invite in deposition.invites],
        },
        "remote_session": {
            "title": deposition.title,
            "case": deposition.case_name,
            **({"file_number": deposition.file_number} if in_list else {}),
            "start_date": deposition.start_date,
            "start_time": deposition.start_time,
            "time_zone": deposition.time_zone,
            "estimated_duration": None if hours is None else orjson.loads(hours),
        },
        "session_details": _details(deposition),
        "notice": deposition.notice,
        spelling: iso(deposition.cancellation_requested_at),
    }
    if deposition.ended_at is not None:
        content["ended_at"] = iso(deposition.ended_at)
    return content


def _details(deposition: Deposition) -> dict[str, str]:
    """What was given, and always a language."""
    given = {"language": DEFAULT_LANGUAGE, **deposition.details}
    return {key: given[key] for key in DETAILS if key in given}


def _deponent(deposition: Deposition) -> dict[str, str | None] | None:
    if deposition.deponent_name is None and deposition.deponent_email is None and deposition.deponent_role is None:
        return None
    return {"name": deposition.deponent_name, "email": deposition.deponent_email, "role": deposition.deponent_role}


def _all_addresses(deposition: Deposition) -> list[dict[str, str]]:
    """Invites as objects, with the deponent's address at the end when it is not among them."""
    addresses = [invite["email"] for invite in deposition.invites]
    email = deposition.deponent_email
    if email is not None and email.casefold() not in {address.casefold() for address in addresses}:
        addresses.append(email)
    return [{"email": address} for address in addresses]
