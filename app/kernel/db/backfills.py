"""Backfills: values of existing rows that are made anew when the program reads or matches them in another way.

`desk db upgrade` runs them after the migrations, in portions of a transaction each, and leaves to the worker those that
pages can do without for a while. The position after every portion is stored with it, so a backfill that was interrupted
goes on where it stopped, and web processes wait for one portion at most. Two at once take turns.

A column that a migration adds is filled in the same way. The migration orders the backfill (`order`), which so runs
once where the migration does, and never where a former version has filled the column already.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import CreateTable

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


class Portion(NamedTuple):
    """What a backfill has made in one transaction."""

    rows: int
    """Rows that were changed."""
    position: str | None
    """The key of the last row that was looked at; None at the end."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """One backfill. A change of what it makes is a new name, so that it runs again."""

    name: str
    portion: Callable[[Db, str | None, int], Portion]
    """Makes the rows after a position (None: from the first on)."""
    ordered: bool = False
    """Whether it runs only where a migration has ordered it."""
    by_worker: bool = False
    """Whether the worker makes it while the program runs, and not the upgrade."""


def order(connection: Connection, name: str, table: str) -> None:
    """Orders a backfill, in a migration, when the table has rows. Before 0017 there is no table of orders yet."""
    orders = Table(
        "backfills",
        MetaData(),
        Column("name", String(60), primary_key=True),
        Column("position", Text()),
        Column("finished_at", DateTime(timezone=True)),
        PrimaryKeyConstraint("name", name="pk_backfills"),
    )
    connection.execute(CreateTable(orders, if_not_exists=True))
    if connection.scalar(text(f"SELECT 1 FROM {table} LIMIT 1")):
        connection.execute(insert(orders).values(name=name))


def run(database: Database, backfills: Iterable[Backfill], now: datetime, size: int = PORTION) -> dict[str, int]:
    """Finishes the backfills that are not finished. Returns their names with how many rows each has changed."""
    made: dict[str, int] = {}
    for backfill in backfills:
        while (rows := _portion(database, backfill, now, size)) is not None:
            made[backfill.name] = made.get(backfill.name, 0) + rows
    return made


def run_one(database: Database, backfill: Backfill, now: datetime, size: int = PORTION) -> bool:
    """Makes one portion of a backfill; False when there was nothing left to do."""
    return _portion(database, backfill, now, size) is not None


def unfinished(db: Db, backfills: Iterable[Backfill]) -> list[str]:
    """The names of the backfills that are to run and are not finished."""
    states = dict(db.execute(select(BackfillState.name, BackfillState.finished_at)).all())
    return [
        backfill.name
        for backfill in backfills
        if (backfill.name in states or not backfill.ordered) and states.get(backfill.name) is None
    ]


def position(db: Db, backfill: Backfill) -> str | None:
    """How far a backfill is; None at its beginning."""
    return db.scalar(select(BackfillState.position).where(BackfillState.name == backfill.name))


def _portion(database: Database, backfill: Backfill, now: datetime, size: int) -> int | None:
    """Makes one portion, and returns how many rows were changed. None when there was nothing left to do."""
    mine = BackfillState.name == backfill.name
    with database.write() as db:
        if not backfill.ordered:
            db.execute(insert_or_ignore(db, BackfillState).values(name=backfill.name))
        state = db.execute(
            select(BackfillState.position, BackfillState.finished_at).where(mine).with_for_update()
        ).one_or_none()
        if state is None or state.finished_at is not None:
            return None
        made = backfill.portion(db, state.position, size)
        ended = {BackfillState.finished_at: now} if made.position is None else {BackfillState.position: made.position}
        db.execute(update(BackfillState).where(mine).values(ended))
    return made.rows
