"""Everything that is counted by triggers, recounted: `desk check counts` and the worker's housekeeping."""

from app.kernel.db import counters, hourly_stats
from app.kernel.db.counters import Difference
from app.kernel.db.engine import Db


def differences(db: Db) -> list[Difference]:
    """Returns the counters and hourly statistics that do not equal their recount. Slow by nature: not for pages."""
    return [*hourly_stats.differences(db), *counters.differences(db)]


def tidy(db: Db) -> None:
    """Drops rows that stand at zero. Safe beside running triggers."""
    counters.tidy(db)
    hourly_stats.tidy(db)
