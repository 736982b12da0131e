"""Makes the programs' tables with `n` rows: the organizations and keys of the bench's world, and one room."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert, text

from app.accounts import passwords
from app.kernel import clock
from app.kernel.crypto import sha256
from bench import rows, world
from bench.peers.contract import DECISIONS, TEMPLATES, status
from bench.peers.tables import ApiKey, Base, Organization, Person, Prescreen, connected

PERSON = ("reviewer@bench.example", "Rhea Reviewer")
BETWEEN = timedelta(minutes=1)
BATCH = 2000


def prescreens(n: int, now: datetime) -> Iterator[dict[str, Any]]:
    for i in range(1, n + 1):
        state, made = status(i), now - (n - i + 1) * BETWEEN
        done = state in DECISIONS
        yield {
            "uid": rows.uuid_of("peer", i),
            "organization_id": rows.organization_of(i),
            "status": state,
            "template": TEMPLATES[i % 2],
            "name": rows.name(i),
            "email": f"p{i}@example.com",
            "locale": "en",
            "submission": {"budget": 900 + i % 2400, "pets": f"{i % 3} cats", "moveInDate": f"2027-0{i % 9 + 1}-01"},
            "reviewer_id": 1 if done else None,
            "notes": "Good references, <checked> by phone & mail." if done else None,
            "version": 2 if done else 1,
            "created_at": made,
            "updated_at": made + timedelta(minutes=9),
        }


def make(url: str, n: int) -> float:
    """Fills the empty database at `url`; returns the seconds it took."""
    began = time.monotonic()
    engine = connected(url.replace("postgresql+psycopg://", "postgresql://"))
    Base.metadata.create_all(engine)
    every = range(1, world.ORGANIZATIONS + 1)
    email, name = PERSON
    person = {"email": email, "name": name, "password_hash": passwords.hash_password(world.PASSWORD)}
    keys = [{"organization_id": org, "secret_sha256": sha256(secret)} for org, secret in world.keys("prescreens")]
    named = [{"id": org, "slug": world.slug(org), "name": world.organization_name(org)} for org in every]
    with engine.begin() as db:
        db.execute(insert(Organization), named)
        db.execute(insert(ApiKey), keys)
        db.execute(insert(Person), person)
        made = prescreens(n, clock.now())
        while some := list(islice(made, BATCH)):
            db.execute(insert(Prescreen), some)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as db:
        db.execute(text("ANALYZE"))
    engine.dispose()
    return time.monotonic() - began
