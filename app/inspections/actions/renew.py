"""Renewing time stamps before the certificates that they lean on end (the idea of RFC 4998)."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from app.inspections import anchors, chain, queries, rules, verification
from app.inspections.actions._anchoring import stamp
from app.inspections.models import AnchorState, StatementKind
from app.inspections.queries import AskedStamp
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database


def renew(database: Database, id: uuid.UUID, *, now: datetime) -> bool:
    """Has the statements and replies of a record stamped anew when one must be. Returns whether."""
    if not database.config.tsa_urls:
        return False
    with database.read() as db:
        due = _due(queries.anchors(db, id), now)
    if not due:
        return False
    with database.write() as db:
        inspection = queries.get(db, id)
        stamped = queries.anchors(db, id)
        if not _due(stamped, now):
            return False
        stamps = [(each.statement.encode(), each.reply) for each in stamped if each.reply is not None]
        stamp(db, inspection, StatementKind.RENEWAL, now, chain.renewal(str(id), stamps))
    return True


def _due(stamped: Sequence[AskedStamp], now: datetime) -> bool:
    """Whether a stamp must be renewed that no later one covers or is asked to cover."""
    covered = {
        statement
        for each in stamped
        if each.state != AnchorState.FAILED
        for statement, _ in verification.renewed_by(each.statement)
    }
    return any(
        rules.renewal_due(each.stamped_at, ends_at, now)
        for each in stamped
        if each.reply is not None and each.stamped_at is not None and sha256(each.statement) not in covered
        if (ends_at := anchors.certificate_ends_at(each.reply)) is not None
    )
