"""Messages about things whose name and particulars are kept from a user for now: their recipients are kept, too."""

from collections.abc import Iterable
from datetime import datetime

from app.accounts.access import Me
from app.dashboard.desk import desks
from app.kernel.db.engine import Db
from app.kernel.outbox.delivery_status import ListedMessage
from app.messages import rules


def veiled(db: Db, user: Me, rows: Iterable[ListedMessage], now: datetime) -> list[ListedMessage]:
    """The messages as the user may read them now, in their order."""
    known = list(rows)
    hidden = {
        id
        for desk in desks()
        if (ids := [row.subject_id for row in known if row.subject_type == desk.subject and row.subject_id])
        for id in desk.veiled(db, user, ids, now)
    }
    return [_without_recipient(row) if row.subject_id in hidden else row for row in known] if hidden else known


def is_veiled(db: Db, user: Me, row: ListedMessage, now: datetime) -> bool:
    """Whether the particulars of this message are kept from the user."""
    return veiled(db, user, [row], now) != [row]


def _without_recipient(row: ListedMessage) -> ListedMessage:
    return row._replace(summary=rules.channel_label(row.channel), destination=row.channel, last_error=None)
