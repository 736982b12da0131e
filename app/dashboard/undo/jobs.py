"""Jobs of the worker: carries out pending decisions whose time is over, each in a transaction of its own."""

from collections.abc import Mapping
from datetime import datetime

from app.dashboard.undo import actions, queries
from app.dashboard.undo.actions import Finalizer
from app.kernel.db.engine import Database

AT_ONCE = 20


def sweep(database: Database, now: datetime, finalizers: Mapping[str, Finalizer]) -> bool:
    """Settles the pending decisions that are due. Returns whether there were any."""
    with database.read() as db:
        due = queries.due(db, now, AT_ONCE)
    for id in due:
        actions.settle(database, id, now, finalizers)
    return bool(due)
