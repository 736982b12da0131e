"""The programs, the questions they are asked, and which of them they cannot answer."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bench import rows, world
from bench.load import Load
from bench.paths import MOST_LINES
from bench.peers.contract import waits

SESSIONS = "/api/v1/sessions"
BODY = {
    "template": "flat-1",
    "name": "Ada Keller %N",
    "email": "ada%N@example.com",
    "locale": "en",
    "submission": {"budget": 1200, "pets": "2 cats", "moveInDate": "2027-05-01"},
}
DECISION = {"status": "approved", "notes": "Strong candidate %N, good income verification."}
QUESTIONS = ("list", "total", "one", "create", "review", "queue")
"""Paths of the bench (bench/paths.py) that a peer is asked for."""
ADMIN_ONLY = "an admin page has no API"


@dataclass(frozen=True, slots=True)
class Peer:
    """One program: `create_app` of `module`. `queue` is the address of its queue page, `sign_in` that of its form with
    the names of its fields, `cannot` the questions without an answer and why."""

    name: str
    title: str
    module: str
    asgi: bool = False
    prepares: bool = False
    queue: str = "/queue?status=waiting"
    sign_in: tuple[str, str, str] = ("/sign-in", "email", "password")
    cannot: dict[str, str] = field(default_factory=dict)


PEERS = (
    Peer("litestar", "Litestar, SQLAlchemy Core", "with_litestar", asgi=True),
    Peer("fastapi", "FastAPI, SQLAlchemy ORM", "with_fastapi", asgi=True),
    Peer("flask-tuned", "Flask, tuned", "with_flask_tuned", prepares=True),
    Peer("flask-orm", "Flask, SQLAlchemy ORM", "with_flask"),
    Peer(
        "django",
        "Django, DRF and admin",
        "with_django.site",
        prepares=True,
        queue="/admin/with_django/prescreen/?status__exact=waiting",
        sign_in=("/admin/login/?next=/admin/", "username", "password"),
    ),
    Peer(
        "flask-admin",
        "Flask-Admin",
        "with_flask_admin",
        queue="/admin/prescreens/?flt1_status_equals=waiting",
        cannot=dict.fromkeys(("list", "total", "one", "create", "review"), ADMIN_ONLY),
    ),
)


class Loads:
    """The requests of every question for `n` rows; their files lie in `folder`. All programs get the same, but for the
    address of the queue page."""

    def __init__(self, folder: Path, n: int, now: datetime) -> None:
        self._folder = folder
        bearers = dict(world.bearers("prescreens", now))
        every = [i for i in range(n, 0, -1) if i % rows.TURNS < world.ORGANIZATIONS]
        ids = [(bearers[rows.organization_of(i)], f"{SESSIONS}/{rows.uuid_of('peer', i)}", i) for i in every]
        listed = f"{SESSIONS}?limit=25"
        self._lines = {
            "list": [(bearer, listed) for bearer in bearers.values()],
            "total": [(bearer, f"{listed}&status=waiting&page=1") for bearer in bearers.values()],
            "one": [(bearer, path) for bearer, path, _ in ids[:MOST_LINES]],
            "create": [(bearer, SESSIONS) for bearer in bearers.values()],
            "review": [(bearer, path) for bearer, path, i in ids if waits(i)][:MOST_LINES],
        }

    def of(self, peer: Peer, question: str, cookie: str) -> Load:
        """What this program is sent for a question; `cookie` is whoever is signed in."""
        lines = self._lines.get(question, [("", peer.queue)])
        file = self._folder / f"peers-{question}.txt"
        file.write_text("".join(f"{bearer}\t{path}\n" for bearer, path in lines))
        if question == "create":
            return Load(file, "POST", json.dumps(BODY, separators=(",", ":")))
        if question == "review":
            return Load(file, "PATCH", json.dumps(DECISION, separators=(",", ":")), once=True)
        return Load(file, headers={"Cookie": cookie} if question == "queue" else {})
