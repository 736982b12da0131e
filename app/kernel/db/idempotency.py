"""Idempotency-Key: the first answer again, for 24 hours, whatever the network did to it.

The key's row and the change commit together. A second caller with the same key waits for the first on both databases,
then gets its answer; if the first takes longer than the database lets it wait, that is 409 `idempotency.in_progress`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.crypto import sha256
from app.kernel.db.engine import Base, Db, Instant
from app.kernel.errors import BadRequest, Conflict

LIFE = timedelta(hours=24)


class IdempotencyKey(Base):
    """One key, and the answer it got. `body` is encrypted: answers may hold secrets that are shown once."""

    __tablename__ = "idempotency_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[str | None]
    secret_until: Mapped[datetime | None] = mapped_column(Instant)
    later: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer given before."""

    status: int
    body: bytes


_t = IdempotencyKey.__table__
_VALUES: dict[str, Any] = {name: bindparam(name) for name in ("id", "fingerprint", "created_at")}
_CLAIM = {
    "sqlite": sqlite.insert(_t).values(_VALUES).on_conflict_do_nothing().returning(_t.c.id),
    "postgresql": postgresql.insert(_t).values(_VALUES).on_conflict_do_nothing().returning(_t.c.id),
}
_FIND = select(_t.c.fingerprint, _t.c.status, _t.c.body, _t.c.secret_until, _t.c.later, _t.c.created_at).where(
    _t.c.id == bindparam("wanted")
)
_DROP_OLD = delete(_t).where(_t.c.id == bindparam("wanted"), _t.c.created_at <= bindparam("before"))
_KEEP = (
    update(_t)
    .where(_t.c.id == bindparam("wanted"))
    .values(
        status=bindparam("now_status"),
        body=bindparam("now_body"),
        secret_until=bindparam("until"),
        later=bindparam("now_later"),
    )
)


def read_key(header: str | None) -> str | None:
    """The key of a request, bare or quoted. Raises BadRequest `idempotency.key_invalid`."""
    if header is None:
        return None
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= 255 or not all("!" <= character <= "~" for character in key):
        raise BadRequest(
            "Idempotency-Key must be 1 to 255 visible ASCII characters. Nothing was done.",
            code="idempotency.key_invalid",
        )
    return key


def row_id(credential: object, endpoint: str, args: dict[str, Any], key: str) -> str:
    """One row a (credential, endpoint and path parameters, key)."""
    return sha256("\n".join((str(credential), endpoint, repr(sorted(args.items())), key)))


def begin(db: Db, wanted: str, fingerprint: str, now: datetime) -> Stored | None:
    """Claims the key inside the caller's transaction, or returns the answer given before.

    Raises Conflict `idempotency.key_mismatch` when the same key came with another body.
    """
    c = db.connection()
    try:
        claim = _CLAIM[db.dialect], {"id": wanted, "fingerprint": fingerprint, "created_at": now}
        claimed = c.execute(*claim).scalar_one_or_none()
        if claimed is None and c.execute(_DROP_OLD, {"wanted": wanted, "before": now - LIFE}).rowcount:
            claimed = c.execute(*claim).scalar_one_or_none()
    except OperationalError as error:
        if "lock timeout" in str(error) or "database is locked" in str(error):
            raise in_progress() from None
        raise
    if claimed is not None:
        return None
    row = c.execute(_FIND, {"wanted": wanted}).first()
    if row is None or row.status is None:
        raise in_progress()
    if row.fingerprint != fingerprint:
        raise Conflict(
            "This Idempotency-Key was used before with another body. Nothing was done; use a new key.",
            code="idempotency.key_mismatch",
        )
    over = row.secret_until is not None and now >= row.secret_until
    return Stored(row.status, db.vault.decrypt(row.later if over else row.body).encode())


def in_progress() -> Conflict:
    return Conflict(
        "A request with this Idempotency-Key is still running. Ask again in a moment.",
        code="idempotency.in_progress",
        headers={"Retry-After": "1"},
    )


def finish(
    db: Db,
    wanted: str,
    *,
    status: int,
    body: bytes,
    secret_until: datetime | None = None,
    later: bytes | None = None,
) -> None:
    """Keeps the answer. After `secret_until` a replay gives `later` instead."""
    db.connection().execute(
        _KEEP,
        {
            "wanted": wanted,
            "now_status": status,
            "now_body": db.vault.encrypt(body.decode()),
            "until": secret_until,
            "now_later": None if later is None else db.vault.encrypt(later.decode()),
        },
    )


def forget_old(db: Db, now: datetime, limit: int = 500) -> int:
    """Drops keys past their 24 hours, and secrets past theirs; returns how many rows were touched."""
    old = select(_t.c.id).where(_t.c.created_at <= now - LIFE).limit(limit).scalar_subquery()
    c = db.connection()
    dropped = c.execute(delete(_t).where(_t.c.id.in_(old))).rowcount
    spent = (
        update(_t)
        .where(_t.c.secret_until <= now, _t.c.later.is_not(None))
        .values(body=_t.c.later, secret_until=None, later=None)
    )
    return dropped + c.execute(spent).rowcount
