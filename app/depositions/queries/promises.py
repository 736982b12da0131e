"""By when an organization was promised an answer to its request."""

from datetime import datetime

from app.depositions.rules import promises
from app.kernel.db.engine import Db


def promised_by(db: Db, organization_id: int, asked_at: datetime) -> datetime:
    """The moment by which a request that came in at `asked_at` is to be answered."""
    return promises.promised_by(asked_at, db.config.desk_promised_hours, db.config.desk_hours)
