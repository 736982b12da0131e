"""What is measured: eight paths, what each sends to the floor and to the product, and the goal for their ratio."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from bench import rows, world
from bench.load import Load

MOST_LINES = 20_000
SESSIONS, INSPECTIONS, REQUESTS = "/api/v1/sessions", "/api/v1/public/sessions", "/api/v1/session_requests"
BODY = {
    "session_request": {
        "invites": ["counsel@example.com", "clerk@example.com"],
        "deponent": {"name": "Ada Keller %N", "email": "ada%N@example.com", "role": "witness"},
        "remote_session": {
            "title": "Deposition of Ada Keller %N",
            "case": "Keller v. Harbor & Sons",
            "file_number": "F-%N",
            "start_date": "2027-05-23",
            "start_time": "10:00 AM",
            "time_zone": "Pacific Time (US & Canada)",
            "estimated_duration": 1.25,
        },
        "session_details": {"language": "en-US", "interpreter": "none", "additional_details": "Bench request %N."},
    }
}
DECISION = {"reviewStatus": "approved", "reviewNotes": "Strong candidate %N, good income verification."}


@dataclass(frozen=True, slots=True)
class Measured:
    """One path. `goal`: CPU as a multiple of the floor's, on SQLite and PostgreSQL (a quarter above it passes)."""

    name: str
    title: str
    goal: tuple[float, float]
    writes: bool = False


PATHS = (
    Measured("list", "API list, 25 rows", (2.5, 1.7)),
    Measured("total", "API list with exact total", (2.8, 1.9)),
    Measured("one", "API one", (6, 2)),
    Measured("create", "API create, durable, idempotency key", (3, 1.6), writes=True),
    Measured("review", "API review (PATCH)", (3, 1.6), writes=True),
    Measured("queue", "queue page, 50 rows, true tab counts", (3, 2.1)),
    Measured("fragment", "its fragment", (3, 1.9)),
    # A fifth of the goal of the fragment, beside the floor's fragment.
    Measured("poll", "empty poll", (0.6, 0.38)),
)
NAMES = tuple(path.name for path in PATHS)


class Loads:
    """The requests of every path for one database; their files lie in `folder`."""

    def __init__(self, folder: Path, n: int, pool: Iterable[tuple[UUID, int]], now: datetime) -> None:
        self._folder = folder
        prescreens = dict(world.bearers("prescreens", now))
        ids = (i for i in range(n, 0, -1) if i % rows.TURNS < world.ORGANIZATIONS)
        one = [
            (prescreens[rows.organization_of(i)], f"{SESSIONS}/{UUID(rows.uuid_of('prescreen', i))}")
            for i, _ in zip(ids, range(MOST_LINES), strict=False)
        ]
        listed = f"{SESSIONS}?status=completed&reviewStatus=pending_review&limit=25"
        self._files = {
            "list": self._write("list", [(b, f"{INSPECTIONS}?limit=25") for _, b in world.bearers("inspections", now)]),
            "total": self._write("total", [(bearer, listed) for bearer in prescreens.values()]),
            "one": self._write("one", one),
            "create": self._write("create", [(b, REQUESTS) for _, b in world.bearers("depositions", now)]),
            "review": self._write("review", [(prescreens[org], f"{SESSIONS}/{id}/review") for id, org in pool]),
            "queue": self._write("queue", [("", "/depositions")]),
        }

    def _write(self, name: str, lines: list[tuple[str, str]]) -> Path:
        file = self._folder / f"{name}.txt"
        file.write_text("".join(f"{bearer}\t{path}\n" for bearer, path in lines))
        return file

    def of(self, name: str, cookie: str) -> Load:
        """What is sent to a path; `cookie` is whoever is signed in on that side."""
        if name == "create":
            return Load(self._files[name], "POST", _compact(BODY))
        if name == "review":
            return Load(self._files[name], "PATCH", _compact(DECISION), once=True)
        if name in ("queue", "fragment", "poll"):
            headers = {"Cookie": cookie}
            if name == "poll":
                headers |= {"X-Desk-Poll": "1"}  # load.lua then brings along the revision it was given
            if name != "queue":
                headers |= {"HX-Request": "true", "HX-Target": "div#queue", "HX-Request-Type": "partial"}
            return Load(self._files["queue"], headers=headers)
        return Load(self._files[name])


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
