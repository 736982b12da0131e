"""Limits of messages to one recipient, over all items and organizations, counted in the transaction that sends them.

They live in the database, not in the rate limits' file, which may be lost: a stranger's mailbox is at stake, not our
load. A change that is rolled back counts nothing.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.crypto import sha256
from app.kernel.db.engine import Base, Db, Instant, Json
from app.kernel.db.inserts import INSERTS
from app.kernel.db.prepared import Prepared
from app.kernel.errors import RateLimited
from app.kernel.text import normalization

Limit = tuple[str, int, timedelta]
"""A bucket, how many messages it takes, and in which time."""

_IGNORES_DOTS = ("gmail.com", "googlemail.com")


class RecipientWindow(Base):
    """The moments of the messages of one bucket, in Unix epoch seconds, oldest first; deleted after `ends_at`."""

    __tablename__ = "recipient_windows"

    bucket: Mapped[str] = mapped_column(String(80), primary_key=True)
    sent: Mapped[list[float]] = mapped_column(Json)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)


_BEGIN: dict[str, Prepared[object]] = {
    name: Prepared(insert(RecipientWindow.__table__).on_conflict_do_nothing(index_elements=["bucket"]).inline())
    for name, insert in INSERTS.items()
}
_BUCKET = RecipientWindow.bucket == bindparam("name")
_SENT: Prepared[object] = Prepared(select(RecipientWindow.sent).where(_BUCKET).with_for_update())
_COUNT: Prepared[object] = Prepared(update(RecipientWindow.__table__).where(_BUCKET))


def mailbox(address: str) -> str:
    """The key of a mailbox: sub-addresses (`me+1@`) are one, and so are the dots of providers that ignore them."""
    local, _, domain = normalization.email_key(address).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _IGNORES_DOTS:
        local, domain = local.replace(".", ""), _IGNORES_DOTS[0]
    return f"mail:{local}@{domain}"


def telephone(number: str) -> str:
    """The key of a telephone: its last nine digits, so that a country code in front makes no other one."""
    return f"sms:{re.sub(r'[^0-9]', '', normalization.without_extension(number))[-9:]}"


def bucket(purpose: str, key: object) -> str:
    """The name of a bucket. Addresses are stored as hashes only."""
    return f"{purpose}:{sha256(str(key))}"


def count(db: Db, limits: Sequence[Limit], now: datetime) -> timedelta | None:
    """Counts one message in every bucket and returns None; when one is full, counts nothing and returns the wait."""
    at, windows, wait = now.timestamp(), [], timedelta()
    for name, most, period in limits:
        earlier = _locked(db, name, now)
        # A clock that stepped back shortens a wait and never lengthens it.
        sent = [min(each, at) for each in earlier if each > at - period.total_seconds()]
        if len(sent) >= most:
            wait = max(wait, timedelta(seconds=sent[-most] - at) + period)
        windows.append((name, [*sent, at][-most:], now + period))
    if wait:
        return wait
    for name, sent, ends_at in windows:
        _COUNT.run(db, {"name": name, "sent": sent, "ends_at": ends_at})
    return None


def check(db: Db, limits: Sequence[Limit], now: datetime) -> None:
    """Counts one message. Raises RateLimited with Retry-After when a bucket is full."""
    wait = count(db, limits, now)
    if wait is not None:
        seconds = max(1, -int(-wait.total_seconds() // 1))
        minutes = -(-seconds // 60)
        raise RateLimited(
            "This recipient, or this organization, had as many messages within the last hour as we send. Nothing was "
            f"done. Try again in {minutes} minute{'s' if minutes > 1 else ''}.",
            headers={"Retry-After": str(seconds)},
        )


def _locked(db: Db, name: str, now: datetime) -> list[float]:
    """What a bucket holds, locked until the transaction ends, so that parallel ones count one after the other."""
    _BEGIN[db.dialect].run(db, {"bucket": name, "sent": [], "ends_at": now})
    found: list[float] = _SENT.scalar(db, {"name": name})
    return found


def forget_old(db: Db, now: datetime) -> None:
    """Deletes some buckets whose messages have all left their period; those in use wait for the next round."""
    old = select(RecipientWindow.bucket).where(RecipientWindow.ends_at < now - timedelta(hours=1)).limit(1000)
    db.execute(delete(RecipientWindow).where(RecipientWindow.bucket.in_(old.with_for_update(skip_locked=True))))
