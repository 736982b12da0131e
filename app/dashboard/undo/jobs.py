"""What the worker does for holds: writing down those whose time is over, each in a transaction of its own."""

from datetime import datetime

from app.dashboard.undo import actions, queries
from app.kernel.db.engine import Database

AT_ONCE = 20


def sweep(database: Database, now: datetime) -> bool:
    """Settles what is due. Says whether there was anything."""
    with database.read() as db:
        due = queries.due(db, now, AT_ONCE)
    for id in due:
        actions.settle(database, id, now)
    return bool(due)
