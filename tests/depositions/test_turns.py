"""Who writes waits for others in one order, whatever was moved or given away meanwhile: nobody ends in a deadlock.

Each test holds what another transaction may hold at that moment, lets the action wait for it, and then goes on as that
transaction would. On SQLite there is one writer at a time anyway.
"""

import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app.accounts.models import ApiKey
from app.depositions import actions
from app.depositions.actions import _manager, overlaps, people, roster
from app.depositions.models import Deposition, Manager
from app.depositions.queries import managers
from app.depositions.rules.new_request import SessionChange
from app.depositions.rules.proposals import NewProposal, read_slot
from app.depositions.rules.roster import RosterFacts
from app.kernel.clock import now
from app.kernel.errors import Refusal
from tests.cast import COMMAND_LINE
from tests.depositions import factories
from tests.depositions.pages import stored

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
KWAME = {"manager_name": "Kwame Osei", "manager_email": "kwame@example.com", "reason": "On purpose."}
SOON = factories.at("2031-03-12 18:00")
EARLIER = timedelta(days=6)
ADA, BEA = (RosterFacts(name, f"{name.lower()}@example.com", "Europe/Berlin") for name in ("Ada", "Bea"))


class Beside:
    """An action in a transaction and a thread of its own."""

    def __init__(self, database, act):
        self._database, self._act = database, act
        self.refused: Refusal | None = None
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            with self._database.write() as db:
                self._act(db)
        except Refusal as refusal:
            self.refused = refusal
        except BaseException as error:
            self._failed = error

    def waits(self):
        """Returns once it waits for a lock, or has ended."""
        ends = time.monotonic() + 20
        while self._thread.is_alive() and not is_somebody_waiting(self._database):
            assert time.monotonic() < ends
            time.sleep(0.01)
        return self

    def ends(self):
        self._thread.join(30)
        assert not self._thread.is_alive()
        if self._failed:
            raise self._failed


def is_somebody_waiting(database):
    with database.read() as db:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(db.connection().exec_driver_sql(waiting).scalar())


def lock(db, *ids):
    db.execute(select(Deposition.id).where(Deposition.id.in_(ids)).order_by(Deposition.id).with_for_update())


def add(database, *facts):
    with database.write() as db:
        return [roster.add(db, each, by=COMMAND_LINE, now=now()) for each in facts]


def test_a_session_whose_manager_changes_while_somebody_moves_it(database, cast, monkeypatch):
    by = cast.actor("ines")
    made = factories.in_state(database, cast, "scheduled", starts_at=SOON)
    (kwame,) = add(database, RosterFacts("Kwame Osei", "kwame@example.com", "Europe/Berlin"))
    has_read, may_go_on = threading.Event(), threading.Event()

    def late(db, ids):
        if threading.current_thread() is mover._thread and not has_read.is_set():
            has_read.set()
            may_go_on.wait(20)
        return managers.lock(db, ids)

    class Late:
        lock = staticmethod(late)

    monkeypatch.setattr(_manager, "managers", Late)
    to = actions.Move(factories.new(starts_at=SOON + timedelta(days=1)).start, 1)
    started = threading.Event()

    def move(db):
        started.wait(20)
        actions.move(db, made.id, to, by=by, now=now())

    mover = Beside(database, move)
    started.set()
    assert has_read.wait(20)
    giver = Beside(
        database,
        lambda db: actions.change_manager(db, made.id, factories.booking(cast, **KWAME), by=by, now=now()),
    ).waits()
    with database.write() as db:
        # Somebody who books a session of the same day with Kwame.
        managers.lock(db, [kwame])
        may_go_on.set()
        mover.waits()
        overlaps.take_turns(db, (SOON, SOON + timedelta(hours=1)))
    mover.ends()
    giver.ends()
    assert stored(database, made.id).manager_name == "Kwame Osei"


def test_hours_that_are_offered_before_the_session(database, cast, clock):
    clock.set(factories.at("2026-12-01 10:00"))
    by = cast.actor("ines")
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-12-23 19:00"))
    hour = read_slot("2026-12-17T18:00:00Z")
    with database.write() as db:
        overlaps.take_turns(db, (hour, hour))
        proposer = Beside(
            database,
            lambda db: actions.propose(db, made.id, NewProposal((hour, hour + timedelta(hours=1))), by=by, now=now()),
        ).waits()
        overlaps.take_turns(db, (made.starts_at, made.ends_at))
    proposer.ends()
    assert proposer.refused is None
    assert stored(database, made.id).agreement == "open"


def test_a_session_that_is_moved_before_other_hours_of_it_are_offered(database, cast, clock):
    clock.set(factories.at("2026-12-01 10:00"))
    by = cast.actor("ines")
    made = factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-12-23 19:00"))
    moved_to, hour = factories.new(starts_at=factories.at("2026-12-16 19:00")).start, read_slot("2026-12-29T18:00:00Z")
    with database.write() as db:
        actions.move(db, made.id, actions.Move(moved_to, 1), by=by, now=now())
        proposer = Beside(
            database,
            lambda db: actions.propose(db, made.id, NewProposal((hour, hour + timedelta(hours=1))), by=by, now=now()),
        ).waits()

        def book(db):
            overlaps.take_turns(db, (moved_to.starts_at, moved_to.starts_at))
            proposer.waits()
            lock(db, made.id)

        booker = Beside(database, book)
    booker.ends()
    proposer.ends()
    assert proposer.refused is None
    assert stored(database, made.id).agreement == "open"


def test_an_organization_that_makes_its_session_longer(database, cast):
    by = cast.actor("ines")
    made = factories.in_state(database, cast, "ready", starts_at=SOON)
    longer = SessionChange(estimated_duration=23)
    end = SOON + timedelta(hours=23)
    far = end + 2 * overlaps._AROUND
    with database.write() as db:
        overlaps.take_turns(db, (far, far))
        changer = Beside(
            database,
            lambda db: actions.change_session(
                db, made.id, longer, by=by, now=now(), organization_id=made.organization_id
            ),
        ).waits()
        lock(db, made.id)
    changer.ends()
    assert stored(database, made.id).ends_at == end


def test_a_roster_that_is_imported_in_another_order(database, cast):
    ada, bea = add(database, ADA, BEA)
    rows = [RosterFacts("Bea B.", BEA.email, BEA.zone), RosterFacts("Ada A.", ADA.email, ADA.zone)]
    with database.write() as db:
        managers.lock(db, [ada])
        importer = Beside(database, lambda db: roster.import_rows(db, rows, by=COMMAND_LINE, now=now())).waits()
        managers.lock(db, [bea])
    importer.ends()
    with database.read() as db:
        assert {row.name for row in managers.managers(db)} >= {"Ada A.", "Bea B."}


def test_a_roster_whose_new_managers_are_added_by_a_booking_meanwhile(database, cast):
    (ada,) = add(database, ADA)
    zed = RosterFacts("Zed", "zed@example.com", "Europe/Berlin")
    rows = [RosterFacts("Ada A.", ADA.email, ADA.zone), zed, BEA]
    with database.write() as db:
        roster.add(db, BEA, by=COMMAND_LINE, now=now())
        importer = Beside(database, lambda db: roster.import_rows(db, rows, by=COMMAND_LINE, now=now())).waits()
        roster.add_for_booking(db, zed.name, zed.email, zed.zone, by=COMMAND_LINE, now=now())
        managers.lock(db, [ada])
    importer.ends()
    assert importer.refused.code == "manager.address_taken"


def test_buffers_that_are_imported_for_two_managers(database, cast):
    ada, bea = add(database, ADA, BEA)
    for id, starts_at in ((ada, SOON), (bea, SOON - EARLIER)):
        made = factories.request(database, cast, starts_at=starts_at)
        factories.schedule(database, cast, made.id, manager_id=id, reason="On purpose.")
    rows = [RosterFacts(each.name, each.email, each.zone, buffer_after=60) for each in (ADA, BEA)]
    with database.write() as db:
        overlaps.take_turns(db, (SOON - EARLIER, SOON - EARLIER))
        importer = Beside(database, lambda db: roster.import_rows(db, rows, by=COMMAND_LINE, now=now())).waits()
        overlaps.take_turns(db, (SOON, SOON))
    importer.ends()
    with database.read() as db:
        found = db.scalars(select(Manager.buffer_after).where(Manager.id.in_([ada, bea])))
        assert list(found) == [60, 60]


@pytest.mark.parametrize("order", [1, -1])
def test_an_organization_that_reads_while_two_of_its_sessions_are_written(database, cast, order):
    first, second = (
        factories.in_state(database, cast, "scheduled", starts_at=SOON + timedelta(minutes=n), **facts)
        for n, facts in ((0, {}), (5, factories.OTHERS))
    )
    with database.write() as db:
        db.execute(update(Deposition).values(not_up_to_date=True))
    cast.headers("depositions")
    with database.write() as db:
        key = db.scalar(select(ApiKey.id).where(ApiKey.organization_id == first.organization_id))
        overlaps.take_turns(db, (SOON, SOON))
        one, other = (first, second)[::order]
        lock(db, one.id)
        reader = Beside(database, lambda db: people.read(db, first.organization_id, key, now())).waits()
        lock(db, other.id)
    reader.ends()
    assert not stored(database, first.id).not_up_to_date


def test_a_deadlock_does_not_go_unnoticed(database, cast, worker_databases):
    first, second = (factories.request(database, cast, starts_at=SOON).id for _ in range(2))

    def backwards(db):
        lock(db, second)
        lock(db, first)

    with suppress(OperationalError), database.write() as db:
        lock(db, first)
        other = Beside(database, backwards).waits()
        lock(db, second)
    with suppress(OperationalError):
        other.ends()
    with pytest.raises(AssertionError, match="deadlock detected"):
        worker_databases.settle(database, keep=True)
