"""One valid call of each kind for each API, for tests of what they have in common."""

import copy
from dataclasses import dataclass
from typing import Any
from uuid import UUID

NOBODY = UUID("6b0e2f4c-0d1a-4a51-9d2c-2f6f4f0c9a11")

REQUEST: dict[str, Any] = {
    "session_request": {
        "invites": ["quartz@example.com", "obsidian@example.com"],
        "deponent": {"name": "Malachite Yarrow", "email": "malachite@example.com", "role": "deponent"},
        "remote_session": {
            "title": "Example Remote Session Request",
            "case": "567-case-id-name",
            "start_date": "2025-01-28",
            "start_time": "01:30 AM",
            "time_zone": "Pacific Time (US & Canada)",
            "estimated_duration": 1.25,
        },
    }
}


def request_body() -> dict[str, Any]:
    return copy.deepcopy(REQUEST)


@dataclass(frozen=True)
class One:
    """One operation: its API, a valid call, and the expected response."""

    product: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    invalid: int = 422
    malformed: int = 400
    limit: int = 600

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


SHARED = "/api/v1/sessions"
"""The address of two APIs: a bearer of three parts is for depositions (tests/depositions/test_sessions_api.py)."""

READS = [
    One("depositions", "GET", "/api/v1/session_requests"),
    One("prescreens", "GET", SHARED, limit=120),
    One("prescreens", "GET", "/api/v1/workflow-templates", limit=120),
    One("prescreens", "GET", "/api/v1/contacts", limit=120),
    One("inspections", "GET", "/api/v1/public/sessions", invalid=400, limit=60),
]
WRITES = [
    One("depositions", "POST", "/api/v1/session_requests", REQUEST),
    One("depositions", "POST", "/api/v1/sessions", REQUEST),
    One("inspections", "POST", "/api/v1/public/sessions", {"notes": "Roof"}, invalid=400, limit=60),
]
UNKNOWN = [
    One("depositions", "GET", f"/api/v1/session_requests/{NOBODY}"),
    One("depositions", "POST", f"/api/v1/session_requests/{NOBODY}/cancel", {}),
    One("prescreens", "GET", f"/api/v1/sessions/{NOBODY}", limit=120),
    One("prescreens", "PATCH", f"/api/v1/sessions/{NOBODY}/review", {"reviewStatus": "approved"}, 422, 422, 120),
    One("prescreens", "GET", f"/api/v1/workflow-templates/{NOBODY}", limit=120),
    One("prescreens", "GET", f"/api/v1/contacts/{NOBODY}", limit=120),
    One("inspections", "GET", f"/api/v1/public/sessions/{NOBODY}", limit=60),
    One("inspections", "POST", f"/api/v1/public/sessions/{NOBODY}/end", {}, 400, 400, 60),
    One("inspections", "POST", f"/api/v1/public/sessions/{NOBODY}/participants", {}, 400, 400, 60),
]
EVERY = READS + WRITES + UNKNOWN
EVERY_WRITE = WRITES + [one for one in UNKNOWN if one.method != "GET"]


def name(one: One) -> str:
    return one.name
