"""The housekeeping of the worker: what one desk cannot tidy costs the others, and the rest, nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from app.dashboard import presence
from app.dashboard.presence import Presence
from app.housekeeping import housekeeping
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from app.wiring import wire
from app.worker import Worker
from tests.cast import Cast


def test_a_desk_that_cannot_tidy_keeps_no_other_from_it(database: Database, cast: Cast) -> None:
    tidied: list[datetime] = []

    def break_down(db: Db, now: datetime) -> None:
        presence.touch(db, "prescreen", "8", cast.marston.id, person_id=cast.lena.id, now=now)
        raise RuntimeError("This desk cannot tidy.")

    moment, wiring = now(), wire(database.config, database)
    with database.write() as db:
        old = moment - timedelta(days=1)
        presence.touch(db, "prescreen", "7", cast.marston.id, person_id=cast.lena.id, now=old)
    sweeps = housekeeping(wiring.limiter, [break_down, lambda _db, at: tidied.append(at)])
    assert repr(sweeps[-2]) == f"housekeeping of {__name__}", "the log says whose it was"
    Worker(replace(wiring, sweeps=sweeps)).run_once(moment)
    assert tidied == [moment]
    with database.read() as db:
        assert db.scalars(select(Presence.id)).all() == []
