"""What all programs agree on: states and fields, keys by their fingerprint, cursors, and where the database is."""

import base64
import hashlib
import os
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

STATUSES = ("waiting", "approved", "denied", "active", "draft")
DECISIONS = ("approved", "denied")
TEMPLATES = ("flat-1", "flat-2")
EMAIL = r"^[^@\s]{1,64}@[^@\s]{1,190}\.[a-z]{2,24}$"
NAME_LENGTH, NOTES_LENGTH = 200, 2000
SECRET = "cookie-secret-of-the-bench-peers"
"""32 bytes, as some frameworks ask for."""
PAGE, QUEUE_PAGE = 25, 50

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=15000",
    "foreign_keys=ON",
    "cache_size=-32768",
    "mmap_size=268435456",
    "temp_store=MEMORY",
)
"""The product's own settings (app/kernel/db/engine.py) but for secure_delete. Its code cannot be imported here: these
programs have an environment of their own."""


def database_url() -> str:
    return os.environ["PEERS_DATABASE"]


def waits(i: int) -> bool:
    """Whether row `i` waits for a decision."""
    return status(i) == "waiting"


def status(i: int) -> str:
    """The state of row `i`: believable shares, mixed within each organization."""
    return ("waiting", "waiting", "approved", "waiting", "active", "waiting", "waiting", "denied", "waiting", "draft")[
        (i // 110 + i) % 10
    ]


def fingerprint(text: str | bytes) -> str:
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def bearer(header: str | None) -> str:
    """The fingerprint of the key in an Authorization header."""
    return fingerprint((header or "").removeprefix("Bearer "))


def cursor(created_at: datetime, id: int) -> str:
    return base64.urlsafe_b64encode(f"{created_at.isoformat()}|{id}".encode()).decode().rstrip("=")


def opened(given: str) -> tuple[datetime, int]:
    """What a cursor holds. Raises ValueError for anything else."""
    moment, _, id = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode().partition("|")
    return datetime.fromisoformat(moment), int(id)


def new_uid() -> str:
    return uuid4().hex


def now() -> datetime:
    return datetime.now(UTC)


def page_of(counts: dict[str, int], status: str, page: int) -> dict[str, Any]:
    """What the template of the queue page asks beside its rows."""
    total = counts.get(status, 0)
    pages = max(1, -(-total // QUEUE_PAGE))
    return {"statuses": STATUSES, "counts": counts, "status": status, "page": page, "pages": pages, "total": total}
