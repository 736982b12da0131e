"""Messages that are not to be sent any more: dropped before their time, or erased with whom they are about."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select, update

from app.kernel.db.engine import Db, Instant
from app.kernel.db.prepared import Prepared
from app.kernel.json_types import JsonObject
from app.kernel.outbox.outbox import DEAD, DROPPED, QUEUED, OutboxAttempt, OutboxRow, one_line, receipt_of

_OTHER = OutboxRow.dedupe.not_in(bindparam("others", expanding=True))


def _unsent(channel: bool, secret: bool, dedupe: bool, besides: bool) -> tuple[ColumnElement[bool], ...]:
    """The messages about one item that were not sent yet, with these conditions or without."""
    return (
        OutboxRow.subject_type == bindparam("type_of"),
        OutboxRow.subject_id == bindparam("id_of"),
        OutboxRow.state.in_((QUEUED, DEAD)),
        *([OutboxRow.channel == bindparam("by")] if channel else ()),
        *([OutboxRow.secret.is_(True)] if secret else ()),
        *([OutboxRow.dedupe.in_(bindparam("keys", expanding=True))] if dedupe else ()),
        *([or_(OutboxRow.dedupe.is_(None), _OTHER)] if besides else ()),
    )


@cache
def _payloads(*shape: bool) -> Prepared[tuple[UUID, str]]:
    return Prepared(select(OutboxRow.id, OutboxRow.payload).where(*_unsent(*shape), OutboxRow.payload != ""))


@cache
def _dropping(chosen: bool, *shape: bool) -> Prepared[object]:
    ids = [OutboxRow.id.in_(bindparam("ids", expanding=True))] if chosen else ()
    values = {
        OutboxRow.payload: case((OutboxRow.secret, ""), else_=OutboxRow.payload),
        OutboxRow.finished_at: func.coalesce(OutboxRow.finished_at, bindparam("now", type_=Instant)),
    }
    return Prepared(update(OutboxRow.__table__).where(*_unsent(*shape), *ids).values(values))


def drop(
    db: Db,
    subject_type: str,
    subject_id: object,
    *,
    reason: str,
    now: datetime,
    channel: str | None = None,
    secret: bool = False,
    dedupe: Sequence[str] = (),
    besides: Sequence[str] = (),
    concerns: Callable[[JsonObject], bool] | None = None,
) -> int:
    """Drops messages about one item that were not sent yet, and returns how many. Failed ones cannot be sent again.

    `secret` means those that hold a link or a code, `dedupe` those with one of these keys, `besides` those with none of
    these; `concerns` chooses by the receipt that a message has. A message that the worker is sending at this moment may
    still arrive, and is then shown as sent.
    """
    shape = bool(channel), secret, bool(dedupe), bool(besides)
    which: JsonObject = {
        "type_of": subject_type,
        "id_of": str(subject_id),
        "by": channel,
        "keys": list(dedupe),
        "others": list(besides),
    }
    if concerns:
        receipts = ((id, receipt_of(db, payload)) for id, payload in _payloads(*shape).all(db, which))
        which["ids"] = [id for id, receipt in receipts if receipt and concerns(receipt)]
    which |= {"state": DROPPED, "last_error": one_line(reason), "now": now}
    return _dropping(concerns is not None, *shape).run(db, which)


def erase(db: Db, subject_type: str, subject_id: object, about: str = "", *, summary: str, now: datetime) -> int:
    """Erases what the messages about one item say and to whom, of those whose key names `about` or of all but jobs;
    returns how many.

    That they were there, when, and how they ended stays. Those that were not sent are dropped.
    """
    # Jobs name what they work on, and nobody.
    which = OutboxRow.dedupe.contains(about, autoescape=True) if about else OutboxRow.channel.not_like("job:%")
    mine = (OutboxRow.subject_type == subject_type, OutboxRow.subject_id == str(subject_id), which)
    over = OutboxRow.state.in_((QUEUED, DEAD))
    values = {
        OutboxRow.state: case((over, DROPPED), else_=OutboxRow.state),
        OutboxRow.finished_at: func.coalesce(OutboxRow.finished_at, now),
        OutboxRow.secret: True,
        OutboxRow.payload: "",
        OutboxRow.summary: summary,
        OutboxRow.destination: OutboxRow.channel,
        OutboxRow.last_error: None,
    }
    ids = list(db.scalars(update(OutboxRow).where(*mine).values(values).returning(OutboxRow.id)))
    answers = update(OutboxAttempt).where(OutboxAttempt.outbox_id.in_(ids))
    db.execute(answers.values({OutboxAttempt.detail: "", OutboxAttempt.answer: None}))
    return len(ids)
