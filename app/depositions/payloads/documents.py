"""A deposition as the API and the webhook say it, member for member as the document prints it.

It stands below the actions, because a webhook is written in the transaction that causes it.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from app.depositions.models import State
from app.depositions.rules.new_request import DETAILS
from app.kernel.clock import iso


def created(d: Any, base_url: str) -> dict[str, Any]:
    """The answer to a create call: a list of one ("Example Response"; `cancellation_requested` with a double l)."""
    return {"requests": [_request(d, base_url, "cancellation_requested")]}


def posted(d: Any, base_url: str) -> dict[str, Any]:
    """The claims of the webhook ("Postback URL Example"; `cancelation_requested` with a single l)."""
    return {"requests": [_request(d, base_url, "cancelation_requested")]}


def listed(rows: Iterable[Any], base_url: str, *, page: int, count: int, size: int) -> dict[str, Any]:
    """The answer to a list call ("View All Session Requests")."""
    requests = [_request(d, base_url, "cancelation_requested", in_list=True) for d in rows]
    pages = max(1, -(-count // size))
    return {"pagy": {"page": page, "items": len(requests), "count": count, "pages": pages}, "requests": requests}


def session_url(d: Any, base_url: str) -> str:
    """Where the session is joined. Whoever holds it may join."""
    return f"{base_url}/sessions/{d.slug}/join"


def _request(d: Any, base_url: str, spelling: str, in_list: bool = False) -> dict[str, Any]:
    booked = d.booked_at is not None
    said: dict[str, Any] = {
        "id": d.id,
        "session_state": State.ACTIVE.value if d.state == State.ENDED else d.state,
        "session_url": session_url(d, base_url) if booked else None,
        "remote_session_id": str(d.remote_session_id) if booked else None,
        "session_request": {
            "session_type": d.session_type,
            "deponent": _deponent(d),
            "invites": _all_addresses(d) if in_list else [invite["email"] for invite in d.invites],
        },
        "remote_session": {
            "title": d.title,
            "case": d.case_name,
            **({"file_number": d.file_number} if in_list else {}),
            "start_date": d.start_date,
            "start_time": d.start_time,
            "time_zone": d.time_zone,
            "estimated_duration": None if d.estimated_duration is None else orjson.loads(d.estimated_duration),
        },
        "session_details": {key: d.details[key] for key in DETAILS if key in d.details},
        "notice": d.notice,
        spelling: iso(d.cancellation_requested_at),
    }
    if d.ended_at is not None:
        said["ended_at"] = iso(d.ended_at)
    return said


def _deponent(d: Any) -> dict[str, str | None] | None:
    if d.deponent_name is None and d.deponent_email is None and d.deponent_role is None:
        return None
    return {"name": d.deponent_name, "email": d.deponent_email, "role": d.deponent_role}


def _all_addresses(d: Any) -> list[dict[str, str]]:
    """Invites as objects, with the deponent's address at the end when it is not among them."""
    addresses = [invite["email"] for invite in d.invites]
    email = d.deponent_email
    if email is not None and email.casefold() not in {address.casefold() for address in addresses}:
        addresses.append(email)
    return [{"email": address} for address in addresses]
