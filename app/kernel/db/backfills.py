"""Backfills: values of existing rows that are made anew when the program reads or matches them in another way.

`desk db upgrade` runs them after the migrations, in portions of a transaction each. The position after every portion is
stored with it, so a backfill that was interrupted goes on where it stopped, and web processes wait for one portion at
most. Two at once take turns.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db.engine import Base, Database, Db, Instant
from app.kernel.db.inserts import insert_or_ignore

PORTION = 500
"""Rows of one transaction: some hundredths of a second."""


class BackfillState(Base):
    """How far a backfill is. One that has no row has not begun."""

    __tablename__ = "backfills"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    position: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True, slots=True)
class Backfill:
    """One backfill. A change of what it makes is a new name, so that it runs again."""

    name: str
    portion: Callable[[Db, str | None, int], str | None]
    """Makes the rows after a position (None: from the first on), and returns the last position; None at the end."""


def run(database: Database, backfills: Iterable[Backfill], now: datetime, size: int = PORTION) -> list[str]:
    """Finishes the backfills that are not finished, and returns their names."""
    done = []
    for backfill in backfills:
        began = False
        while _portion(database, backfill, now, size):
            began = True
        if began:
            done.append(backfill.name)
    return done


def unfinished(db: Db, backfills: Iterable[Backfill]) -> list[str]:
    """The names of the backfills that are not finished."""
    finished = set(db.execute(select(BackfillState.name).where(BackfillState.finished_at.is_not(None))).scalars())
    return [backfill.name for backfill in backfills if backfill.name not in finished]


def _portion(database: Database, backfill: Backfill, now: datetime, size: int) -> bool:
    """Makes one portion. False when there was nothing left to do."""
    mine = BackfillState.name == backfill.name
    with database.write() as db:
        db.execute(insert_or_ignore(db, BackfillState).values(name=backfill.name))
        state = db.execute(
            select(BackfillState.position, BackfillState.finished_at).where(mine).with_for_update()
        ).one()
        if state.finished_at is not None:
            return False
        position = backfill.portion(db, state.position, size)
        ended = {BackfillState.finished_at: now} if position is None else {BackfillState.position: position}
        db.execute(update(BackfillState).where(mine).values(ended))
    return True
