"""The housekeeping of the worker: what one desk tidies costs the others, and the rest, nothing."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.dashboard import presence
from app.dashboard.presence import Presence
from app.housekeeping import Housekeeping
from app.kernel.api.rate_limits import Limiter
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from tests.cast import Cast


def test_a_desk_that_cannot_tidy_takes_nothing_else_back(database: Database, cast: Cast) -> None:
    def break_down(_db: Db, _now: datetime) -> None:
        raise RuntimeError("This desk cannot tidy.")

    moment = now()
    with database.write() as db:
        old = moment - timedelta(days=1)
        presence.touch(db, "prescreen", "7", cast.marston.id, person_id=cast.lena.id, now=old)
    with pytest.raises(RuntimeError):
        Housekeeping(Limiter(database.config), [break_down])(database, moment)
    with database.read() as db:
        assert db.scalars(select(Presence.id)).all() == []
