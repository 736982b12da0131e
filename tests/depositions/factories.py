"""Depositions in every state, walked there through the real actions."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.depositions import actions
from app.depositions.models import Deposition
from app.depositions.rules import new_request
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import claims
from app.kernel.text.time_zones import clock12, iana_name
from app.wiring import wire

OTHERS: dict[str, Any] = {
    "case_name": "Dunmore v. Ashby",
    "deponent_name": "Tomasz Adeyemi",
    "deponent_email": "tomasz@example.com",
    "invites": (new_request.Invite("amber@example.com"),),
}
"""A request that has nothing in common with the usual one but its hour."""
ROOM = "https://rooms.example.com/r/42"


def new(
    starts_at: datetime | None = None, zone: str = "Pacific Time (US & Canada)", **facts: Any
) -> new_request.NewRequest:
    """A request for a whole minute, by default for ten days from now."""
    wall = (starts_at or now() + timedelta(days=10)).astimezone(ZoneInfo(iana_name(zone)))
    start = new_request.parse_start(f"{wall:%Y-%m-%d}", clock12(wall), zone)
    default: dict[str, Any] = {
        "title": "Deposition of a witness",
        "case_name": "Keller v. Northline Freight",
        "estimated_duration": 1.25,
        "deponent_name": "Orsolya Brandt",
        "deponent_email": "orsolya@example.com",
        "deponent_role": "deponent",
        "invites": (new_request.Invite("quartz@example.com"), new_request.Invite("obsidian@example.com", "host")),
        "details": new_request.tidy_details({"preferred_manager": "Quartz Verbena"}),
        "postback_url": "https://hooks.example.com/scheduled",
    }
    return new_request.NewRequest(start=start, **{**default, **facts})


def request(database: Database, cast: Any, organization: str = "marston", **facts: Any) -> Any:
    """A request, committed."""
    made_at = facts.pop("made_at", None)
    with database.write() as db:
        owner = cast.organizations[organization]
        by = cast.actor("ines")
        return actions.request(db, owner, new(**facts), by=by, now=made_at or now())


def booking(cast: Any, **facts: Any) -> actions.Booking:
    person = cast.people["ines"]
    default = {"manager_name": person.name, "manager_email": person.email, "room_url": ROOM, "provider": "chime"}
    return actions.Booking(**{**default, **facts})


def schedule(database: Database, cast: Any, deposition_id: int, **facts: Any) -> Any:
    version = facts.pop("version", None)
    with database.write() as db:
        return actions.schedule(
            db, deposition_id, booking(cast, **facts), by=cast.actor("ines"), now=now(), version=version
        )


def in_state(database: Database, cast: Any, state: str, **facts: Any) -> Any:
    """A deposition walked to `state`."""
    made = request(database, cast, "quill" if state == "ready" else facts.pop("organization", "marston"), **facts)
    if state in ("scheduled", "active", "ended"):
        made = schedule(database, cast, made.id, reason="On purpose.")
    with database.write() as db:
        by = cast.actor("ines")
        if state in ("active", "ended"):
            made = actions.start(db, made.id, by=by, now=now(), reason="On purpose.")
        if state == "ended":
            made = actions.end(db, made.id, by=by, now=max(now(), made.starts_at))
        if state == "canceled":
            made = actions.cancel(db, made.id, by=by, now=now(), notify=False)
        made = db.execute(one(made.id)).one()
    assert made.state == state
    return made


def delivered(database: Database, state: str = "sent", channel: str = "") -> None:
    """Ends every message that waits, or those of a channel, as the worker does."""
    receipts = wire(database.config, database).receipts
    with database.write() as db:
        for row in claims.claim(db, now(), limit=500):
            if row.channel.startswith(channel):
                claims.finish(db, row, claims.Outcome(state, ""), now(), now(), receipts)
            else:
                claims.release(db, [row])


def one(deposition_id: int) -> Any:
    """The statement that reads a deposition as it is now."""
    table: Any = Deposition.__table__
    return select(*table.c).where(table.c.id == deposition_id)


def at(text: str) -> datetime:
    """`2026-12-01 15:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
