"""The bundle and `desk verify` hold every original against the chain; stock tools do without us."""

import json
import uuid

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli import main
from app.files import keeping
from app.inspections import bundle, queries
from app.inspections.evidence import originals
from app.inspections.verification import Result
from app.kernel.store import store_at
from tests.inspections.test_capture import PLACED, Phone, file, items
from tests.inspections.test_chain import run, unpack
from tests.pictures import picture


@pytest.fixture
def session(app, integrator, outbox) -> dict:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED), files=file(picture("PNG")), note="dry")
    outbox.deliver_all()
    return session


@pytest.mark.parametrize("tampered", ["", "changed", "missing", "foreign"])
def test_the_script_holds_originals_against_the_chain(otto, session, database, tmp_path, tampered) -> None:
    zipped = otto.get(f"/inspections/{session['id']}/chain.zip").data
    folder = unpack(zipped, tmp_path)
    names = sorted(path.name for path in (folder / "originals").iterdir())
    assert {name.partition(".")[2] for name in names} == {"jpg", "png", "txt"}
    assert len(list((folder / "copies").iterdir())) == 2
    first = folder / "originals" / names[0]
    if tampered == "changed":
        first.write_bytes(first.read_bytes() + b" ")
    elif tampered == "missing":
        first.unlink()
    elif tampered == "foreign":
        (folder / "originals" / f"{'0' * 64}.jpg").write_bytes(b"another")
    ran = run(folder)
    expected = {"changed": "was changed", "missing": "is missing", "foreign": "does not name"}.get(tampered)
    assert ran.returncode == (1 if tampered else 2), ran
    assert (expected or "3 originals have their hashes, 0 erased") in ran.stdout


def test_a_bundle_that_is_read_says_the_hashes_of_its_originals(otto, session, database) -> None:
    contents = bundle.read(otto.get(f"/inspections/{session['id']}/chain.zip").data)
    hashes = {each.sha256 for each in items(database, session)}
    assert contents.originals == {each: each for each in hashes}
    assert {each.record for each in items(database, session)} <= contents.people.keys()
    found = originals.check(contents.links, contents.originals.get)
    assert (found.result, found.sentence) == (Result.NOT_PROVEN, "The evidence holds: 3 originals have their hashes.")
    wrong = {**contents.originals, next(iter(hashes)): "0" * 64}
    assert originals.check(contents.links, wrong.get).result == Result.BROKEN
    assert originals.check(contents.links, {}.get).result == Result.BROKEN
    assert originals.check(contents.links[:3], {}.get) is None


def test_the_commands(session, database, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database.config.database_url)
    monkeypatch.setenv("EVIDENCE_URL", database.config.evidence_url)
    desk = CliRunner()
    listed = json.loads(desk.invoke(main, ["evidence", "list", session["id"], "--json"]).output)["evidence"]
    assert [each["kind"] for each in listed] == ["photo", "photo", "note"]
    taken = desk.invoke(main, ["evidence", "download", session["id"], str(tmp_path)])
    assert "5 files are in" in taken.output
    assert (tmp_path / "originals" / f"{listed[0]['sha256']}.jpg").read_bytes() == PLACED
    whole = desk.invoke(main, ["verify", session["id"]])
    assert (whole.exit_code, "3 originals have their hashes" in whole.output) == (2, True)
    kept = store_at(database.config.evidence_url)
    kept.delete(keeping.originals(uuid.UUID(session["id"])), listed[0]["sha256"])
    lost = desk.invoke(main, ["verify", session["id"]])
    assert (lost.exit_code, "is missing" in lost.output) == (1, True)
    assert desk.invoke(main, ["evidence", "download", session["id"], str(tmp_path)]).exit_code == 1


def test_rows_of_evidence_are_only_ever_added(session, database) -> None:
    for statement in ("UPDATE evidence SET bytes = 1", "DELETE FROM evidence", "DELETE FROM device_keys"):
        if database.sqlite and "device_keys" in statement:
            continue  # SQLite asks for every row, and there is none
        with pytest.raises(Exception, match="only ever added"), database.write() as db:
            db.execute(text(statement))
    with database.read() as db:
        assert len(queries.evidence(db, uuid.UUID(session["id"]))) == 3
