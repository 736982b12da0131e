"""Files on their way: in the store already, and named by no row yet. What a process leaves there that is killed in
between is found again and deleted.

Before an original is stored, a mark of it is, and once its row is committed the mark goes. The worker looks at marks
that are an hour old. Whoever deletes an original for which there is no row says so first, and whoever stores one looks
whether somebody says so, so that none is deleted that arrives again at that moment.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from app.files import keeping
from app.files.rules import UnfitFile
from app.kernel import clock, store
from app.kernel.db.engine import Database, Db

OLD = timedelta(hours=1)
"""How old a mark is before it is one of a process that was killed; a request ends within minutes."""
EVERY = 1800.0
"""Seconds between two looks; the first is some minutes after the worker has started."""
PATIENCE = 2.0
"""Seconds to wait for who deletes the same original at this moment."""
ARRIVING, DELETING = "arriving", "deleting"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An original that is stored, and the name of its mark."""

    owner: UUID
    sha256: str
    mark: str = ""

    def is_of(self, other: Arrival) -> bool:
        return (self.owner, self.sha256) == (other.owner, other.sha256)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The files of one desk. `is_named` says whether a row names an original that is kept."""

    desk: str
    is_named: Callable[[Db, UUID, str], bool]

    def keep(self, kept: store.Store, owner: UUID, content: bytes) -> Arrival:
        """Stores an original that a row will name. Raises UnfitFile when the store is away or full."""
        arrival = Arrival(owner, store.digest(content))
        try:
            mark = kept.put(self._folder(ARRIVING), _written(arrival))
            self._wait_while_deleted(kept, arrival)
        except store.Away:
            raise UnfitFile("away", 503) from None
        keeping.keep(kept, owner, content)
        return Arrival(owner, arrival.sha256, mark)

    def _wait_while_deleted(self, kept: store.Store, arrival: Arrival) -> None:
        """Waits until nobody deletes this original any more, which is a matter of milliseconds. Raises Away where the
        mark stays: who left it was killed."""
        ends = time.monotonic() + PATIENCE
        while any(each.is_of(arrival) for each, _ in self._marks(kept, DELETING)):
            if time.monotonic() >= ends:
                raise store.Away("It is being deleted.")
            time.sleep(0.05)

    def settle(self, kept: store.Store, arrival: Arrival) -> None:
        """Its row is committed. A mark that cannot be deleted now goes within the hour."""
        with suppress(store.Away):
            kept.delete(self._folder(ARRIVING), arrival.mark)

    def give_up(self, database: Database, kept: store.Store, arrival: Arrival) -> None:
        """It is not needed: no row names it, or another one than this request's does. What cannot be deleted now goes
        within the hour."""
        with suppress(Exception):  # away, the store or the database: the mark stays
            self._drop(database, kept, arrival, clock.now())

    def sweep(self, database: Database, now: datetime) -> int:
        """Looks at what arrived more than an hour ago; returns how many originals were deleted. A store that is away is
        looked at another time."""
        kept, deleted = store.store_at(database.config.evidence_url), 0
        with suppress(store.Away):
            for deleting, written_at in self._marks(kept, DELETING):
                if written_at < now - OLD:
                    kept.delete(self._folder(DELETING), deleting.mark)
            for arrival, written_at in self._marks(kept, ARRIVING):
                if written_at < now - OLD:
                    deleted += self._drop(database, kept, arrival, now)
        return deleted

    def _drop(self, database: Database, kept: store.Store, arrival: Arrival, now: datetime) -> bool:
        """Deletes an original and its mark, unless a row names it; while the same one arrives once more, neither.
        Raises Away."""
        deleting, deleted = kept.put(self._folder(DELETING), _written(arrival)), False
        # First the marks, then the rows: whoever has no mark any more has a row.
        fresh = [each for each, written_at in self._marks(kept, ARRIVING) if written_at >= now - OLD]
        if not any(each.is_of(arrival) and each.mark != arrival.mark for each in fresh):
            with database.read() as db:
                deleted = not self.is_named(db, arrival.owner, arrival.sha256)
            if deleted:
                kept.delete(keeping.originals(arrival.owner), arrival.sha256)
            kept.delete(self._folder(ARRIVING), arrival.mark)
        kept.delete(self._folder(DELETING), deleting)
        return deleted

    def _marks(self, kept: store.Store, kind: str) -> Iterator[tuple[Arrival, datetime]]:
        for name, written_at in kept.names(self._folder(kind)).items():
            folder, mark = name.rsplit("/", 1)
            with suppress(store.Missing, store.Damaged):
                stated = json.loads(kept.get(folder, mark))
                yield Arrival(UUID(stated["owner"]), stated["sha256"], mark), written_at

    def _folder(self, kind: str) -> str:
        return f"{kind}/{self.desk}"


def _written(arrival: Arrival) -> bytes:
    """A mark; no two are the same."""
    return json.dumps({"owner": str(arrival.owner), "sha256": arrival.sha256, "once": uuid4().hex}).encode()


class Sweep:
    """A sweep of the worker that never reports work, so that it is not run again at once."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._next = time.monotonic() + 300

    def __call__(self, database: Database, now: datetime) -> bool:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY
            self._arrivals.sweep(database, now)
        return False
