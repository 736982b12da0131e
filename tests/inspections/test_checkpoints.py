"""Time stamps while an inspection goes on, and stamps that are renewed before their certificates end."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.x509 import load_pem_x509_certificates
from sqlalchemy import text

from app.inspections import actions, anchors, bundle, nightly, records
from app.inspections.verification import Result
from app.kernel.clock import now
from tests.history import rewriting
from tests.inspections import pages
from tests.inspections.authority import Authority
from tests.inspections.test_chain import run, sum_anew, unpack


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    made = Authority(tmp_path_factory.mktemp("authority"))
    server = made.serve()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def stamped(authority, database, monkeypatch) -> Authority:
    """The authority that is asked and trusted. Its clock does not move with the test's."""
    monkeypatch.setattr(anchors, "CLOCKS_DIFFER", timedelta(days=1))
    roots = tuple(load_pem_x509_certificates((authority.folder / "root.pem").read_bytes()))
    database.config = replace(database.config, tsa_urls=(authority.url,), tsa_roots=roots)
    return authority


def record_of(database, session) -> records.Record:
    with database.read() as db:
        return records.read(db, uuid.UUID(session["id"]))


def stamps(database, session) -> list[tuple[str, str, int]]:
    """Kind, state and number of events of each request, the oldest first."""
    found = record_of(database, session).stamped
    return [(each.kind, each.state, json.loads(each.statement).get("events", 0)) for each in found]


def test_a_session_is_stamped_when_somebody_joins_when_a_recording_ends_and_every_ten_minutes(
    stamped, integrator, field, otto, database, outbox, clock, tmp_path
) -> None:
    session = integrator.create()
    field.join(integrator.invite(session))
    outbox.deliver_all()
    assert stamps(database, session) == [("checkpoint", "anchored", 3)]
    clock.move(minutes=11)
    outbox.deliver_all()
    assert len(stamps(database, session)) == 1, "nothing has happened since"
    pages.consent(database, session)
    pages.send(otto, session, "start_recording")
    pages.send(otto, session, "add_remark", text="dry")
    outbox.deliver_all()
    assert len(stamps(database, session)) == 1, "not before the ten minutes are over"
    clock.move(minutes=10)
    outbox.deliver_all()
    assert [each[0] for each in stamps(database, session)] == ["checkpoint"] * 2
    pages.send(otto, session, "stop_recording")
    outbox.deliver_all()
    live = record_of(database, session)
    assert stamps(database, session)[-1] == ("checkpoint", "anchored", len(live.links))
    assert live.verdict(database.config.tsa_roots).result == Result.NOT_PROVEN, "a part of a session proves no whole"
    pages.send(otto, session, "end")
    outbox.deliver_all()
    clock.move(minutes=15)
    outbox.deliver_all()
    ended = record_of(database, session)
    assert [each[0] for each in stamps(database, session)] == ["checkpoint"] * 3 + ["end"]
    assert ended.verdict(database.config.tsa_roots).result == Result.PROVEN
    page = otto.get(f"/inspections/{session['id']}").text
    assert "3 checkpoints" in page
    done = run(
        unpack(bundle.bundle(ended.links, None, ended.stamped, ended.people, ended.wordings), tmp_path / "b"),
        str(stamped.folder / "root.pem"),
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "PROVEN: 1 time stamps" in done.stdout


def test_a_chain_that_contradicts_a_checkpoint_is_broken_although_its_end_is_stamped(
    stamped, integrator, field, database, outbox, tmp_path
) -> None:
    """What was stamped early cannot be written anew before the end."""
    session = integrator.create()
    field.join(integrator.invite(session))
    outbox.deliver_all()
    with rewriting(database) as db:
        db.execute(text("UPDATE anchors SET statement = replace(statement, :a, :b)"), {"a": '":3,', "b": '":2,'})
    integrator.end(session)
    outbox.deliver_all()
    record = record_of(database, session)
    assert record.verdict(database.config.tsa_roots).result == Result.BROKEN
    made = bundle.bundle(record.links, None, record.stamped, record.people, record.wordings)
    assert run(unpack(made, tmp_path / "b"), str(stamped.folder)).returncode == 1


def test_a_stamp_is_renewed_before_its_certificate_ends(
    stamped, integrator, database, outbox, clock, tmp_path, otto
) -> None:
    stamped.certify(timedelta(hours=1))
    session = integrator.create()
    integrator.end(session)
    outbox.deliver_all()
    noon = now()

    def night(days: int) -> list[str]:
        while nightly.verify_portion(database, noon + timedelta(days=days)):
            pass
        outbox.deliver_all()
        return [each[0] for each in stamps(database, session)]

    with database.read() as db:
        kept = records.read(db, uuid.UUID(session["id"])).stamped[0]
    assert actions.renew(database, uuid.UUID(session["id"]), now=noon) is False, "more than half of the hour is left"
    clock.move(minutes=45)
    stamped.certify(timedelta(days=30))
    assert actions.renew(database, uuid.UUID(session["id"]), now=now()) is True
    assert actions.renew(database, uuid.UUID(session["id"]), now=now()) is False, "it was asked for already"
    outbox.deliver_all()
    record = record_of(database, session)
    assert [(each.kind, each.state) for each in record.stamped] == [("end", "anchored"), ("renewal", "anchored")]
    assert record.stamped[0] == kept, "the first stamp stays as it is"
    verdict = record.verdict(database.config.tsa_roots)
    assert verdict.result == Result.PROVEN
    assert "1 earlier time stamp anew" in verdict.stamps[1].sentence
    assert pages.stored(database, session).anchoring == "anchored"
    assert "inspection.renewed" in pages.kinds(database, session)
    assert "Renewed" in otto.get(f"/inspections/{session['id']}").text
    made = bundle.bundle(record.links, None, record.stamped, record.people, record.wordings)
    folder = unpack(made, tmp_path / "b")
    assert run(folder, str(stamped.folder / "root.pem")).returncode == 0
    for shipped in folder.glob("anchors/*-2.tsr"):
        shipped.write_bytes(shipped.read_bytes() + b"\0")
    sum_anew(folder)
    assert run(folder, str(stamped.folder / "root.pem")).returncode == 1, "what was renewed is another one"
    without = replace(record, stamped=record.stamped[1:])
    assert "is missing that was stamped anew" in without.verdict(database.config.tsa_roots).fault
    assert night(0) == ["end", "renewal"], "the new certificate lasts"
    stamped.certify(timedelta(days=400))
    assert night(20) == ["end", "renewal", "renewal"]
    assert night(21) == ["end", "renewal", "renewal"]
