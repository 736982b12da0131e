"""What is measured: what each path sends to the floor and to the product, and the goal for their ratio; paths that have
no floor have the most that a request may cost."""

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
        "invites": ["counsel%N@example.com", "clerk%N@example.com"],
        "deponent": {"name": "Ada Keller %N", "email": "ada%N@example.com", "role": "witness"},
        "remote_session": {
            "title": "Deposition of Ada Keller %N",
            "case": "Keller %N v. Harbor & Sons",
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
    """One path. `goal`: CPU as a multiple of the floor's, on SQLite and PostgreSQL (a quarter above it passes); None
    where the floor has nothing to compare with, and `most` is the goal: CPU milliseconds a request, or a piece of those
    that are measured `by_piece` (bench/bulk.py)."""

    name: str
    title: str
    goal: tuple[float, float] | None = None
    writes: bool = False
    most: float = 0
    by_piece: bool = False


PATHS = (
    Measured("list", "API list, 25 rows", (2.5, 1.8)),
    Measured("total", "API list with exact total", (2.5, 1.9)),
    Measured("one", "API one", (5.5, 2.6)),
    Measured("create", "API create, durable, idempotency key", (2.8, 1.7), writes=True),
    Measured("review", "API review (PATCH)", (2.7, 1.7), writes=True),
    Measured("queue", "queue page, 50 rows, true tab counts", (3.2, 2.3)),
    Measured("fragment", "its fragment", (3, 2)),
    # Beside the floor's fragment.
    Measured("poll", "empty poll", (0.5, 0.4)),
    Measured("search", "search page, 25 hits", most=8),
    Measured("palette", "palette while somebody types", most=3),
    Measured("sign-in", "sign-in page", most=1.5),
    Measured("first", "prescreens list, page 1, exact total"),
    Measured("far", "prescreens list, the last page, exact total"),
    Measured("csv", "CSV of depositions, a row", most=0.03, by_piece=True),
    Measured("webhook", "worker, a webhook", most=3, by_piece=True),
    Measured("email", "worker, an e-mail", most=3, by_piece=True),
)
WORDS = ("kell", "brand", "more", "hub", "grant", "ols")
"""Beginnings of names in the made rows."""
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
        # The smallest organization has so many pages, give or take a few.
        last = max(2, n // rows.TURNS // 25 - 2)
        listed = f"{SESSIONS}?status=completed&reviewStatus=pending_review&limit=25"
        self._files = {
            "list": self._write("list", [(b, f"{INSPECTIONS}?limit=25") for _, b in world.bearers("inspections", now)]),
            "total": self._write("total", [(bearer, listed) for bearer in prescreens.values()]),
            "one": self._write("one", one),
            "create": self._write("create", [(b, REQUESTS) for _, b in world.bearers("depositions", now)]),
            "review": self._write("review", [(prescreens[org], f"{SESSIONS}/{id}/review") for id, org in pool]),
            "queue": self._write("queue", [("", "/depositions")]),
            "search": self._write("search", [("", f"/search?q={word}") for word in WORDS]),
            "palette": self._write("palette", [("", f"/palette?q={word}") for word in WORDS]),
            "sign-in": self._write("sign-in", [("", "/sign-in")]),
            "first": self._write("first", [(bearer, f"{SESSIONS}?limit=25") for bearer in prescreens.values()]),
            "far": self._write("far", [(bearer, f"{SESSIONS}?limit=25&page={last}") for bearer in prescreens.values()]),
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
        if name in ("search", "palette"):
            return Load(self._files[name], headers={"Cookie": cookie})
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
