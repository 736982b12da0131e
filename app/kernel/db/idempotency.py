"""Idempotency keys: a repeated call with the same key gets the first response again, for 24 hours.

The row of the key and the change commit together. A second call with the same key waits for the first on both databases
and then gets its response; when the first takes longer than the database waits, 409 `idempotency.in_progress`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.crypto import sha256
from app.kernel.db.engine import Base, Db, Instant
from app.kernel.db.inserts import INSERTS
from app.kernel.db.prepared import Prepared
from app.kernel.errors import BadRequest, Conflict

LIFE = timedelta(hours=24)


class IdempotencyKey(Base):
    """A key and its response. `body` is encrypted, because responses may have secrets that are shown once."""

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
    """A stored response."""

    status: int
    body: bytes


_TABLE = IdempotencyKey.__table__
_CLAIM: dict[str, Prepared[object]] = {
    name: Prepared(insert(_TABLE).on_conflict_do_nothing().returning(IdempotencyKey.id))
    for name, insert in INSERTS.items()
}
_FIND: Prepared[IdempotencyKey] = Prepared(
    select(
        IdempotencyKey.fingerprint,
        IdempotencyKey.status,
        IdempotencyKey.body,
        IdempotencyKey.secret_until,
        IdempotencyKey.later,
        IdempotencyKey.created_at,
    ).where(IdempotencyKey.id == bindparam("wanted"))
)
_DROP_OLD = delete(IdempotencyKey).where(
    IdempotencyKey.id == bindparam("wanted"), IdempotencyKey.created_at <= bindparam("before")
)
_KEEP: Prepared[object] = Prepared(
    update(_TABLE)
    .where(IdempotencyKey.id == bindparam("wanted"))
    .values(
        {
            IdempotencyKey.status: bindparam("now_status"),
            IdempotencyKey.body: bindparam("now_body"),
            IdempotencyKey.secret_until: bindparam("until"),
            IdempotencyKey.later: bindparam("now_later"),
        }
    )
)


def read_key(header: str | None) -> str | None:
    """The key of a request, with or without quotes. Raises BadRequest `idempotency.key_invalid`."""
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


def row_id(credential: object, endpoint: str, args: Mapping[str, object], key: str) -> str:
    """The id of the row of a key: one for each credential, endpoint, path parameters and key."""
    return sha256("\n".join((str(credential), endpoint, repr(sorted(args.items())), key)))


@dataclass(frozen=True, slots=True)
class Finished:
    """What was stored under a key, and the fingerprint of the call that stored it."""

    fingerprint: str
    body: bytes


def find(db: Db, wanted: str, now: datetime) -> Finished | None:
    """The response that is stored under a key, if there is one; claims nothing."""
    row = _FIND.first(db, {"wanted": wanted})
    if row is None or row.status is None or row.created_at <= now - LIFE:
        return None
    return Finished(row.fingerprint, _read(db, row.body))


def begin(db: Db, wanted: str, fingerprint: str, now: datetime) -> Stored | None:
    """Claims the key in the caller's transaction, or returns the stored response.

    Raises Conflict `idempotency.key_mismatch` when the same key came with another body.
    """
    try:
        claim = _CLAIM[db.dialect]
        values = {"id": wanted, "fingerprint": fingerprint, "created_at": now}
        claimed = claim.scalar(db, values)
        if claimed is None and db.connection().execute(_DROP_OLD, {"wanted": wanted, "before": now - LIFE}).rowcount:
            claimed = claim.scalar(db, values)
    except OperationalError as error:
        if "lock timeout" in str(error) or "database is locked" in str(error):
            raise in_progress() from None
        raise
    if claimed is not None:
        return None
    row = _FIND.first(db, {"wanted": wanted})
    if row is None or row.status is None:
        raise in_progress()
    if row.fingerprint != fingerprint:
        raise Conflict(
            "This Idempotency-Key was used before with another body. Nothing was done; use a new key.",
            code="idempotency.key_mismatch",
        )
    expired = row.secret_until is not None and now >= row.secret_until
    return Stored(row.status, _read(db, row.later if expired else row.body))


def _read(db: Db, body: str | None) -> bytes:
    """A stored body. Raises Conflict when its encryption key is lost: to do it again would be to do it twice."""
    try:
        return db.vault.decrypt(body or "").encode()
    except ValueError:
        raise Conflict(
            "This was done before, and what was answered then can no longer be read. Nothing was done again; read how "
            "it stands now.",
            code="idempotency.unreadable",
        ) from None


def in_progress() -> Conflict:
    """The refusal while the first call with the key has not ended."""
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
    """Stores the response. After `secret_until` a replay gives `later` instead."""
    _KEEP.run(
        db,
        {
            "wanted": wanted,
            "now_status": status,
            "now_body": db.vault.encrypt(body.decode()),
            "until": secret_until,
            "now_later": None if later is None else db.vault.encrypt(later.decode()),
        },
    )


def forget_about(db: Db, texts: Iterable[str]) -> int:
    """Deletes the responses that name one of these texts (ids of what was erased), and those that nobody can read any
    more; returns how many. A repeated call is answered anew."""
    wanted = tuple(texts)
    rows = (
        db.connection().execute(select(IdempotencyKey.id, IdempotencyKey.body).where(IdempotencyKey.body != "")).all()
    )
    bodies = ((row.id, db.vault.read(row.body)) for row in rows)
    ids = [id for id, body in bodies if not body or any(text in body for text in wanted)]
    return db.connection().execute(delete(IdempotencyKey).where(IdempotencyKey.id.in_(ids))).rowcount if ids else 0


def forget_old(db: Db, now: datetime, limit: int = 500) -> int:
    """Deletes keys after 24 hours and replaces expired secrets; returns how many rows changed."""
    old = select(IdempotencyKey.id).where(IdempotencyKey.created_at <= now - LIFE).limit(limit).scalar_subquery()
    connection = db.connection()
    dropped = connection.execute(delete(IdempotencyKey).where(IdempotencyKey.id.in_(old))).rowcount
    spent = (
        update(IdempotencyKey)
        .where(IdempotencyKey.secret_until <= now, IdempotencyKey.later.is_not(None))
        .values(
            {
                IdempotencyKey.body: IdempotencyKey.later,
                IdempotencyKey.secret_until: None,
                IdempotencyKey.later: None,
            }
        )
    )
    return dropped + connection.execute(spent).rowcount
