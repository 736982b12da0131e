"""A process that is killed between storing a file and writing its row leaves nothing for good, in either store."""

import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.files import arriving, keeping
from app.files.arriving import DELETING, OLD, Arrival, Arrivals
from app.files.rules import UnfitFile
from app.inspections import actions as inspections
from app.inspections import queries
from app.inspections.evidence import arrivals
from app.inspections.evidence.rules import Unfit
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.store import Away, Store, digest, store_at
from app.prescreens import reading
from app.prescreens.public import answering
from tests.inspections.conftest import Integrator
from tests.inspections.test_capture import Phone, file, items
from tests.pages import csrf
from tests.prescreens.factories import template
from tests.prescreens.test_files import ASKED, add, rows
from tests.prescreens.visitors import START, Visitor, token_in
from tests.processes import Loaded
from tests.s3 import s3 as s3
from tests.servers import environment

LATER = OLD + timedelta(minutes=1)
PDF = b"%PDF-1.7 a payslip"
SUM = digest(PDF)


@pytest.fixture(params=["folder", "s3"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, database: Database) -> Store:
    at = str(tmp_path / "store")
    if request.param == "s3":
        request.getfixturevalue("s3")
        at = f"s3://evidence/{uuid4()}"
    database.config = replace(database.config, evidence_url=at)
    return store_at(at)


@dataclass
class Entrance:
    """Where a file comes in: a form that is sent, by whom, and what is swept."""

    swept: Arrivals
    client: Any
    address: str
    form: dict[str, str]
    field: str
    again: Callable[[], object]
    """Sends the same file once more, to a process that lives."""
    count: Callable[[], int]

    def cookies(self) -> str:
        return "; ".join(each._to_request_header() for each in self.client._cookies.values())


def _field(app, cast, database) -> Entrance:
    integrator = Integrator(app, cast, "marston")
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    form = {"csrf_token": csrf(phone.client, "/join/x/")}
    return Entrance(
        arrivals.ARRIVALS,
        phone.client,
        f"{phone.place}/evidence",
        form,
        "files",
        lambda: phone.send(photo=file(PDF)),
        lambda: len(items(database, session)),
    )


def _operator(app, cast, database) -> Entrance:
    session = Integrator(app, cast, "marston").create()
    client = cast.sign_in(app.test_client(), "otto")
    form = {"csrf_token": csrf(client)}
    address = f"/inspections/{session['id']}/add_document"

    def send() -> object:
        return client.post(address, data={**form, "file": file(PDF)})

    return Entrance(arrivals.ARRIVALS, client, address, form, "file", send, lambda: len(items(database, session)))


def _prospect(app, cast, database) -> Entrance:
    with database.write() as db:
        template(db, cast.marston.id, questions=ASKED)
    visitor = Visitor(app.test_client()).get(START).press("/start").press("/answer", step="fullName", answer="Jane")
    form = {"csrf_token": token_in(visitor.page), "step": "payslips"}
    address = visitor.path.partition("?")[0] + "/files"
    return Entrance(
        reading.ARRIVALS,
        visitor.client,
        address,
        form,
        "answer",
        lambda: add(visitor, (PDF, "pay.pdf")),
        lambda: len(rows(database)),
    )


ENTRANCES = [_field, _operator, _prospect]


@pytest.fixture(params=ENTRANCES, ids=lambda each: each.__name__[1:])
def entrance(request: pytest.FixtureRequest, app, cast, database, kept, monkeypatch) -> Entrance:
    monkeypatch.setattr(answering, "LEAST_SECONDS", 0)
    return request.param(app, cast, database)


def die(entrance: Entrance, database: Database, folder: Path) -> None:
    sent = folder / "sent"
    sent.write_bytes(PDF)
    arguments = [entrance.address, entrance.cookies(), json.dumps(entrance.form), entrance.field, str(sent)]
    process = Loaded("tests.files.dying", arguments, environment(database.config))
    assert process.wait(40) == -signal.SIGKILL


def originals(kept: Store) -> list[str]:
    return [name for name in kept.names("originals") if name.endswith(SUM)]


def marks(kept: Store) -> list[str]:
    return [*kept.names("arriving"), *kept.names(DELETING)]


@pytest.mark.timeout(120)
def test_what_a_killed_process_stored_goes_within_the_hour(entrance, database, kept, tmp_path) -> None:
    die(entrance, database, tmp_path)
    assert (entrance.count(), len(originals(kept))) == (0, 1), "stored, and no row names it"
    if isinstance(kept._folder, Path):
        (kept._folder / f"{originals(kept)[0]}#1").write_bytes(PDF[:5])  # killed in the midst of writing
    assert entrance.swept.sweep(database, now()) == 0, "it may be on its way"
    assert len(originals(kept)) == 1
    assert entrance.swept.sweep(database, now() + LATER) == 1
    assert (originals(kept), marks(kept)) == ([], [])
    assert [each for each in tmp_path.rglob("*#*") if each.is_file()] == [], "nor what was being written"
    entrance.again()
    assert (entrance.count(), len(originals(kept))) == (1, 1), "the same file may come again"


def test_a_file_that_arrived_leaves_no_mark(entrance, database, kept) -> None:
    entrance.again()
    if entrance.field != "file":  # what an operator adds is committed after the view: its mark goes within the hour
        assert marks(kept) == []
    entrance.swept.sweep(database, now() + LATER)
    assert (marks(kept), len(originals(kept)), entrance.count()) == ([], 1, 1)


# Requests and sweeps at the same moment -------------------------------------------------------------------------------


@pytest.fixture
def committed() -> set[UUID]:
    """The owners whose original a row names."""
    return set()


@pytest.fixture
def some(committed) -> Arrivals:
    return Arrivals("tests", lambda _db, owner, _sha256: owner in committed)


def test_nothing_is_stored_while_the_same_is_deleted(some, database, kept, monkeypatch) -> None:
    owner = uuid4()
    some.keep(kept, owner, PDF)
    delete, refused = Store.delete, list[str]()

    def meanwhile(self: Store, name: str, sha256: str) -> None:
        if name == keeping.originals(owner):
            with pytest.raises(UnfitFile) as away:
                some.keep(kept, owner, PDF)
            refused.append(away.value.reason)
            some.keep(kept, uuid4(), PDF)
        delete(self, name, sha256)

    monkeypatch.setattr(arriving, "PATIENCE", 0)
    with monkeypatch.context() as patched:
        patched.setattr(Store, "delete", meanwhile)
        assert some.sweep(database, now() + LATER) == 1
    assert refused == ["away"]
    some.keep(kept, owner, PDF)
    assert len(kept.names(keeping.originals(owner))) == 1


def test_whoever_comes_while_the_same_is_deleted_waits_for_its_end(some, kept, monkeypatch) -> None:
    """As of two phones that send one photo at once: the one that hears that it is known deletes its own."""
    owner = uuid4()
    deleting = kept.put(f"{DELETING}/tests", arriving._written(Arrival(owner, SUM)))
    ends = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: kept.delete(f"{DELETING}/tests", deleting))
    monkeypatch.setattr(arriving, "time", ends)
    some.keep(kept, owner, PDF)
    assert len(kept.names(keeping.originals(owner))) == 1


def test_what_is_committed_while_the_sweep_looks_is_not_deleted(some, committed, database, kept, monkeypatch) -> None:
    owner, names = uuid4(), Store.names
    some.keep(kept, owner, PDF)
    again = some.keep(kept, owner, PDF)

    def meanwhile(self: Store, prefix: str) -> dict[str, Any]:
        if prefix.startswith("arriving") and self.names("deleting/tests"):
            committed.add(owner)
            some.settle(kept, again)
        return names(self, prefix)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "names", meanwhile)
        some.sweep(database, now() + LATER)
    assert len(kept.names(keeping.originals(owner))) == 1


def test_one_request_that_is_refused_takes_nothing_from_another(some, committed, database, kept) -> None:
    """The phone heard no answer and sent again; both are at work."""
    owner = uuid4()
    first, second = some.keep(kept, owner, PDF), some.keep(kept, owner, PDF)
    some.give_up(database, kept, second)
    assert len(kept.names(keeping.originals(owner))) == 1, "the first is not done"
    committed.add(owner)
    some.settle(kept, first)
    third = some.keep(kept, owner, PDF)
    some.give_up(database, kept, third)
    some.sweep(database, now() + LATER)
    assert (len(kept.names(keeping.originals(owner))), marks(kept)) == (1, [])


def test_two_that_are_both_refused_leave_nothing(some, database, kept) -> None:
    owner = uuid4()
    first, second = some.keep(kept, owner, PDF), some.keep(kept, owner, PDF)
    some.give_up(database, kept, first)
    some.give_up(database, kept, second)
    some.sweep(database, now() + LATER)
    assert (kept.names(keeping.originals(owner)), marks(kept)) == ({}, [])


def test_a_sweep_that_was_killed_is_done_again(some, database, kept, monkeypatch) -> None:
    owner, delete = uuid4(), Store.delete
    some.keep(kept, owner, PDF)

    def killed(self: Store, name: str, sha256: str) -> None:
        if name == keeping.originals(owner):
            raise KeyboardInterrupt
        delete(self, name, sha256)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            some.sweep(database, now() + LATER)
    assert some.sweep(database, now() + LATER) == 1
    assert (kept.names(keeping.originals(owner)), marks(kept)) == ({}, [])


def test_a_store_that_is_away_keeps_the_mark(some, database, kept, monkeypatch) -> None:
    arrival = some.keep(kept, uuid4(), PDF)

    def away(*_: object) -> str:
        raise Away

    with monkeypatch.context() as patched:
        patched.setattr(Store, "delete", away)
        some.settle(kept, arrival)
        some.give_up(database, kept, arrival)
        assert some.sweep(database, now() + LATER) == 0
    assert some.sweep(database, now() + LATER) == 1


def test_a_second_request_that_finds_the_inspection_ended_leaves_what_the_first_added(
    app, cast, database, kept, monkeypatch
) -> None:
    integrator = Integrator(app, cast, "marston")
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PDF))
    by_hash, looks = queries.evidence_by_hash, count()

    def evidence_by_hash(*given: Any) -> Any:
        """At the first look the other request was not done yet."""
        return by_hash(*given) if next(looks) else None

    def capture(*_: object, **__: object) -> None:
        raise Unfit("ended", 409)

    monkeypatch.setattr(queries, "evidence_by_hash", evidence_by_hash)
    monkeypatch.setattr(inspections, "capture", capture)
    phone.send(photo=file(PDF))
    assert (len(items(database, session)), len(originals(kept))) == (1, 1)
