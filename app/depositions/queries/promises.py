"""By when an organization was promised an answer to its request."""

from datetime import datetime

from app.depositions.queries import settings
from app.depositions.rules import promises
from app.kernel.db.engine import Db


def promised_by(db: Db, organization_id: int, asked_at: datetime) -> datetime:
    """The moment by which a request that came in at `asked_at` is to be answered.

    It is kept with the request: what an organization is promised later holds for its later requests.
    """
    promised = settings.of_organization(db, organization_id).promised_hours
    return promises.promised_by(asked_at, promised or db.config.desk_promised_hours, db.config.desk_hours)
